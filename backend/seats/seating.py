"""A seat with the person at it: what each input and each fact of the PBX makes of it. Pure.

`telephony.seats` says how a seat moves; here it meets the person, the call and the end of the wrap-up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from backend.seats.schemas import PauseReason, SeatView
from backend.seats.schemas import SeatState as ShownState
from telephony import facts as f
from telephony.names import DEFAULT_HOST
from telephony.seats import DURING_CALL, NEWS, After, Reason, SeatInput, SeatState, SeatStatus, move, observe

BUSY = DURING_CALL
_SIGN_OUT = "sign_out"
_PAUSE = "pause:"

_MISSED = frozenset({f.RingOutcome.NO_ANSWER, f.RingOutcome.REFUSED, f.RingOutcome.BUSY, f.RingOutcome.UNREACHABLE})

_INPUTS: dict[type[f.Fact], SeatInput] = {
    f.PhoneRegistered: SeatInput.PHONE_REGISTERED,
    f.PhoneUnregistered: SeatInput.PHONE_LOST,
    f.SeatRinging: SeatInput.RING_STARTED,
    f.CallPlaced: SeatInput.DIALED,  # its phone was taken: it is busy until the call it placed is over
    f.CallAnswered: SeatInput.ANSWERED,
    f.ConsultAnswered: SeatInput.ANSWERED,
    f.TalkEnded: SeatInput.TALK_ENDED,
    f.LegLost: SeatInput.LEG_LOST,
}


@dataclass(frozen=True, slots=True)
class HallTimes:
    """How long wrap-up lasts, and how long a seat is kept for somebody whose browser phone went away."""

    wrap_up: timedelta = timedelta(seconds=30)
    absence: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Seated:
    """A row of `seats` as a value."""

    seat: str
    phone: str
    state: SeatState
    host: str = DEFAULT_HOST
    wrap_up_until: datetime | None = None
    phone_lost_at: datetime | None = None
    user_id: UUID | None = None
    agent_name: str | None = None
    call_id: str | None = None
    version: int = 0


def step(
    seated: Seated, what: SeatInput, at: datetime, times: HallTimes, *, reason: str = "", call_id: str | None = None
) -> Seated:
    """The seat after `what` at `at`. `call_id` is the call that rings or talks there.

    What the PBX reports is observed and never refused; what a person asks for may raise `IllegalSeatMove`.
    """
    state = observe(seated.state, what, at) if what in NEWS else move(seated.state, what, at, reason=reason)
    if state == seated.state:
        return seated
    moved = replace(seated, state=state)
    if state.phone != seated.state.phone:
        moved = replace(moved, phone_lost_at=None if state.phone else at)
    if state.status is not seated.state.status:
        moved = _arrive(moved, state.status, at, times, call_id)
    return moved


def _arrive(moved: Seated, status: SeatStatus, at: datetime, times: HallTimes, call_id: str | None) -> Seated:
    in_wrap_up = status is SeatStatus.WRAP_UP
    moved = replace(moved, wrap_up_until=at + times.wrap_up if in_wrap_up else None)
    if status in BUSY:
        return replace(moved, call_id=call_id or moved.call_id)
    if status is SeatStatus.OFFLINE:
        return replace(moved, call_id=None, user_id=None, agent_name=None)
    return moved if in_wrap_up else replace(moved, call_id=None)


def sit_down(seated: Seated, user_id: UUID, agent_name: str, at: datetime, times: HallTimes) -> Seated:
    """The same person again continues, and a sign-out that waited for the end of the call is taken back."""
    if seated.user_id == user_id:
        after = seated.state.after
        if after is not None and after.status is SeatStatus.OFFLINE:
            return replace(seated, state=replace(seated.state, after=None))
        return seated
    seated = step(seated, SeatInput.SIGNED_IN, at, times)
    return replace(seated, user_id=user_id, agent_name=agent_name)


def seat_of(fact: f.Fact) -> str | None:
    """The seat that a fact speaks of."""
    return getattr(fact, "seat", None) or None


def apply(seated: Seated, fact: f.Fact, times: HallTimes) -> Seated:
    """The seat after a fact of the PBX. Facts of other seats and of other calls leave it as it is."""
    if isinstance(fact, f.CallEnded):
        return _call_over(seated, fact, times)
    what = _input_of(fact)
    if what is None or seat_of(fact) != seated.seat:
        return seated
    call_id = fact.call_id if isinstance(fact, f.CallFact) else None
    starts = what in {SeatInput.RING_STARTED, SeatInput.DIALED, SeatInput.ANSWERED}
    if call_id is not None and not starts and call_id != seated.call_id:
        return seated  # the end of an earlier call's ringing says nothing of the present one
    moved = step(seated, what, fact.at, times, call_id=call_id)
    if what is SeatInput.RING_STARTED and moved.state.status is SeatStatus.RINGING:
        return replace(moved, call_id=call_id)  # the end of an earlier ring may have gone unreported
    return moved


def _call_over(seated: Seated, fact: f.CallEnded, times: HallTimes) -> Seated:
    """Whatever else was missed, a seat does not ring or talk in a call that is gone."""
    if seated.call_id != fact.call_id or seated.state.status not in BUSY:
        return seated
    ringing = seated.state.status is SeatStatus.RINGING
    return step(seated, SeatInput.RING_ENDED if ringing else SeatInput.TALK_ENDED, fact.at, times)


def _input_of(fact: f.Fact) -> SeatInput | None:
    if isinstance(fact, f.SeatRingEnded):
        return SeatInput.RING_UNANSWERED if fact.outcome in _MISSED else SeatInput.RING_ENDED
    if isinstance(fact, f.ConsultEnded):  # who was consulted and now has the citizen goes on talking
        return None if fact.outcome is f.ConsultOutcome.TRANSFERRED else SeatInput.TALK_ENDED
    return _INPUTS.get(type(fact))


ALERTS = frozenset({Reason.NO_ANSWER.value, Reason.LINE_LOST.value})
"""Pauses that the shift leader is told of: nobody took a call that rang, or a talk lost its line."""


def alerts(before: Seated, after: Seated) -> bool:
    """Whether the seat was just paused for what befell a call there."""
    paused = after.state.status is SeatStatus.PAUSED and after.state.reason in ALERTS
    return before.state.status in BUSY and paused


def pending_text(after: After | None) -> str | None:
    """How what follows the call is stored and shown: "sign_out" or "pause:<reason>"."""
    if after is None:
        return None
    return _SIGN_OUT if after.status is SeatStatus.OFFLINE else f"{_PAUSE}{after.reason}"


def pending_from(text: str | None) -> After | None:
    """The reverse of `pending_text`."""
    if text is None:
        return None
    if text == _SIGN_OUT:
        return After(SeatStatus.OFFLINE)
    return After(SeatStatus.PAUSED, text.removeprefix(_PAUSE))


def view(seated: Seated) -> SeatView:
    """The seat as the console shows it."""
    assert seated.state.since is not None
    return SeatView(
        seat=seated.seat,
        phone=seated.phone,
        host=seated.host,
        state=ShownState(seated.state.status.value),
        since=seated.state.since,
        reason=_shown_reason(seated.state),
        pending=pending_text(seated.state.after),
        wrap_up_until=seated.wrap_up_until,
        phone_registered=seated.state.phone,
        user_id=seated.user_id,
        agent_name=seated.agent_name,
        call_id=seated.call_id,
    )


def _shown_reason(state: SeatState) -> PauseReason | None:
    if state.status is not SeatStatus.PAUSED:
        return None
    try:
        return PauseReason(state.reason)
    except ValueError:
        return PauseReason.REST  # just signed in: nobody has asked for calls yet
