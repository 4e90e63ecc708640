"""A seat's life, and how the PBX's queues are steered to follow it.

What a seat is stands here, in one table; what the PBX has is compared with it again and again (level-triggered), so
a lost command, a restart of either side or a hand at the PBX's console is put right by the next comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from backend.kernel.errors import IllegalTransition
from telephony.lines import Membership, QueueView
from telephony.names import interface_of


class SeatStatus(StrEnum):
    """What a seat does. `offline`: nobody is signed in; `dialing`: it calls a citizen, who has not answered yet."""

    OFFLINE = "offline"
    READY = "ready"
    RINGING = "ringing"
    DIALING = "dialing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


class SeatInput(StrEnum):
    """What can happen to a seat."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    PHONE_REGISTERED = "phone_registered"
    PHONE_LOST = "phone_lost"
    MADE_READY = "made_ready"
    PAUSE_REQUESTED = "pause_requested"
    RING_STARTED = "ring_started"
    RING_ENDED = "ring_ended"
    RING_UNANSWERED = "ring_unanswered"
    DIALED = "dialed"
    ANSWERED = "answered"
    TALK_ENDED = "talk_ended"
    LEG_LOST = "leg_lost"
    WRAP_UP_ENDED = "wrap_up_ended"


class Reason(StrEnum):
    """The reasons for a pause that the system itself gives; people give their own (rest, meal, training ...)."""

    SIGN_IN = "sign_in"
    PHONE_LOST = "phone_lost"
    NO_ANSWER = "no_answer"
    LINE_LOST = "line_lost"
    WRAP_UP = "wrap-up"


class IllegalSeatMove(IllegalTransition):
    """The seat cannot do this in its present state."""


class PhoneNotRegistered(IllegalSeatMove):
    """A seat is not ready while its phone cannot be reached."""


@dataclass(frozen=True, slots=True)
class SeatState:
    """A seat now. `after` is what was asked for during a call and takes effect when it is over."""

    status: SeatStatus = SeatStatus.OFFLINE
    since: datetime | None = None
    reason: str = ""
    phone: bool = False
    after: After | None = None


@dataclass(frozen=True, slots=True)
class After:
    """What follows the call: a pause for `reason`, or a sign-out."""

    status: SeatStatus
    reason: str = ""


_S, _I = SeatStatus, SeatInput

TRANSITIONS: dict[SeatStatus, dict[SeatInput, SeatStatus]] = {
    _S.OFFLINE: {
        _I.SIGNED_IN: _S.PAUSED,
        _I.PHONE_REGISTERED: _S.OFFLINE,
        _I.PHONE_LOST: _S.OFFLINE,
    },
    _S.READY: {
        _I.SIGNED_OUT: _S.OFFLINE,
        _I.PHONE_REGISTERED: _S.READY,
        _I.PHONE_LOST: _S.PAUSED,
        _I.PAUSE_REQUESTED: _S.PAUSED,
        _I.RING_STARTED: _S.RINGING,
        _I.DIALED: _S.DIALING,
        _I.ANSWERED: _S.TALKING,
    },
    _S.RINGING: {
        _I.SIGNED_OUT: _S.RINGING,
        _I.PHONE_REGISTERED: _S.RINGING,
        _I.PHONE_LOST: _S.PAUSED,
        _I.MADE_READY: _S.RINGING,
        _I.PAUSE_REQUESTED: _S.RINGING,
        _I.RING_STARTED: _S.RINGING,
        _I.RING_ENDED: _S.READY,
        _I.RING_UNANSWERED: _S.PAUSED,
        _I.ANSWERED: _S.TALKING,
    },
    _S.DIALING: {
        _I.SIGNED_OUT: _S.DIALING,
        _I.PHONE_REGISTERED: _S.DIALING,
        _I.PHONE_LOST: _S.DIALING,
        _I.MADE_READY: _S.DIALING,
        _I.PAUSE_REQUESTED: _S.DIALING,
        _I.ANSWERED: _S.TALKING,
        _I.TALK_ENDED: _S.WRAP_UP,
    },
    _S.TALKING: {
        _I.SIGNED_OUT: _S.TALKING,
        _I.PHONE_REGISTERED: _S.TALKING,
        _I.PHONE_LOST: _S.TALKING,
        _I.MADE_READY: _S.TALKING,
        _I.PAUSE_REQUESTED: _S.TALKING,
        _I.TALK_ENDED: _S.WRAP_UP,
        _I.LEG_LOST: _S.PAUSED,
    },
    _S.WRAP_UP: {
        _I.SIGNED_OUT: _S.OFFLINE,
        _I.PHONE_REGISTERED: _S.WRAP_UP,
        _I.PHONE_LOST: _S.WRAP_UP,
        _I.MADE_READY: _S.READY,
        _I.PAUSE_REQUESTED: _S.PAUSED,
        _I.RING_STARTED: _S.RINGING,
        _I.DIALED: _S.DIALING,
        _I.ANSWERED: _S.TALKING,
        _I.WRAP_UP_ENDED: _S.READY,
    },
    _S.PAUSED: {
        _I.SIGNED_OUT: _S.OFFLINE,
        _I.PHONE_REGISTERED: _S.PAUSED,
        _I.PHONE_LOST: _S.PAUSED,
        _I.MADE_READY: _S.READY,
        _I.PAUSE_REQUESTED: _S.PAUSED,
        _I.RING_STARTED: _S.RINGING,
        _I.DIALED: _S.DIALING,
        _I.ANSWERED: _S.TALKING,
    },
}
"""Where each input leads when nothing stands against it. Three rules cut across the table (see `move`): a seat without
a phone is not ready; a pause for a lost phone ends when the phone is back; what was asked for during a call, and the
pause during which a call rang, hold once the seat would be free."""

