"""The life of one call: what is known of it, and how each fact changes that.

A call's state is nothing but the sum of its facts, so a process that restarts rebuilds it from the facts it stored
(`Call.from_facts`) and continues without repeating any. The reducer (state.py) reads the PBX's events against this
state and states new facts; `Call.absorb` applies them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from telephony import facts as f
from telephony.names import on_one_line


class Direction(StrEnum):
    """Who began the call: a citizen (inbound) or a seat (outbound)."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Stage(StrEnum):
    """Where a call stands."""

    ARRIVED = "arrived"
    QUEUED = "queued"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    AFTER_TALK = "after_talk"
    ENDED = "ended"


_S = Stage

TRANSITIONS: dict[Stage, frozenset[Stage]] = {
    _S.ARRIVED: frozenset({_S.QUEUED, _S.RINGING, _S.TALKING, _S.ENDED}),
    _S.QUEUED: frozenset({_S.ARRIVED, _S.RINGING, _S.TALKING, _S.AFTER_TALK, _S.ENDED}),
    _S.RINGING: frozenset({_S.ARRIVED, _S.QUEUED, _S.TALKING, _S.AFTER_TALK, _S.ENDED}),
    _S.TALKING: frozenset({_S.HELD, _S.RINGING, _S.QUEUED, _S.AFTER_TALK, _S.ENDED}),
    _S.HELD: frozenset({_S.TALKING, _S.RINGING, _S.QUEUED, _S.AFTER_TALK, _S.ENDED}),
    _S.AFTER_TALK: frozenset({_S.QUEUED, _S.RINGING, _S.TALKING, _S.ENDED}),
    _S.ENDED: frozenset(),
}
"""Which stage can follow which. `after_talk` is the citizen alone with the PBX: being transferred, or scoring."""


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Who takes part in a call beside its seat: over which channel, whom they hear, and how."""

    channel: str
    seat: str
    mode: f.SpyMode


@dataclass(slots=True)
class Consult:
    """A seat's second leg: whom it dialled, and who answered there (`with_channel` is empty until somebody did).

    `held` says that who answered waits; `together` is for how long the citizen was part of the talk.
    """

    channel: str
    to: str
    with_seat: str = ""
    with_channel: str = ""
    # the page that consulted is gone, and the next one took back only the citizen
    left: bool = False
    held: bool = False
    together: timedelta = timedelta()
    together_since: datetime | None = None
    # A hint that a restart may lose: the one line of a hardware phone is away from the citizen's bridge.
    aside: bool = False

    @property
    def on_own_line(self) -> bool:
        """Whether it came to the one line of a hardware phone, so that the PBX itself keeps the citizen waiting."""
        return on_one_line(self.channel)


@dataclass(slots=True)
class Call:
    """One call as it is known now.

    `ringing` and `talking` map seats to their channels, `consults` the seats that consult to whom they consult; `lost`
    are the seats whose leg was lost and which have not answered since;
    `asked` are the channels that ring for a consultation and `second_legs` those from which seats ever consulted, both
    with who asks. `legs` are all channels that were ever part of the call, `supervisors` the seats of supervisors who
    take part, with how they do. `handed_to` is the PBX host at which the citizen is now, if it is another one, and
    `continues` the call of another host that this one is the rest of.
    """

    id: str
    direction: Direction
    citizen_number: str
    channel: str
    arrived_at: datetime
    queue: str = ""
    gave_up: str = ""
    ringing: dict[str, str] = field(default_factory=dict)
    talking: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    muted: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    consults: dict[str, Consult] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    second_legs: dict[str, str] = field(default_factory=dict)
    placed_by: str = ""
    placed_channel: str = ""
    answered: bool = False
    last_seat: str = ""
    talk_ended_by: f.Party | None = None
    recording: str = ""
    recording_paused_at: datetime | None = None
    scored: bool = False
    continues: str = ""
    handed_to: str = ""
    ended: bool = False
    legs: set[str] = field(default_factory=set)
    supervisors: dict[str, Supervisor] = field(default_factory=dict)
    # Hints that precede a fact and are not part of the record: a restart may lose them without harm.
    hung_up_by: f.Party | None = None
    phone_causes: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    dial_status: str = ""

    @property
    def stage(self) -> Stage:
        """Where the call stands now."""
        if self.ended:
            return Stage.ENDED
        if self.talking:
            return Stage.HELD if self.held.issuperset(self.talking) else Stage.TALKING
        if self.ringing:
            return Stage.RINGING
        if self.queue:
            return Stage.QUEUED
        return Stage.AFTER_TALK if self.answered else Stage.ARRIVED

    def consult_over(self, channel: str) -> str | None:
        """Who consults over this second leg, or with the party behind this channel."""
        return next((by for by, one in self.consults.items() if channel in (one.channel, one.with_channel)), None)

    @classmethod
    def opened_by(cls, fact: f.CallArrived | f.CallPlaced) -> Self:
        """The call that this fact begins."""
        if isinstance(fact, f.CallArrived):
            return cls(fact.call_id, Direction.INBOUND, fact.caller_number, fact.channel, fact.at, legs={fact.channel})
        call = cls(fact.call_id, Direction.OUTBOUND, fact.number, fact.channel, fact.at)
        call.placed_by, call.placed_channel = fact.seat, fact.seat_channel
        call.legs = {fact.channel, fact.seat_channel}
        return call

    @classmethod
    def from_facts(cls, history: Iterable[f.CallFact]) -> Self | None:
        """The call as its facts tell it; None when none of them begins it."""
        call: Self | None = None
        for fact in history:
            if call is not None:
                call.absorb(fact)
            elif isinstance(fact, f.CallArrived | f.CallPlaced):
                call = cls.opened_by(fact)
        return call

    def absorb(self, fact: f.CallFact) -> None:
        """Apply one fact of this call."""
        change = _CHANGES.get(type(fact))
        if change is not None:
            change(self, fact)


def _queued(call: Call, fact: f.CallQueued) -> None:
    call.queue, call.gave_up = fact.queue, ""
    # who ended an earlier talk says nothing of how this wait ends
    call.talk_ended_by = call.hung_up_by = None


def _left_queue(call: Call, fact: f.CallLeftQueue) -> None:
    call.queue, call.gave_up = "", fact.reason


def _ringing(call: Call, fact: f.SeatRinging) -> None:
    call.ringing[fact.seat] = fact.channel
    call.legs.add(fact.channel)
    if fact.asked_by:
        call.asked[fact.channel] = fact.asked_by


def _ring_ended(call: Call, fact: f.SeatRingEnded) -> None:
    channel = call.ringing.pop(fact.seat, "")
    call.phone_causes.pop(channel, None)
    call.asked.pop(channel, None)


def _answered(call: Call, fact: f.CallAnswered) -> None:
    call.ringing.pop(fact.seat, None)
    call.talking[fact.seat] = fact.channel
    call.legs.add(fact.channel)
    call.answered, call.queue, call.gave_up = True, "", ""
    call.last_seat, call.talk_ended_by, call.hung_up_by = fact.seat, None, None
    call.lost.discard(fact.seat)


def _held(call: Call, fact: f.CallHeld) -> None:
    call.held.add(fact.seat)
    _count_together(call, fact.seat, fact.at)


def _resumed(call: Call, fact: f.CallResumed) -> None:
    call.held.discard(fact.seat)
    _count_together(call, fact.seat, fact.at)


def _muted(call: Call, fact: f.SeatMuted) -> None:
    call.muted.add(fact.seat)


def _unmuted(call: Call, fact: f.SeatUnmuted) -> None:
    call.muted.discard(fact.seat)


def _taken_back(call: Call, fact: f.CallTakenBack) -> None:
    call.talking[fact.seat] = fact.channel
    call.held.discard(fact.seat)
    call.legs.add(fact.channel)
    if fact.seat in call.consults:
        call.consults[fact.seat].left = True


def _leg_lost(call: Call, fact: f.LegLost) -> None:
    call.lost.add(fact.seat)


def _consult_began(call: Call, fact: f.ConsultBegan) -> None:
    call.consults[fact.seat] = Consult(fact.channel, fact.to)
    call.second_legs[fact.channel] = fact.seat
    call.legs.add(fact.channel)


def _consult_answered(call: Call, fact: f.ConsultAnswered) -> None:
    call.ringing.pop(fact.seat, None)
    call.asked.pop(fact.channel, None)
    call.lost.discard(fact.seat)
    call.legs.add(fact.channel)
    consult = call.consults.get(fact.asked_by)
    if consult is not None:
        consult.with_seat, consult.with_channel = fact.seat, fact.channel


def _consult_held(call: Call, fact: f.ConsultHeld | f.ConsultResumed) -> None:
    consult = call.consults.get(fact.asked_by)
    if consult is not None:
        consult.held = isinstance(fact, f.ConsultHeld)
        _count_together(call, fact.asked_by, fact.at)


def _count_together(call: Call, by: str, at: datetime) -> None:
    """Note, after somebody was put on hold or taken off, since when all three hear each other, and for how long."""
    consult = call.consults.get(by)
    if consult is None:
        return
    together = bool(consult.with_channel) and not consult.held and by not in call.held
    if together and consult.together_since is None:
        consult.together_since = at
    elif not together and consult.together_since is not None:
        consult.together += at - consult.together_since
        consult.together_since = None


def _consult_ended(call: Call, fact: f.ConsultEnded) -> None:
    call.consults.pop(fact.asked_by, None)


def _handed_over(call: Call, fact: f.CallHandedOver) -> None:
    call.handed_to = fact.host


def _came_back(call: Call, _: f.CallCameBack) -> None:
    call.handed_to = ""


def _continues(call: Call, fact: f.CallContinues) -> None:
    call.continues = fact.first_call_id


def _talk_ended(call: Call, fact: f.TalkEnded) -> None:
    call.talking.pop(fact.seat, None)
    call.held.discard(fact.seat)
    call.muted.discard(fact.seat)
    call.talk_ended_by = fact.ended_by


def _recording(call: Call, fact: f.RecordingStarted) -> None:
    call.recording = fact.file


def _recording_paused(call: Call, fact: f.RecordingPaused) -> None:
    call.recording_paused_at = fact.at


def _recording_resumed(call: Call, _: f.RecordingResumed) -> None:
    call.recording_paused_at = None


def _scored(call: Call, _: f.SurveyAnswered) -> None:
    call.scored = True


def _supervised(call: Call, fact: f.SupervisionBegan) -> None:
    call.supervisors[fact.by_seat] = Supervisor(fact.channel, fact.seat, fact.mode)
    call.legs.add(fact.channel)


def _unsupervised(call: Call, fact: f.SupervisionEnded) -> None:
    call.supervisors.pop(fact.by_seat, None)


def _ended(call: Call, _: f.CallEnded) -> None:
    call.ended = True


_CHANGES: dict[type[f.Fact], Callable[[Call, Any], None]] = {
    f.CallQueued: _queued,
    f.CallLeftQueue: _left_queue,
    f.SeatRinging: _ringing,
    f.SeatRingEnded: _ring_ended,
    f.CallAnswered: _answered,
    f.CallHeld: _held,
    f.CallResumed: _resumed,
    f.SeatMuted: _muted,
    f.SeatUnmuted: _unmuted,
    f.CallTakenBack: _taken_back,
    f.LegLost: _leg_lost,
    f.ConsultBegan: _consult_began,
    f.ConsultAnswered: _consult_answered,
    f.ConsultHeld: _consult_held,
    f.ConsultResumed: _consult_held,
    f.ConsultEnded: _consult_ended,
    f.CallHandedOver: _handed_over,
    f.CallCameBack: _came_back,
    f.CallContinues: _continues,
    f.TalkEnded: _talk_ended,
    f.RecordingStarted: _recording,
    f.RecordingPaused: _recording_paused,
    f.RecordingResumed: _recording_resumed,
    f.SurveyAnswered: _scored,
    f.SupervisionBegan: _supervised,
    f.SupervisionEnded: _unsupervised,
    f.CallEnded: _ended,
}
