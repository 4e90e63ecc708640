"""How an agent finds a thing by typing a few letters or characters. One rule, the same as the console's own search.

What is typed is compared without case, spaces, hyphens and apostrophes. A thing fits by the first of these that holds,
and an earlier one comes before a later one; among equals the order in which they were given stands:

    0  its name or an alias is exactly that
    1  its name or an alias begins with it
    2  its initials begin with it       (wygl -> 物业管理)
    3  its pinyin begins with it        (wuye -> 物业管理)
    4  its name or an alias contains it
    5  its initials or its pinyin contain it
    6  the name of something above it contains it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

_IGNORED = re.compile(r"[\s'’-]")


def plain(text: str) -> str:
    """Text as it is compared."""
    return _IGNORED.sub("", text.lower())


@dataclass(frozen=True, slots=True)
class Words:
    """What a thing is found by, made `plain` once: its name and aliases, its spelling, the names above it."""

    names: tuple[str, ...]
    initials: str
    pinyin: str
    above: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Iterable[str], initials: str, pinyin: str, above: Iterable[str] = ()) -> Words:
        """From texts as people write them."""
        return cls(
            tuple(plain(name) for name in names), plain(initials), plain(pinyin), tuple(plain(name) for name in above)
        )

    def rank(self, typed: str) -> int | None:
        """The number of the rule by which plain text fits; None when it does not."""
        if typed in self.names:
            return 0
        if any(name.startswith(typed) for name in self.names):
            return 1
        by_spelling = self._rank_of_spelling(typed)
        if by_spelling in {2, 3}:
            return by_spelling
        if any(typed in name for name in self.names):
            return 4
        return by_spelling or (6 if any(typed in name for name in self.above) else None)

    def _rank_of_spelling(self, typed: str) -> int | None:
        if self.initials.startswith(typed):
            return 2
        if self.pinyin.startswith(typed):
            return 3
        return 5 if typed in self.initials or typed in self.pinyin else None


Item = TypeVar("Item")


class Finder(Generic[Item]):
    """Things in their order, with the words that each is found by worked out once."""

    def __init__(self, items: Iterable[Item], words: Callable[[Item], Words]) -> None:
        self._items = [(words(item), item) for item in items]

    def find(self, typed: str) -> list[Item]:
        """Those that fit, best first; all of them, in their order, when nothing was typed."""
        wanted = plain(typed)
        if not wanted:
            return [item for _, item in self._items]
        ranked = [(rank, item) for words, item in self._items if (rank := words.rank(wanted)) is not None]
        return [item for _, item in sorted(ranked, key=lambda pair: pair[0])]
