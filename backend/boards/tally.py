"""What a board counts, and how parts add up to the whole: pure.

| word | what |
| --- | --- |
| checked | a call whose transcript was checked by the rules |
| hit | a fault that counts: the check was sure of it, or a reviewer took it over; never one that a reviewer dismissed |
| unsure | a fault that the check was not sure of and nobody has judged yet; nothing is counted against anybody for it |
| praise | a praise that counts in the same way, or that nobody has dismissed: to hear one costs nobody anything |
| reviewed | a call with at least one score that counts; calibrations count for nobody |
| granted | an appeal that was decided and changed the score |
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter
from typing import NamedTuple, TypeVar
from uuid import UUID

FEW = 20
"""A rate of fewer checked calls than this says little, and is shown so."""

_PER = 100
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts that add up. `score_sum` is of `reviews` scores; `calls_...` are checked calls with at least one such."""

    calls: int = 0
    calls_hit: int = 0
    calls_fatal: int = 0
    calls_praised: int = 0
    hits: int = 0
    unsure: int = 0
    praise: int = 0
    reviews: int = 0
    reviewed: int = 0
    score_sum: int = 0
    passed: int = 0
    appeals: int = 0
    decided: int = 0
    granted: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally.sum((self, other))

    @classmethod
    def sum(cls, tallies: Iterable[Tally]) -> Tally:
        """All of them together; count by count, since a board of a month adds up ten thousand cells a dozen times."""
        return cls(*map(sum, zip(*map(_COUNTS, tallies), strict=True)))

    @property
    def per_100(self) -> float | None:
        """Hits in 100 checked calls, so that busy days and quiet ones compare; None where nothing was checked."""
        return rate(self.hits, self.calls)

    @property
    def mean_score(self) -> float | None:
        """The mean of the scores; None where there is none."""
        return self.score_sum / self.reviews if self.reviews else None

    @property
    def few(self) -> bool:
        """Whether too few calls were checked for the rate to say much."""
        return self.calls < FEW


_COUNTS = attrgetter(*(each.name for each in fields(Tally)))


def rate(hits: int, calls: int) -> float | None:
    """Hits in 100 calls; None where there are no calls."""
    return _PER * hits / calls if calls else None


class Cell(NamedTuple):
    """What is counted of the calls of one agent (None: nobody had signed in) by one queue on one day of the hall."""

    agent: UUID | None
    queue: str | None
    day: date
    tally: Tally


class RuleCell(NamedTuple):
    """The hits of one rule in one period; `calls` have at least one that counts."""

    rule: str
    version: int
    severity: str
    hits: int
    unsure: int
    calls: int


def by(cells: Iterable[Cell], key: Callable[[Cell], Key]) -> dict[Key, Tally]:
    """The cells added up by a key; whatever the key, the parts add up to the whole."""
    parts: dict[Key, list[Tally]] = {}
    for cell in cells:
        parts.setdefault(key(cell), []).append(cell.tally)
    return {at: Tally.sum(tallies) for at, tallies in parts.items()}
