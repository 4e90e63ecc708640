"""The hub: reads every event once and hands each console what it may hear.

One hub runs in each `hotline serve`. It follows the event table, turns each stored event into the message that
consoles know, and gives it to the connections whose audience the event names. A console that is slow is cut off rather
than waited for: it comes back and resumes from the number it has, so that nothing is lost and nobody else waits.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

import structlog

from agent_console.protocol import Event, EventBody
from backend.kernel.database import Database
from backend.kernel.errors import HotlineError, Unavailable
from backend.kernel.events import EventStream, StoredEvent

log = structlog.get_logger(__name__)

Render = Callable[[Sequence[StoredEvent]], Awaitable[list[EventBody | None]]]
"""Turns stored events of one topic into their messages, one for one; None where there is nothing to tell any more.

All events of a batch are rendered together: when 56 calls ring at once, their cards cost a few queries, not hundreds.
"""

_RETRY_S = 0.2


class Listener(Protocol):
    """A connection as the hub sees it."""

    def deliver(self, event: Event) -> None:
        """Take an event without waiting; a listener that cannot keep up closes itself."""


class Hub:
    """Fans events out to the listeners of this process."""

    def __init__(self, database: Database, renderers: dict[str, Render]) -> None:
        self._stream = EventStream(database)
        self._renderers = renderers
        self._by_audience: dict[str, set[Listener]] = defaultdict(set)
        self.newest_seq = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether events are flowing."""
        return self._stream.connected

    @property
    def listeners(self) -> int:
        """How many consoles are connected."""
        return len({id(listener) for group in self._by_audience.values() for listener in group})

    def subscribe(self, listener: Listener, audience: Iterable[str]) -> None:
        """From now on the listener hears events for any of these audiences."""
        for name in audience:
            self._by_audience[name].add(listener)

    def unsubscribe(self, listener: Listener, audience: Iterable[str] | None = None) -> None:
        """The listener no longer hears events for these audiences (None: for any)."""
        for name in list(self._by_audience) if audience is None else list(audience):
            group = self._by_audience.get(name)
            if group is not None:
                group.discard(listener)
                if not group:
                    del self._by_audience[name]

    def start(self) -> None:
        """Begin to follow the events."""
        self._task = asyncio.create_task(self._follow(), name="console hub")

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def render(self, batch: Sequence[StoredEvent]) -> list[Event]:
        """The messages for stored events, in their order; those without a message are left out."""
        by_topic: dict[str, list[StoredEvent]] = defaultdict(list)
        for stored in batch:
            by_topic[stored.topic].append(stored)
        rendered: list[Event] = []
        for topic, group in by_topic.items():
            renderer = self._renderers.get(topic)
            if renderer is None:
                continue
            bodies = await renderer(group)
            rendered += [
                Event(seq=stored.seq, at=stored.at, body=body)
                for stored, body in zip(group, bodies, strict=True)
                if body is not None
            ]
        return sorted(rendered, key=lambda event: event.seq)

    async def _follow(self) -> None:
        async for batch in self._stream.follow():
            heard = [stored for stored in batch if any(name in self._by_audience for name in stored.audience)]
            audiences = {stored.seq: stored.audience for stored in heard}
            for event in await self._render_surely(heard):
                self._fan_out(event, audiences[event.seq])
            self.newest_seq = batch[-1].seq

    async def _render_surely(self, batch: Sequence[StoredEvent]) -> list[Event]:
        while True:
            try:
                return await self.render(batch)
            except Unavailable:
                await asyncio.sleep(_RETRY_S)
            except (HotlineError, ValueError) as error:
                if len(batch) == 1:
                    # one event that cannot be shown must not stop all others
                    log.error("event not shown", topic=batch[0].topic, seq=batch[0].seq, error=str(error))
                    return []
                alone = [await self._render_surely([stored]) for stored in batch]
                return [event for events in alone for event in events]

    def _fan_out(self, event: Event, audience: Iterable[str]) -> None:
        for listener in {listener for name in audience for listener in self._by_audience.get(name, ())}:
            listener.deliver(event)
