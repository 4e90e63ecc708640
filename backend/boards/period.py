"""The days that a board is about, as the hall counts days, and the parts that a curve is drawn by: pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backend.boards.errors import PeriodInvalid
from backend.kernel import clock

MOST_DAYS = 92
"""The longest period of a board: a quarter."""

_MOST_DAYS_BY_DAY = 31
_DAY = timedelta(days=1)
_EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days in Beijing, both included."""

    first: date
    last: date

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return clock.day_begins(self.first)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return clock.day_ends(self.last)

    @property
    def before(self) -> Period:
        """As many days just before it, to compare with."""
        return Period(self.first - timedelta(days=len(self)), self.first - _DAY)

    @property
    def days(self) -> Iterator[date]:
        """Each of its days."""
        return (self.first + timedelta(days=n) for n in range(len(self)))

    @property
    def parts(self) -> list[Period]:
        """What a curve is drawn by: its days, or of a long period its weeks from Monday on, cut at its ends."""
        if len(self) <= _MOST_DAYS_BY_DAY:
            return [Period(day, day) for day in self.days]
        begins = [day for day in self.days if day == self.first or day.weekday() == 0]
        ends = [day - _DAY for day in begins[1:]] + [self.last]
        return [Period(first, last) for first, last in zip(begins, ends, strict=True)]

    def part_of(self, day: date) -> int:
        """In which of its parts a day of it lies."""
        if len(self) <= _MOST_DAYS_BY_DAY:
            return (day - self.first).days
        return (day - self.first + timedelta(days=self.first.weekday())).days // 7


def period(first: date | None, last: date | None, today: date) -> Period:
    """The days that somebody asks for, today when none is said; raises `PeriodInvalid`."""
    ends = last or today
    begins = first or min(ends, today)
    if not (_EARLIEST <= begins <= ends <= today) or (ends - begins).days >= MOST_DAYS:
        raise PeriodInvalid(
            f"A board is about 1 to {MOST_DAYS} days, none of them to come.",
            kept="Nothing was changed.",
            next_step="Choose a first day that is not after the last, and a shorter period.",
            field="first",
        )
    return Period(begins, ends)
