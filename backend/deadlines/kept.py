"""The clocks of one case as they run and end; pure. What is stored of them stands in `backend.deadlines.service`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from backend.deadlines import clocks
from backend.deadlines.calendar import WorkingCalendar
from backend.deadlines.clocks import Clock, Limit
from backend.deadlines.schemas import ClockName, ClockState


@dataclass(frozen=True, slots=True)
class ClockKey:
    """A clock within its case: `part` is 0 for the case itself, n for its n-th task."""

    name: ClockName
    part: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A clock with how it stands; `started_at` is when it began for people, whatever happened to it since.

    `exempted`: it ran out, which stays a fact, but statistics do not count it.
    """

    clock: Clock
    started_at: datetime
    state: ClockState = ClockState.RUNNING
    ended_at: datetime | None = None
    exempted: bool = False

    @property
    def runs(self) -> bool:
        """Whether its time is still being used."""
        return self.state is ClockState.RUNNING


Clocks = Mapping[ClockKey, Kept]
"""The newest clock of each key."""


def begin(kept: Clocks, key: ClockKey, limit: Limit, now: datetime) -> Clocks:
    """A clock that begins now; one of this key that still runs is taken over as it is."""
    running = kept.get(key)
    if running is not None and running.runs:
        return kept
    return {**kept, key: Kept(Clock(now, limit), now)}


def stop(kept: Clocks, key: ClockKey, now: datetime, calendar: WorkingCalendar) -> Clocks:
    """What the clock was for is done: it was met or missed."""

    def ended(each: Kept) -> Kept:
        in_time = now <= clocks.due(each.clock, calendar)
        return replace(each, state=ClockState.MET if in_time else ClockState.MISSED, ended_at=now)

    return _running(kept, lambda found: found == key, ended)


def restart(kept: Clocks, key: ClockKey, now: datetime, calendar: WorkingCalendar) -> Clocks:
    """The clock goes on after what it was for turned out not to be done; the time between does not count."""
    stood = kept.get(key)
    if stood is None or stood.runs or stood.ended_at is None:
        return kept
    again = clocks.restarted(stood.clock, stood.ended_at, now, calendar)
    return {**kept, key: Kept(again, now)}


def cancel(kept: Clocks, now: datetime, *, part: int | None = None) -> Clocks:
    """The running clocks are moot: all of them, or those of one part."""
    return _running(
        kept,
        lambda key: part is None or key.part == part,
        lambda each: replace(each, state=ClockState.CANCELED, ended_at=now),
    )


def exempt(kept: Clocks, keys: Collection[ClockKey]) -> Clocks:
    """These clocks, of those that ran out, count no longer in statistics."""
    return {
        key: replace(each, exempted=True) if key in keys and each.state is ClockState.MISSED else each
        for key, each in kept.items()
    }


def change(kept: Clocks, which: Callable[[ClockKey], bool], how: Callable[[Clock], Clock]) -> Clocks:
    """Running clocks made others."""
    return _running(kept, which, lambda each: replace(each, clock=how(each.clock)))


def _running(kept: Clocks, which: Callable[[ClockKey], bool], how: Callable[[Kept], Kept]) -> Clocks:
    return {key: how(each) if each.runs and which(key) else each for key, each in kept.items()}
