"""The ordered, bounded queue between the reader of the link and its one consumer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """First in, first out; putting never waits.

    An offer that would exceed `limit` is refused whole, and that refusal is how a gap is noticed.
    """

    def __init__(self, limit: int) -> None:
        self._items: deque[T] = deque()
        self._limit = limit
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    def offer(self, items: Iterable[T]) -> bool:
        """Append the items unless there is no room for all of them; False says that they were refused."""
        fresh = list(items)
        if len(self._items) + len(fresh) > self._limit:
            return False
        self._items.extend(fresh)
        if fresh:
            self._filled.set()
        return True

    @property
    def has_room(self) -> bool:
        """Whether at least half of it is free again."""
        return len(self._items) * 2 <= self._limit

    def append(self, item: T) -> None:
        """Append one item that must not be refused."""
        self._items.append(item)
        self._filled.set()

    async def drain(self, most: int = 1000) -> list[T]:
        """Wait until there is something, then take all that is at hand, at most `most` items."""
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        items = self._items
        return [items.popleft() for _ in range(min(most, len(items)))]
