"""What the PBX can be ordered to do: typed orders, and the AMI actions that carry each of them out. Pure.

An order names calls and seats; which channels these are at this moment is looked up when it is carried out. How orders
are kept, and carried out at most once, stands in `backend.orders`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from backend.kernel.errors import Conflict, HotlineError
from telephony.ami import AmiEvent
from telephony.call import Call
from telephony.facts import SpyMode
from telephony.names import interface_of, is_number

Action = dict[str, str | list[str]]
"""One AMI action. An `Originate` carries an ActionID, under which the PBX tells later how it came out."""

SEAT_ANSWERS_WITHIN_S = 20.0
"""How long the phone of a seat may ring for an ordered call; a softphone answers at once."""

ORDER_HEADER = "X-Hotline-Order"
"""Marks a call at a seat's phone as ordered from the console, so that the softphone takes it by itself."""

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


class OrderUnreadable(HotlineError):
    """A stored order has an unknown kind, or its content does not fit it."""


class CallGone(Conflict):
    """The call that the order speaks of is over."""


class SeatNotInCall(Conflict):
    """The seat neither rings nor talks in the call that the order speaks of."""


class SeatDidNotAnswer(Conflict):
    """The phone of the seat did not take the call that was ordered there, so nobody else was called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something that the PBX is to do. Compare by value; store by `kind` and `as_payload()`."""

    kind: ClassVar[str] = "order"

    def __init_subclass__(cls) -> None:
        cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        KINDS[cls.kind] = cls

    def as_payload(self) -> dict[str, Any]:
        """The order as JSON values; `from_payload(kind, payload)` gives an equal order back."""
        return asdict(self)

    @classmethod
    def _read(cls, payload: dict[str, Any]) -> Self:
        return cls(**payload)


KINDS: dict[str, type[Order]] = {}


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
        return cls._read(payload)
    except TypeError as error:
        raise OrderUnreadable(f"The stored order {kind!r} cannot be read: {error}.", field="payload") from error


def actions_of(order: Order, order_id: str, calls: Mapping[str, Call]) -> list[Action]:
    """The actions that carry the order out, in their order; `calls` are those that the PBX holds now.

    Raises CallGone or SeatNotInCall when it cannot be carried out any more, OrderUnreadable when it never could.
    """
    return _ACTIONS[type(order)](order, order_id, calls)


def originate(
    seat: str, order_id: str, *, channel_id: str, context: str, exten: str, caller_id: str = "", **variables: str
) -> Action:
    """Call the phone of `seat`, which takes it by itself, and let it go on in the dialplan at `exten` in `context`.

    `caller_id` is what the seat's phone shows (its own number if empty). `variables` are set on the seat's channel
    under their names in capitals. Asynchronous, so that the link stays free while the phone rings: how it came out is
    told by the event OriginateResponse with the order's id.
    """
    for text in (seat, order_id, channel_id, context, exten, caller_id or seat, *variables.values()):
        if not _ID.fullmatch(text.lstrip("+*_")):
            raise OrderUnreadable(f"{text!r} cannot stand in an order to the PBX.")
    headers = {ORDER_HEADER: order_id, "Call-Info": "<sip:hotline>;answer-after=0"}
    return {
        "Action": "Originate",
        "ActionID": order_id,
        "Channel": interface_of(seat),
        "ChannelId": channel_id,
        "Context": context,
        "Exten": exten,
        "Priority": "1",
        "CallerID": f"<{caller_id or seat}>",
        "Timeout": str(round(SEAT_ANSWERS_WITHIN_S * 1000)),
        "Async": "true",
        "Variable": [
            *(f"{name.upper()}={value}" for name, value in variables.items()),
            *(f"PJSIP_HEADER(add,{name})={value}" for name, value in headers.items()),
        ],
    }


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
    return [_hang_up(_call(calls, order.call_id).channel)]


def _hang_up_seat(order: HangUpSeat, _: str, calls: Mapping[str, Call]) -> list[Action]:
    return [_hang_up(seat_channel(calls, order.call_id, order.seat))]


def _pause_recording(order: PauseRecording, _: str, calls: Mapping[str, Call]) -> list[Action]:
    return [_mute_recording(_call(calls, order.call_id), muted=True)]


def _resume_recording(order: ResumeRecording, _: str, calls: Mapping[str, Call]) -> list[Action]:
    return [_mute_recording(_call(calls, order.call_id), muted=False)]


def resume_forgotten(calls: Iterable[Call], now: datetime, longest: timedelta) -> list[Action]:
    """Ends the pauses of recordings that have lasted for `longest`: whoever asked for them may be gone."""
    return [
        _mute_recording(call, muted=False)
        for call in calls
        if call.recording_paused_at is not None and now - call.recording_paused_at >= longest
    ]


def _mute_recording(call: Call, *, muted: bool) -> Action:
    # both legs: the seat repeats what the citizen tells
    return {"Action": "MixMonitorMute", "Channel": call.channel, "Direction": "both", "State": "1" if muted else "0"}


def _supervise(order: Supervise, order_id: str, calls: Mapping[str, Call]) -> list[Action]:
    heard = seat_channel(calls, order.call_id, order.agent_seat)
    return _supervisor_to(order.seat, order_id, str(SpyMode(order.mode)), calls, hotline_target=_bare(heard))


def _take_over(order: TakeOver, order_id: str, calls: Mapping[str, Call]) -> list[Action]:
    seat_channel(calls, order.call_id, order.agent_seat)
    citizen = _bare(_call(calls, order.call_id).channel)
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


def _bare(channel: str) -> str:
    """The channel's name without its technology, which the dialplan adds: a slash cannot stand in an order."""
    return channel.removeprefix("PJSIP/")


def seat_channel(calls: Mapping[str, Call], call_id: str, seat: str) -> str:
    """The channel of a seat's leg in a call, talking or ringing. Raises CallGone or SeatNotInCall."""
    call = _call(calls, call_id)
    placing = call.placed_channel if call.placed_by == seat and not call.answered else ""
    channel = call.talking.get(seat) or call.ringing.get(seat) or placing
    if not channel:
        raise SeatNotInCall(f"Seat {seat} is not in this call any more.", kept="Nothing was changed.")
    return channel


def _call(calls: Mapping[str, Call], call_id: str) -> Call:
    call = calls.get(call_id)
    if call is None:
        raise CallGone("The call is over.", kept="Nothing was changed.")
    return call


def _hang_up(channel: str) -> Action:
    return {"Action": "Hangup", "Channel": channel, "Cause": "16"}


_ACTIONS: dict[type[Order], Callable[[Any, str, Mapping[str, Call]], list[Action]]] = {
    DialOut: _dial_out,
    HangUpCall: _hang_up_call,
    HangUpSeat: _hang_up_seat,
    PauseRecording: _pause_recording,
    ResumeRecording: _resume_recording,
    Supervise: _supervise,
    TakeOver: _take_over,
}
"""How each kind of order is carried out; a new kind is a class above and a line here."""
