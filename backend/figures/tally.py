"""Counts that add up: of calls, and of a seat's time. Every rate is made of them and of nothing else.

A tally of a whole is the sum of the tallies of its parts, however it is cut (by queue, by quarter of an hour), so no
rate is ever an average of rates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Protocol, Self

from backend.calls import measures


class Share(NamedTuple):
    """`part` of `whole`."""

    part: int
    whole: int


class Average(NamedTuple):
    """`total_ms` spread over so many."""

    total_ms: int
    over: int


class SeenCall(measures.CountedCall, Protocol):
    """What is counted of a call; see `backend.calls.models.Call`."""

    @property
    def talk_ms(self) -> int | None: ...
    @property
    def hold_ms(self) -> int: ...
    @property
    def callback_asked(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Tally:
    @classmethod
    def sum(cls, parts: Iterable[Self]) -> Self:
        """All parts together: counts and times add up, of the longest the longest remains."""
        all_parts = list(parts)
        return cls(**{field.name: _joined(field.name, all_parts) for field in fields(cls)})


def _joined(name: str, parts: Sequence[Any]) -> int:
    values = [getattr(part, name) for part in parts]
    return max(values, default=0) if name.startswith("longest") else sum(values)


@dataclass(frozen=True, slots=True)
class CallTally(_Tally):
    """Citizens' calls (the words are those of `backend.calls.measures`); times in ms, of answered calls.

    `talk_ms` is without hold. `wrap_up_ms` is the wrap-up that followed the calls.
    """

    offered: int = 0
    answered: int = 0
    within_target: int = 0
    unanswered: int = 0
    short: int = 0
    callbacks_asked: int = 0
    wait_ms: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    longest_wait_ms: int = 0

    @classmethod
    def of(cls, call: SeenCall, *, short_ms: int, wrap_up_ms: int = 0) -> Self:
        """One call; an outbound or a rejected one counts as nothing."""
        if not measures.offered(call):
            return cls()
        answered, unanswered = measures.answered(call), measures.unanswered(call)
        asked = unanswered and call.callback_asked
        return cls(
            offered=1,
            answered=int(answered),
            within_target=int(measures.answered_in_target(call)),
            unanswered=int(unanswered),
            short=int(measures.short(call, short_ms) and not asked),
            callbacks_asked=int(asked),
            wait_ms=(call.wait_ms or 0) if answered else 0,
            talk_ms=max(0, (call.talk_ms or 0) - call.hold_ms) if answered else 0,
            hold_ms=call.hold_ms if answered else 0,
            wrap_up_ms=wrap_up_ms if answered else 0,
            longest_wait_ms=(call.wait_ms or 0) if answered or unanswered else 0,
        )

    @property
    def decided(self) -> int:
        """Calls that were answered or ended without."""
        return self.answered + self.unanswered

    @property
    def abandoned(self) -> int:
        """Unanswered calls that were not short and whose caller did not ask for a callback."""
        return self.unanswered - self.short - self.callbacks_asked

    @property
    def in_target(self) -> Share:
        """Answered within 15 s, of all decided."""
        return Share(self.within_target, self.decided)

    @property
    def connection(self) -> Share:
        """Answered, of all decided."""
        return Share(self.answered, self.decided)

    @property
    def abandonment(self) -> Share:
        """Abandoned, of all decided that were not short."""
        return Share(self.abandoned, self.decided - self.short)

    @property
    def speed_of_answer(self) -> Average:
        """The wait of answered calls."""
        return Average(self.wait_ms, self.answered)

    @property
    def talk(self) -> Average:
        """Talk without hold."""
        return Average(self.talk_ms, self.answered)

    @property
    def hold(self) -> Average:
        """Time on hold."""
        return Average(self.hold_ms, self.answered)

    @property
    def wrap_up(self) -> Average:
        """Wrap-up."""
        return Average(self.wrap_up_ms, self.answered)

    @property
    def handling(self) -> Average:
        """Talk, hold and wrap-up."""
        return Average(self.talk_ms + self.hold_ms + self.wrap_up_ms, self.answered)


@dataclass(frozen=True, slots=True)
class SeatTally(_Tally):
    """A seat's time by state, in ms; `talks` began in it, `hold_ms` is the part of `talking_ms` on hold."""

    talks: int = 0
    missed: int = 0
    ready_ms: int = 0
    ringing_ms: int = 0
    dialing_ms: int = 0
    talking_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    paused_ms: int = 0

    @property
    def staffed_ms(self) -> int:
        """The time in which somebody sat there."""
        return self.busy_ms + self.ready_ms + self.ringing_ms + self.paused_ms

    @property
    def busy_ms(self) -> int:
        """Dialling, talk, hold and wrap-up."""
        return self.dialing_ms + self.talking_ms + self.wrap_up_ms

    @property
    def occupancy(self) -> Share:
        """Busy, of the time on duty without pauses."""
        return Share(self.busy_ms, self.busy_ms + self.ready_ms + self.ringing_ms)

    @property
    def talk(self) -> Average:
        """Talk without hold."""
        return Average(max(0, self.talking_ms - self.hold_ms), self.talks)

    @property
    def hold(self) -> Average:
        """Time on hold."""
        return Average(self.hold_ms, self.talks)

    @property
    def wrap_up(self) -> Average:
        """Wrap-up."""
        return Average(self.wrap_up_ms, self.talks)

    @property
    def handling(self) -> Average:
        """Talk, hold and wrap-up."""
        return Average(self.talking_ms + self.wrap_up_ms, self.talks)
