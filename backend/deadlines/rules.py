"""Which limit a case has: the first rule that fits. Data with a version, never code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from backend.deadlines.calendar import WorkingCalendar, load_calendar
from backend.deadlines.clocks import Limit, LimitKind
from backend.kernel.clock import beijing, day_ends
from backend.kernel.datafile import Place, load_data

LOOK_AHEAD = timedelta(days=45)
"""How far ahead the holidays must be known: beyond that no ordinary clock ends."""


class _Limit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: LimitKind
    amount: int = Field(ge=1, le=1000)


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    urgency: frozenset[Literal["normal", "urgent", "emergency"]] = frozenset()
    classes: tuple[str, ...] = ()
    limit: _Limit

    @property
    def fits_all(self) -> bool:
        return not self.urgency and not self.classes

    def fits(self, urgency: str, class_code: str) -> bool:
        return (not self.urgency or urgency in self.urgency) and (
            not self.classes or class_code.startswith(self.classes)
        )

    def as_limit(self) -> Limit:
        return Limit(self.limit.kind, self.limit.amount)


class _FeedbackRule(_Rule):
    level: int = Field(ge=1, le=4)


AnyRule = TypeVar("AnyRule", bound=_Rule)
Percent = Annotated[int, Field(ge=1, le=99)]


class _RulesFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(min_length=1)
    dispatch: tuple[_Rule, ...] = Field(min_length=1)
    feedback: tuple[_FeedbackRule, ...] = Field(min_length=1)
    warnings: tuple[Percent, ...] = ()
    appeal_working_days: int = Field(default=10, ge=1, le=250)


@dataclass(frozen=True)
class Timekeeping:
    """The calendar and the limits in force. `warnings` are percents of a clock's time, rising, 100 the last;
    `appeal_days` are the working days after closing within which a unit appeals against a time-out."""

    calendar: WorkingCalendar
    version: str
    warnings: tuple[int, ...]
    _dispatch: tuple[_Rule, ...]
    _feedback: tuple[_FeedbackRule, ...]
    appeal_days: int = 10

    def dispatch_limit(self, urgency: str, class_code: str) -> Limit:
        """How long the case may wait for its dispatch."""
        return _first(self._dispatch, urgency, class_code).as_limit()

    def feedback_limit(self, urgency: str, class_code: str) -> Limit:
        """How long the report back may take from the dispatch on."""
        return _first(self._feedback, urgency, class_code).as_limit()

    def feedback_level(self, urgency: str, class_code: str) -> int:
        """Which of the four levels of feedback the case has, 1 being the quickest."""
        return _first(self._feedback, urgency, class_code).level

    def appeal_ends(self, closed_at: datetime) -> datetime:
        """Until when a unit may appeal: the end of the last of its working days, the day of closing not counted."""
        return day_ends(self.calendar.working_day_after(beijing(closed_at).date(), self.appeal_days))

    def unknown_years(self, now: datetime) -> list[int]:
        """Years that clocks reach now or soon and whose holidays nobody has entered."""
        first: date = beijing(now).date()
        return self.calendar.unknown_years(first, beijing(now + LOOK_AHEAD).date())


def load_timekeeping(calendar: Path, rules: Path) -> Timekeeping:
    """Read both files; raises `ConfigurationInvalid` that names the line of every mistake."""
    data = load_data(_RulesFile, rules, _mistakes)
    return Timekeeping(
        calendar=load_calendar(calendar),
        version=data.version,
        warnings=(*data.warnings, 100),
        _dispatch=data.dispatch,
        _feedback=data.feedback,
        appeal_days=data.appeal_working_days,
    )


def _mistakes(data: _RulesFile) -> Iterator[tuple[Place, str]]:
    lists: dict[str, Sequence[_Rule]] = {"dispatch": data.dispatch, "feedback": data.feedback}
    for name, rules in lists.items():
        if not rules[-1].fits_all:
            yield (name, len(rules) - 1), "the last rule must fit every case: leave urgency and classes out"
        for index, rule in enumerate(rules[:-1]):
            if rule.fits_all:
                yield (name, index), "fits every case, so that no rule below can ever count"
    if list(data.warnings) != sorted(set(data.warnings)):
        yield ("warnings",), "must rise"


def _first(rules: Sequence[AnyRule], urgency: str, class_code: str) -> AnyRule:
    return next(rule for rule in rules if rule.fits(urgency, class_code))
