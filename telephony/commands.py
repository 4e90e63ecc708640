"""What the PBX can be ordered to do: typed orders, and the AMI actions that carry each of them out. Pure.

An order names calls and seats; which channels these are at this moment is looked up when it is carried out. How orders
are kept, and carried out at most once, stands in `backend.orders`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend.kernel.errors import Conflict
from telephony.ami import AmiEvent
from telephony.call import Call
from telephony.facts import SpyMode
from telephony.names import is_number
from telephony.order import KINDS, Action, Order, OrderUnreadable, bare, call_of, hang_up, originate, seat_channel
from telephony.phone_commands import PHONE_ACTIONS


class SeatDidNotAnswer(Conflict):
    """The phone of the seat did not take the call that was ordered there, so nobody else was called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialOut(Order):
    """Call `number` from `seat`: first the seat's own phone, then the outside, where `shown_number` is displayed.

    `call_id` is the id that the call shall have.
    """

    seat: str
    number: str
    shown_number: str
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpCall(Order):
    """End the call for everybody."""

    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpSeat(Order):
    """Take one seat out of the call, or end its ringing; what becomes of the citizen is the dialplan's."""

    call_id: str
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRecording(Order):
    """Record silence from now on, while a card number or a password is told."""

    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRecording(Order):
    """Record again what is said."""

    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervise(Order):
    """Let the phone of `seat` take part in the talk of `agent_seat` in the call; one that does already changes over."""

    seat: str
    call_id: str
    agent_seat: str
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver(Order):
    """Let the phone of `seat` talk to the citizen in the place of `agent_seat`, whose own leg ends then."""

    seat: str
    call_id: str
    agent_seat: str


def from_payload(kind: str, payload: dict[str, Any]) -> Order:
    """The order that was stored under `kind`. Raises OrderUnreadable when the kind or the content is unknown."""
    cls = KINDS.get(kind)
    if cls is None:
        raise OrderUnreadable(f"No order is called {kind!r}.", field="kind")
    try:
        return cls(**payload)
    except TypeError as error:
        raise OrderUnreadable(f"The stored order {kind!r} cannot be read: {error}.", field="payload") from error


def actions_of(order: Order, order_id: str, calls: Mapping[str, Call]) -> list[Action]:
    """The actions that carry the order out, in their order; `calls` are those that the PBX holds now.

    Raises CallGone or SeatNotInCall when it cannot be carried out any more, OrderUnreadable when it never could.
    """
    return _ACTIONS[type(order)](order, order_id, calls)


def origination_problem(event: AmiEvent) -> SeatDidNotAnswer | None:
    """Why the seat's phone did not take the call, as an OriginateResponse tells it; None when it did."""
    if event["Response"] == "Success":
        return None
    why = _REASONS.get(event["Reason"], f"reason {event['Reason'] or 'not told'}")
    return SeatDidNotAnswer(
        f"The seat's phone did not take the call: {why}.",
        kept="Nobody else was called.",
        next_step="Look whether the phone is connected and free, then try again.",
    )


_REASONS = {"0": "it cannot be reached", "1": "it refused", "3": "it rang unanswered", "5": "it is busy"}


def _dial_out(order: DialOut, order_id: str, _: Mapping[str, Call]) -> list[Action]:
    if not (is_number(order.number) and is_number(order.shown_number)):
        raise OrderUnreadable("An order to dial holds something that is not a telephone number.", field="number")
    return [
        originate(
            order.seat,
            order_id,
            channel_id=order.call_id,
            context="outbound",
            exten=order.number,
            caller_id=order.shown_number,
            hotline_shown=order.shown_number,
            hotline_seat=order.seat,
        )
    ]


def _hang_up_call(order: HangUpCall, _: str, calls: Mapping[str, Call]) -> list[Action]:
    return [hang_up(call_of(calls, order.call_id).channel)]


def _hang_up_seat(order: HangUpSeat, _: str, calls: Mapping[str, Call]) -> list[Action]:
    return [hang_up(seat_channel(calls, order.call_id, order.seat))]


def _pause_recording(order: PauseRecording, _: str, calls: Mapping[str, Call]) -> list[Action]:
    return [_mute_recording(call_of(calls, order.call_id), muted=True)]


def _resume_recording(order: ResumeRecording, _: str, calls: Mapping[str, Call]) -> list[Action]:
    return [_mute_recording(call_of(calls, order.call_id), muted=False)]


def resume_forgotten(calls: Iterable[Call], now: datetime, longest: timedelta) -> list[Action]:
    """Ends the pauses of recordings that have lasted for `longest`: whoever asked for them may be gone."""
    return [
        _mute_recording(call, muted=False)
        for call in calls
        if call.recording_paused_at is not None and now - call.recording_paused_at >= longest
    ]


def end_left_consults(calls: Iterable[Call]) -> list[Action]:
    """Ends the consultations whose page is gone: the colleague would listen to nothing until the leg counts as lost."""
    return [hang_up(consult.channel) for call in calls for consult in call.consults.values() if consult.left]


def _mute_recording(call: Call, *, muted: bool) -> Action:
    # both legs: the seat repeats what the citizen tells
    return {"Action": "MixMonitorMute", "Channel": call.channel, "Direction": "both", "State": "1" if muted else "0"}


def _supervise(order: Supervise, order_id: str, calls: Mapping[str, Call]) -> list[Action]:
    names = {
        "hotline_target": bare(seat_channel(calls, order.call_id, order.agent_seat)),
        "hotline_citizen": bare(call_of(calls, order.call_id).channel),
        "hotline_call": order.call_id,
    }
    return _supervisor_to(order.seat, order_id, str(SpyMode(order.mode)), calls, **names)


def _take_over(order: TakeOver, order_id: str, calls: Mapping[str, Call]) -> list[Action]:
    seat_channel(calls, order.call_id, order.agent_seat)
    citizen = bare(call_of(calls, order.call_id).channel)
    names = {"hotline_target": citizen, "hotline_from": order.agent_seat, "hotline_call": order.call_id}
    return _supervisor_to(order.seat, order_id, "take-over", calls, **names)


def _supervisor_to(seat: str, order_id: str, exten: str, calls: Mapping[str, Call], **variables: str) -> list[Action]:
    """A phone that supervises already is led on without being called again, so nothing is heard of the change."""
    present = next((call.supervisors[seat].channel for call in calls.values() if seat in call.supervisors), None)
    if present is None:
        channel_id = f"supervisor-{order_id}"
        return [originate(seat, order_id, channel_id=channel_id, context="supervise", exten=exten, **variables)]
    settings: list[Action] = [
        {"Action": "Setvar", "Channel": present, "Variable": name.upper(), "Value": value}
        for name, value in variables.items()
    ]
    return [
        *settings,
        {"Action": "Redirect", "Channel": present, "Context": "supervise", "Exten": exten, "Priority": "1"},
    ]


_ACTIONS: dict[type[Order], Callable[[Any, str, Mapping[str, Call]], list[Action]]] = {
    DialOut: _dial_out,
    HangUpCall: _hang_up_call,
    HangUpSeat: _hang_up_seat,
    PauseRecording: _pause_recording,
    ResumeRecording: _resume_recording,
    Supervise: _supervise,
    TakeOver: _take_over,
    **PHONE_ACTIONS,
}
"""How each kind of order is carried out; a new kind is a class above and a line here."""
