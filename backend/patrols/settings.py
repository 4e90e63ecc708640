"""Which cases are followed up, how often and for how long (configs/patrols.yaml); all of it data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from backend.cases.rules import RecurrenceRule
from backend.kernel.datafile import Place, load_data
from backend.patrols.schemas import OnRecurrence
from backend.taxonomy.schemas import Urgency

Times = Annotated[tuple[time, ...], Field(min_length=1, max_length=10)]


class DayKind(StrEnum):
    """On which days is walked."""

    CALENDAR = "calendar"
    WORKING = "working"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PatrolPlan(_Part):
    """So many rounds a day on so many days after the closing, for cases of these classes and urgencies."""

    name: str = Field(min_length=1)
    classes: tuple[str, ...] = ()
    urgency: frozenset[Urgency] = frozenset()
    days: int = Field(ge=1, le=365)
    day_kind: DayKind = DayKind.CALENDAR
    rounds: Times
    on_recurrence: OnRecurrence = OnRecurrence.NEW_CASE
    photo: bool = True

    def fits(self, class_code: str, urgency: str) -> bool:
        """Whether a case is followed up by this plan."""
        of_class = not self.classes or class_code.startswith(self.classes)
        return of_class and (not self.urgency or urgency in self.urgency)


class ByHand(_Part):
    """What may be set on a single case."""

    most_days: int = Field(ge=1, le=365)
    rounds: Mapping[int, Times]
    on_recurrence: OnRecurrence = OnRecurrence.NEW_CASE
    photo: bool = True

    def plan(self, days: int, rounds: int) -> PatrolPlan:
        """The plan that was set."""
        return PatrolPlan(
            name="by hand",
            days=days,
            rounds=self.rounds[rounds],
            on_recurrence=self.on_recurrence,
            photo=self.photo,
        )


class PatrolSettings(_Part):
    """Everything that configs/patrols.yaml says."""

    version: str = Field(min_length=1)
    recurrence: RecurrenceRule
    opens_before_hours: float = Field(gt=0, le=24)
    grace_hours: float = Field(ge=0, le=24)
    plans: tuple[PatrolPlan, ...] = ()
    by_hand: ByHand

    @property
    def opens_before(self) -> timedelta:
        """How long before it is due a patrol can be done."""
        return timedelta(hours=self.opens_before_hours)

    @property
    def grace(self) -> timedelta:
        """How long after it was due it can still be done."""
        return timedelta(hours=self.grace_hours)

    def plan_for(self, class_code: str, urgency: str) -> PatrolPlan | None:
        """The first plan that fits."""
        return next((plan for plan in self.plans if plan.fits(class_code, urgency)), None)


def load_settings(path: Path) -> PatrolSettings:
    """Read the settings; raises `DataInvalid` with the line of every mistake."""
    return load_data(PatrolSettings, path, _mistakes)


def _mistakes(data: PatrolSettings) -> Iterator[tuple[Place, str]]:
    for index, plan in enumerate(data.plans):
        yield from _too_near(plan.rounds, data, ("plans", index, "rounds"))
    for count, times in data.by_hand.rounds.items():
        yield from _too_near(times, data, ("by_hand", "rounds", count))
        if len(times) != count:
            yield ("by_hand", "rounds", count), f"names {len(times)} times for {count} rounds a day"


def _too_near(times: Times, data: PatrolSettings, place: Place) -> Iterator[tuple[Place, str]]:
    """One round must have ended before the next one opens, the last of a day before the first of the next."""
    day = date(2000, 1, 1)
    moments = [datetime.combine(day, each) for each in times]
    moments.append(moments[0] + timedelta(days=1))
    if any(later - earlier < data.grace + data.opens_before for earlier, later in pairwise(moments)):
        yield place, "the rounds are not in order, or so near that one opens before the one before has ended"
