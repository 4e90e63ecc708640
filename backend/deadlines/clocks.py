"""Clocks of cases: when something is due, and how much of its time is used. Pure, with the present given.

A clock counts either all time or working time only, so everything follows from two measures of the calendar: how much
counts between two moments, and when a given amount has been counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from backend.deadlines.calendar import WorkingCalendar

NONE = timedelta()


def _in_utc(moments: object, *names: str) -> None:
    """Hold moments in UTC: between two moments of one zone Python subtracts what the clocks on the wall show."""
    for name in names:
        object.__setattr__(moments, name, getattr(moments, name).astimezone(UTC))


class LimitKind(StrEnum):
    """What a limit is counted in."""

    URGENT_WORKING_HOURS = "urgent_working_hours"
    """紧急工作时: hours that run on through nights and holidays."""
    WORKING_HOURS = "working_hours"
    """工作时: hours of working time."""
    WORKING_DAYS = "working_days"
    """工作日: each as long as the working time of a day."""
    CALENDAR_HOURS = "calendar_hours"
    CALENDAR_DAYS = "calendar_days"

    @property
    def in_working_time(self) -> bool:
        """Whether only working time counts."""
        return self in {LimitKind.WORKING_HOURS, LimitKind.WORKING_DAYS}


@dataclass(frozen=True, slots=True)
class Limit:
    """How much time something may take: a kind and a whole number of it."""

    kind: LimitKind
    amount: int

    def allowance(self, calendar: WorkingCalendar) -> timedelta:
        """The time that counts until the limit is reached."""
        match self.kind:
            case LimitKind.WORKING_DAYS:
                return self.amount * calendar.day_length
            case LimitKind.CALENDAR_DAYS:
                return timedelta(days=self.amount)
            case _:
                return timedelta(hours=self.amount)


@dataclass(frozen=True, slots=True)
class Pause:
    """A time that does not count."""

    begins: datetime
    ends: datetime

    def __post_init__(self) -> None:
        _in_utc(self, "begins", "ends")


@dataclass(frozen=True, slots=True)
class Clock:
    """A running clock.

    `start` is when it began, or began anew under another limit; `carried` is what was used before that. `extended` is
    what was approved on top of the limit, in time that counts.
    """

    start: datetime
    limit: Limit
    carried: timedelta = NONE
    extended: timedelta = NONE
    pauses: tuple[Pause, ...] = ()

    def __post_init__(self) -> None:
        _in_utc(self, "start")

    def total(self, calendar: WorkingCalendar) -> timedelta:
        """All the time that this clock allows."""
        return self.limit.allowance(calendar) + self.extended


def used(clock: Clock, now: datetime, calendar: WorkingCalendar) -> timedelta:
    """How much of its time is used; never falls as time goes on."""
    paused = sum((_counted(clock, pause.begins, min(pause.ends, now), calendar) for pause in _pauses(clock)), NONE)
    return clock.carried + _counted(clock, clock.start, now, calendar) - paused


def remaining(clock: Clock, now: datetime, calendar: WorkingCalendar) -> timedelta:
    """How much of its time is left; negative once it is overdue."""
    return clock.total(calendar) - used(clock, now, calendar)


def due(clock: Clock, calendar: WorkingCalendar) -> datetime:
    """When its time is used up; never before its start."""
    return moment_of(clock, clock.total(calendar), calendar)


def moment_of(clock: Clock, amount: timedelta, calendar: WorkingCalendar) -> datetime:
    """The earliest moment at which this much is used; its start for what was carried over already."""
    left, begins = amount - clock.carried, clock.start
    for pause in _pauses(clock):
        before = _counted(clock, begins, pause.begins, calendar)
        if left <= before:
            break
        left, begins = left - before, pause.ends
    if clock.limit.kind.in_working_time:
        return calendar.after_work(begins, left)
    return begins + max(NONE, left)


def with_limit(clock: Clock, limit: Limit, now: datetime, calendar: WorkingCalendar) -> Clock:
    """The clock under another limit from now on: what was used stays used, what was approved falls with its limit."""
    return Clock(
        start=now,
        limit=limit,
        carried=used(clock, now, calendar),
        pauses=tuple(Pause(max(each.begins, now), each.ends) for each in clock.pauses if each.ends > now),
    )


def extended(clock: Clock, amount: int, calendar: WorkingCalendar) -> Clock:
    """The clock with so much more time, in the kind of its own limit."""
    return replace(clock, extended=clock.extended + Limit(clock.limit.kind, amount).allowance(calendar))


def paused(clock: Clock, now: datetime, until: datetime) -> Clock:
    """The clock standing still from now until then."""
    return replace(clock, pauses=(*clock.pauses, Pause(now, until)))


def resumed(clock: Clock, now: datetime) -> Clock:
    """The clock running again from now on, whatever end its pause was to have."""
    running = tuple(replace(each, ends=min(each.ends, now)) for each in clock.pauses if each.begins < now)
    return replace(clock, pauses=running)


def restarted(clock: Clock, stopped_at: datetime, now: datetime, calendar: WorkingCalendar) -> Clock:
    """A clock that had been stopped, running on from now with what it had used by then."""
    return replace(clock, start=now, carried=used(clock, stopped_at, calendar), pauses=())


def _counted(clock: Clock, start: datetime, end: datetime, calendar: WorkingCalendar) -> timedelta:
    if end <= start:
        return NONE
    return calendar.worked_between(start, end) if clock.limit.kind.in_working_time else end - start


def _pauses(clock: Clock) -> Iterator[Pause]:
    """The pauses after the start, in order, those that overlap made one."""
    begins = ends = clock.start
    for pause in sorted(clock.pauses, key=lambda each: each.begins):
        if pause.begins > ends:
            if ends > begins:
                yield Pause(begins, ends)
            begins = pause.begins
        ends = max(ends, pause.ends)
    if ends > begins:
        yield Pause(begins, ends)
