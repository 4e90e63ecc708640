"""The course of a call on the clock of its recording: when the citizen was on hold, when the recording was paused, and
when somebody else than the agent to whom the call counts had the seat's leg. Pure.

The recording runs from the first answer while the citizen's channel is bridged. A citizen who was handed over and waits
for the next seat is on no bridge, so that time is not in the recording and all that follows lies earlier in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from asr.checks import Interval
from telephony import facts as f


class Step(NamedTuple):
    """One fact of a call; `mode` is how a supervisor took part, if it tells of one."""

    kind: str
    at: datetime
    seat: str | None = None
    mode: str | None = None


KINDS = frozenset(
    fact.kind
    for fact in (
        f.CallAnswered, f.CallHeld, f.CallResumed, f.CallTakenBack, f.TalkEnded,
        f.RecordingPaused, f.RecordingResumed, f.SupervisionBegan, f.SupervisionEnded,
    )
)  # fmt: skip
"""The facts that the course of a call is read from."""


@dataclass(frozen=True, slots=True)
class Course:
    """Times in ms of the recording, see `asr.checks.CallFacts`."""

    holds: tuple[Interval, ...] = ()
    pauses: tuple[Interval, ...] = ()
    others: tuple[Interval, ...] = ()


class EarlierTalk(NamedTuple):
    """How long another seat had the call before the one to which it counts, and where that lies in the recording."""

    seat: str
    until: datetime
    place: Interval


def course_of(steps: Sequence[Step], ended_at: datetime | None) -> Course:
    """The course of one call, its steps in order. What nobody ended lasts to its end, or as far as is known."""
    spans = _Spans.of(steps, ended_at)
    others = spans.of_other_seats() + spans.barged + spans.handed_on(ended_at)
    clock = spans.clock
    return Course(clock(spans.held), clock(spans.paused), clock(sorted(others)))


def earlier_talks(steps: Sequence[Step], ended_at: datetime | None) -> list[EarlierTalk]:
    """The talks of the seats that handed the call on, in order."""
    spans = _Spans.of(steps, ended_at)
    talks = spans.of_other_seats()
    return [EarlierTalk(talk.seat, talk.until, place) for talk, place in zip(talks, spans.clock(talks), strict=True)]


class _Span(NamedTuple):
    since: datetime
    until: datetime
    seat: str = ""


@dataclass
class _Spans:
    """What is known so far, by our own clock."""

    held: list[_Span] = field(default_factory=list)
    paused: list[_Span] = field(default_factory=list)
    barged: list[_Span] = field(default_factory=list)
    talks: list[_Span] = field(default_factory=list)
    _open: dict[str, _Span] = field(default_factory=dict)

    @classmethod
    def of(cls, steps: Sequence[Step], ended_at: datetime | None) -> _Spans:
        """Those of a whole call."""
        spans = cls()
        for step in steps:
            spans.take(step)
        if steps:
            spans.end(ended_at or steps[-1].at)
        return spans

    def of_other_seats(self) -> list[_Span]:
        """The talks of other seats than the last."""
        return [talk for talk in self.talks if talk.seat != self.talks[-1].seat]

    def take(self, step: Step) -> None:
        """Go on by one fact. A hold is over when it is taken back, or when anybody's talk ends or begins."""
        match step.kind:
            case f.CallAnswered.kind:
                self._close("hold", step.at)
                self._close("talk", step.at)
                self._begin("talk", step)
            case f.CallHeld.kind if "talk" in self._open:
                self._begin("hold", step)
            case f.CallResumed.kind | f.CallTakenBack.kind:
                self._close("hold", step.at)
            case f.TalkEnded.kind:
                self._close("hold", step.at)
                if "talk" in self._open and self._open["talk"].seat == (step.seat or ""):
                    self._close("talk", step.at)
            case f.RecordingPaused.kind:
                self._begin("pause", step)
            case f.RecordingResumed.kind:
                self._close("pause", step.at)
            case f.SupervisionBegan.kind if step.mode == f.SpyMode.BARGE:
                self._begin("barge", step)
            case f.SupervisionBegan.kind | f.SupervisionEnded.kind:
                self._close("barge", step.at)

    def end(self, at: datetime) -> None:
        """The call is over."""
        for what in tuple(self._open):
            self._close(what, at)

    def handed_on(self, ended_at: datetime | None) -> list[_Span]:
        """The time after the last talk of a seat, in which the citizen may talk to somebody outside."""
        after = self.talks[-1].until if self.talks else None
        return [_Span(after, ended_at)] if after is not None and ended_at is not None and after < ended_at else []

    def clock(self, spans: Iterable[_Span]) -> tuple[Interval, ...]:
        """These spans in ms of the recording."""
        placed = [(self._place(span.since), self._place(span.until)) for span in spans]
        return tuple(Interval(start_ms=start, end_ms=max(start, end)) for start, end in placed)

    def _place(self, at: datetime) -> int:
        """Where this moment lies in the recording: the end of what came before, when it is not in it."""
        if not self.talks:
            return 0
        talked, before = timedelta(), self.talks[:-1]
        for talk in before:
            if at < talk.until:
                return _ms(talked + max(timedelta(), at - talk.since))
            talked += talk.until - talk.since
        return _ms(talked + max(timedelta(), at - self.talks[-1].since))

    def _begin(self, what: str, step: Step) -> None:
        self._open.setdefault(what, _Span(step.at, step.at, step.seat or ""))

    def _close(self, what: str, at: datetime) -> None:
        began = self._open.pop(what, None)
        if began is None:
            return
        done = {"hold": self.held, "pause": self.paused, "barge": self.barged, "talk": self.talks}[what]
        done.append(began._replace(until=max(at, began.since)))


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