DURING_CALL = frozenset({_S.RINGING, _S.DIALING, _S.TALKING})
FREE = frozenset({_S.OFFLINE, _S.READY, _S.PAUSED})
NEWS = frozenset(
    {_I.RING_STARTED, _I.RING_ENDED, _I.RING_UNANSWERED, _I.DIALED, _I.ANSWERED, _I.TALK_ENDED, _I.LEG_LOST}
)
"""Inputs that the PBX reports: they have happened, whatever the table says."""

_PAUSE_REASONS: dict[SeatInput, str] = {
    _I.SIGNED_IN: Reason.SIGN_IN,
    _I.PHONE_LOST: Reason.PHONE_LOST,
    _I.RING_UNANSWERED: Reason.NO_ANSWER,
    _I.LEG_LOST: Reason.LINE_LOST,
}


def move(state: SeatState, what: SeatInput, at: datetime, *, reason: str = "") -> SeatState:
    """The seat after `what` happened at `at`; `reason` belongs to PAUSE_REQUESTED.

    Raises IllegalSeatMove when TRANSITIONS does not hold the move, PhoneNotRegistered when a seat without a phone is
    made ready.
    """
    target = TRANSITIONS[state.status].get(what)
    if target is None:
        raise IllegalSeatMove(
            f"A seat that is {state.status} cannot take {what}.", kept="The seat's state is unchanged."
        )
    phone = {_I.PHONE_REGISTERED: True, _I.PHONE_LOST: False}.get(what, state.phone)
    if what is _I.MADE_READY and target is _S.READY and not phone:
        raise PhoneNotRegistered(
            "The seat's phone is not registered, so no call could ring there.",
            kept="The seat's state is unchanged.",
            next_step="Wait for the softphone to connect, or switch the telephone on.",
        )
    after = _wish(state, what, reason)
    end = After(target, _reason(state, what, reason) if target is _S.PAUSED else "")
    if end.status in FREE and state.status not in FREE and after is not None:
        end = after
    if end == After(_S.PAUSED, Reason.PHONE_LOST) and phone:
        end = After(_S.READY)
    if end.status is _S.READY and not phone:
        end = After(_S.PAUSED, Reason.PHONE_LOST)
    unchanged = (end.status, end.reason) == (state.status, state.reason)
    since = state.since if unchanged else at
    return SeatState(end.status, since, end.reason, phone, None if end.status in FREE else after)


def observe(state: SeatState, what: SeatInput, at: datetime) -> SeatState:
    """Like `move`, for what the PBX reports: news that does not fit leaves the seat as it is.

    Such news are a phone that rings with nobody signed in, or a second report of the same end.
    """
    assert what in NEWS
    return move(state, what, at) if what in TRANSITIONS[state.status] else state


