"""When a closed case is visited: pure, on the calendar of the hotline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from backend.deadlines.calendar import WorkingCalendar
from backend.kernel.clock import BEIJING, beijing
from backend.patrols.settings import DayKind, PatrolPlan, PatrolSettings

_DAY = timedelta(days=1)
_LOOKED_AHEAD = 1000
"""In so many days there is a working day, whatever somebody entered in the calendar."""


@dataclass(frozen=True, slots=True)
class Round:
    """One visit: when it can first be made, when it is due, and from when on it counts as missed."""

    n: int
    opens_at: datetime
    due_at: datetime
    ends_at: datetime


def rounds(closed_at: datetime, plan: PatrolPlan, settings: PatrolSettings, calendar: WorkingCalendar) -> list[Round]:
    """The visits that follow a closing, from the day after it, in order; no two are open at once."""
    found: list[Round] = []
    for day in islice(_days(beijing(closed_at).date(), plan, calendar), plan.days):
        for at in plan.rounds:
            due_at = datetime.combine(day, at, BEIJING)
            opens_at = max(closed_at, due_at - settings.opens_before)
            found.append(Round(len(found) + 1, opens_at, due_at, due_at + settings.grace))
    return found


def _days(closed_on: date, plan: PatrolPlan, calendar: WorkingCalendar) -> Iterator[date]:
    for ahead in range(1, _LOOKED_AHEAD):
        day = closed_on + _DAY * ahead
        if plan.day_kind is DayKind.CALENDAR or calendar.is_working_day(day):
            yield day
