"""The working calendar: which days are worked, and how much working time lies between two moments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import chinese_calendar
from pydantic import BaseModel, ConfigDict, Field

from backend.kernel.clock import BEIJING, beijing
from backend.kernel.datafile import Place, load_data

_DAY = timedelta(days=1)
_SATURDAY = 5


class _Shift(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    begins: time = Field(alias="from")
    ends: time = Field(alias="to")


class _CalendarFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(min_length=1)
    hours: tuple[_Shift, ...] = Field(min_length=1)
    years: frozenset[int] = frozenset()
    holidays: dict[date, str] = {}
    workdays: dict[date, str] = {}


@dataclass(frozen=True)
class WorkingCalendar:
    """Working days and the hours worked on each of them, in Beijing time.

    `holidays` and `workdays` go before `public`, which says of a day whether it is worked and raises
    `NotImplementedError` for a year that it does not know; such a year has its weekends off, unless it is one of
    `years`, which are complete in themselves.
    """

    version: str
    hours: tuple[tuple[time, time], ...]
    years: frozenset[int] = frozenset()
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    public: Callable[[date], bool] = chinese_calendar.is_workday
    _known: dict[date, bool] = field(default_factory=dict, repr=False, compare=False)

    def is_working_day(self, day: date) -> bool:
        """Whether this day is worked."""
        worked = self._known.get(day)
        if worked is None:
            worked = self._known[day] = self._look_up(day)
        return worked

    def working_day_after(self, day: date, count: int) -> date:
        """The last of so many working days after a day, which is not counted itself."""
        while count > 0:
            day += _DAY
            count -= self.is_working_day(day)
        return day

    def _look_up(self, day: date) -> bool:
        if day in self.holidays or day in self.workdays:
            return day in self.workdays
        if day.year in self.years:
            return day.weekday() < _SATURDAY
        try:
            return self.public(day)
        except NotImplementedError:
            return day.weekday() < _SATURDAY

    @cached_property
    def day_length(self) -> timedelta:
        """The working time of one working day."""
        return sum((_span(begins, ends) for begins, ends in self.hours), timedelta())

    def worked_between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from `start` to `end`; nothing when `end` is not later."""
        first, last = beijing(start).date(), beijing(end).date()
        if first >= last:
            return self._worked_on(first, start, end)
        whole = sum(self.is_working_day(first + _DAY * n) for n in range(1, (last - first).days))
        return self._worked_on(first, start, end) + whole * self.day_length + self._worked_on(last, start, end)

    def after_work(self, start: datetime, amount: timedelta) -> datetime:
        """The earliest moment from `start` on at which `amount` has been worked; `start` itself for nothing."""
        if amount <= timedelta():
            return start
        day = beijing(start).date()
        left, here = amount, self._worked_on(day, start, self._midnight(day + _DAY))
        while left > here:
            left, day = left - here, day + _DAY
            here = self.day_length if self.is_working_day(day) else timedelta()
        return self._moment_on(day, start, left)

    def unknown_years(self, first: date, last: date) -> list[int]:
        """The years between two days for which nobody has entered the holidays."""
        return [year for year in range(first.year, last.year + 1) if not self._knows(year)]

    def _knows(self, year: int) -> bool:
        if year in self.years:
            return True
        try:
            self.public(date(year, 1, 1))
        except NotImplementedError:
            return False
        return True

    def _shifts(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if self.is_working_day(day):
            for begins, ends in self.hours:
                yield datetime.combine(day, begins, BEIJING), datetime.combine(day, ends, BEIJING)

    def _worked_on(self, day: date, start: datetime, end: datetime) -> timedelta:
        shifts = ((max(begins, start), min(ends, end)) for begins, ends in self._shifts(day))
        return sum((ends - begins for begins, ends in shifts if ends > begins), timedelta())

    def _moment_on(self, day: date, start: datetime, amount: timedelta) -> datetime:
        """When so much of the day's work after `start` is done; there is that much."""
        left = amount
        for begins, ends in self._shifts(day):
            here = max(begins, start)
            if left <= ends - here:
                break
            left -= max(timedelta(), ends - here)
        return here + left

    @staticmethod
    def _midnight(day: date) -> datetime:
        return datetime.combine(day, time(), BEIJING)


def load_calendar(path: Path) -> WorkingCalendar:
    """Read the calendar; raises `ConfigurationInvalid` that names the line of every mistake."""
    data = load_data(_CalendarFile, path, _mistakes)
    return WorkingCalendar(
        version=data.version,
        hours=tuple((shift.begins, shift.ends) for shift in data.hours),
        years=data.years,
        holidays=frozenset(data.holidays),
        workdays=frozenset(data.workdays),
    )


def _mistakes(data: _CalendarFile) -> Iterator[tuple[Place, str]]:
    for index, shift in enumerate(data.hours):
        if shift.ends <= shift.begins:
            yield ("hours", index), "the shift ends before it begins"
    for index, (one, following) in enumerate(pairwise(data.hours)):
        if following.begins < one.ends:
            yield ("hours", index + 1), "the shift begins before the one above has ended"
    for day in data.holidays.keys() & data.workdays.keys():
        yield ("workdays", day.isoformat()), f"{day} is a holiday and a working day"


def _span(begins: time, ends: time) -> timedelta:
    day = date(2000, 1, 1)
    return datetime.combine(day, ends) - datetime.combine(day, begins)