def _wish(state: SeatState, what: SeatInput, reason: str) -> After | None:
    """What is to hold when the call is over."""
    asked = what in {_I.PAUSE_REQUESTED, _I.SIGNED_OUT}
    if what is _I.MADE_READY or (asked and state.status is _S.WRAP_UP):
        return None
    if asked and state.status in DURING_CALL:
        return After(_S.OFFLINE) if what is _I.SIGNED_OUT else After(_S.PAUSED, reason)
    if state.status is _S.PAUSED and what in {_I.RING_STARTED, _I.DIALED, _I.ANSWERED}:
        return After(_S.PAUSED, state.reason)
    if state.status is _S.WRAP_UP and what is _I.RING_STARTED:
        return state.after or After(_S.PAUSED, Reason.WRAP_UP)
    return state.after


def _reason(state: SeatState, what: SeatInput, requested: str) -> str:
    if what is _I.PAUSE_REQUESTED:
        return requested
    kept = state.reason if state.status is _S.PAUSED else ""
    return kept or _PAUSE_REASONS.get(what, "")


# --- steering the PBX -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DesiredSeat:
    """What the PBX should have for a seat: its place (penalty) in each of its queues, and the reason for its pause
    (None: calls are offered)."""

    seat: str
    queues: Mapping[str, int] = field(default_factory=dict)
    paused_for: str | None = None


def desired_seat(seat: str, state: SeatState, queues: Mapping[str, int]) -> DesiredSeat:
    """What the PBX should have for a seat in this state that serves these queues, each at this place.

    From the moment it answers or dials a seat is held back, so that no call slips in between hang-up and wrap-up.
    """
    if state.status is _S.OFFLINE:
        return DesiredSeat(seat)
    paused_for = {
        _S.READY: None,
        _S.RINGING: None if state.after is None else state.after.reason or str(state.after.status),
        _S.DIALING: Reason.WRAP_UP,
        _S.TALKING: Reason.WRAP_UP,
        _S.WRAP_UP: Reason.WRAP_UP,
        _S.PAUSED: state.reason,
    }[state.status]
    return DesiredSeat(seat, dict(queues), None if paused_for is None else str(paused_for))


def membership_actions(desired: Iterable[DesiredSeat], actual: QueueView) -> list[dict[str, str]]:
    """The AMI actions that bring the PBX from `actual` to `desired`; none when it is there already.

    Seats that are not in `desired` are taken out of all queues; members written in the PBX's own files are left alone.
    """
    wanted = {seat.seat: seat for seat in desired}
    actions: list[dict[str, str]] = []
    for seat in sorted(wanted.keys() | actual.keys()):
        actions += _seat_actions(wanted.get(seat, DesiredSeat(seat)), actual.get(seat, {}))
    return actions


def _seat_actions(desired: DesiredSeat, actual: Mapping[str, Membership]) -> list[dict[str, str]]:
    interface = interface_of(desired.seat)
    target = Membership(desired.paused_for is not None, desired.paused_for or "")
    actions = [
        {"Action": "QueueRemove", "Queue": queue, "Interface": interface}
        for queue, place in sorted(actual.items())
        if queue not in desired.queues and place.dynamic
    ]
    for queue, penalty in sorted(desired.queues.items()):
        place = actual.get(queue)
        if place is None:
            actions.append(_add(queue, interface, desired.seat, penalty, paused=target.paused))
        elif place.penalty != penalty:
            actions.append({"Action": "QueuePenalty", "Queue": queue, "Interface": interface, "Penalty": str(penalty)})
        if (place or Membership(target.paused)).reason != target.reason or (place and place.paused != target.paused):
            actions.append(_pause(queue, interface, target))
    return actions


def _add(queue: str, interface: str, seat: str, penalty: int, *, paused: bool) -> dict[str, str]:
    """Join, paused from the first moment if so desired; QueueAdd takes no reason, so a QueuePause follows."""
    return {
        "Action": "QueueAdd",
        "Queue": queue,
        "Interface": interface,
        "MemberName": seat,
        "StateInterface": interface,
        "Penalty": str(penalty),
        "Paused": "true" if paused else "false",
    }


def _pause(queue: str, interface: str, target: Membership) -> dict[str, str]:
    action = {"Action": "QueuePause", "Queue": queue, "Interface": interface}
    return action | {"Paused": "true" if target.paused else "false", "Reason": target.reason}
