"""What a console orders of a hardware phone at its seat, and the AMI actions that carry it out. Pure.

Such a phone has one line, and all that it must understand is NOTIFY `talk` and `hold` (answer, hold, resume); the PBX
does the rest. Whom the agent consults comes to that one line: see `configs/asterisk/extensions_phone.conf.j2`, whose
steps these orders start. What came of an order, the facts of the call tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from backend.kernel.errors import Conflict
from telephony.call import Call, Consult
from telephony.names import interface_of
from telephony.order import (
    Action,
    Order,
    OrderUnreadable,
    SeatNotInCall,
    bare,
    call_of,
    check_words,
    hang_up,
    seat_channel,
)
from telephony.phone_events import HANGS_UP, MUTED

TONES = frozenset("0123456789*#ABCD")
_CONTEXT = "seat-phone"
_LOCAL_LEGS_WITHIN_MS = "5000"


class NobodyConsulted(Conflict):
    """The seat consults nobody, or nobody has answered yet."""


class ConsultsAlready(Conflict):
    """The seat consults somebody already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPhone(Order):
    """Let the ringing phone of the seat take the call."""

    call_id: str
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPhone(Order):
    """Let the phone put the citizen on hold."""

    call_id: str
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePhone(Order):
    """Let the phone take the citizen off hold."""

    call_id: str
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpPhone(Order):
    """End whatever the phone of the seat rings or talks in; what becomes of a citizen is the dialplan's."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MutePhone(Order):
    """Let nobody hear the phone (`muted`), or let it be heard again."""

    call_id: str
    seat: str
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTone(Order):
    """Press a key towards whom the seat talks to."""

    call_id: str
    seat: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferBlind(Order):
    """Hand the citizen over to a seat, a queue or an outside number, unannounced."""

    call_id: str
    seat: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultFromPhone(Order):
    """Let the citizen wait with music and call a seat, a queue or an outside number."""

    call_id: str
    seat: str
    to: str


class Hearing(StrEnum):
    """Whom the agent hears while consulting; each is the name of a step in the dialplan."""

    COLLEAGUE = "aside"
    CITIZEN = "apart"
    BOTH = "together"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveConsult(Order):
    """Let the agent hear the colleague, the citizen or both; who is not heard waits with music."""

    call_id: str
    seat: str
    hearing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndConsult(Order):
    """Let the colleague go; the agent is back with the citizen."""

    call_id: str
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferConsulted(Order):
    """Hand the citizen over to who is consulted."""

    call_id: str
    seat: str


def _answer(order: AnswerPhone, _: str, calls: Mapping[str, Call]) -> list[Action]:
    channel = call_of(calls, order.call_id).ringing.get(order.seat)
    if channel is None:
        raise SeatNotInCall(f"Seat {order.seat} does not ring any more.", kept="Nothing was changed.")
    return [_notify(channel, "talk")]


def _hold(order: HoldPhone, _: str, calls: Mapping[str, Call]) -> list[Action]:
    return [_notify(phone_channel(calls, order.call_id, order.seat), "hold")]


def _resume(order: ResumePhone, _: str, calls: Mapping[str, Call]) -> list[Action]:
    return [_notify(phone_channel(calls, order.call_id, order.seat), "talk")]


def _notify(channel: str, event: str) -> Action:
    return {"Action": "PJSIPNotify", "Channel": channel, "Variable": [f"Event={event}", "Subscription-State=active"]}


def _hang_up(order: HangUpPhone, _: str, calls: Mapping[str, Call]) -> list[Action]:
    check_words(order.seat)
    talking = next((call.talking[order.seat] for call in calls.values() if order.seat in call.talking), "")
    told: list[Action] = [{"Action": "UserEvent", "UserEvent": HANGS_UP, "Channel": talking}] if talking else []
    return [*told, hang_up(f"/^{interface_of(order.seat)}-[0-9a-f]+$/")]


def _mute(order: MutePhone, _: str, calls: Mapping[str, Call]) -> list[Action]:
    channel = phone_channel(calls, order.call_id, order.seat)
    state = "on" if order.muted else "off"
    return [
        {"Action": "MuteAudio", "Channel": channel, "Direction": "in", "State": state},
        # the PBX has no event for it, so it is told in order with all others once it is done
        {"Action": "UserEvent", "UserEvent": MUTED, "Channel": channel, "State": state},
    ]


def _tone(order: SendTone, _: str, calls: Mapping[str, Call]) -> list[Action]:
    if order.tone not in TONES:
        raise OrderUnreadable(f"{order.tone!r} is no key of a telephone.", field="tone")
    call = call_of(calls, order.call_id)
    phone_channel(calls, order.call_id, order.seat)
    consult = call.consults.get(order.seat)
    heard = consult.with_channel if consult is not None and order.seat in call.held else call.channel
    return [{"Action": "PlayDTMF", "Channel": heard or call.channel, "Digit": order.tone}]


def _transfer_blind(order: TransferBlind, order_id: str, calls: Mapping[str, Call]) -> list[Action]:
    check_words(order.to)
    call, phone = _talk_of(calls, order.call_id, order.seat)
    legs = _legs(call, phone, order.seat)
    return [_connect("transfer", "transferred", order.to, order.seat, order_id, legs)]


def _consult(order: ConsultFromPhone, order_id: str, calls: Mapping[str, Call]) -> list[Action]:
    check_words(order.to, order.seat)
    call, phone = _talk_of(calls, order.call_id, order.seat)
    if order.seat in call.consults:
        raise ConsultsAlready("You consult somebody already.", kept="Nobody else was called.")
    legs = _legs(call, phone, order.seat)
    return [
        # who is on hold stays there by the bridge from here on, and the phone is needed to talk
        *([_notify(phone, "talk")] if order.seat in call.held else []),
        *(_set(phone, name, value) for name, value in legs.items()),
        _connect(Hearing.COLLEAGUE, "consulted", order.to, order.seat, order_id, legs),
    ]


def _legs(call: Call, phone: str, seat: str) -> dict[str, str]:
    return {"HOTLINE_CITIZEN": bare(call.channel), "HOTLINE_PHONE": bare(phone), "HOTLINE_SEAT": seat}


def _connect(step: str, context: str, to: str, seat: str, order_id: str, variables: Mapping[str, str]) -> Action:
    """Two legs inside the PBX: the near one takes the step, the far one goes to `to`. If that does not exist in
    `context`, the near one does nothing and the order fails."""
    return {
        "Action": "Originate",
        "ActionID": order_id,
        "Channel": f"Local/{step}@{_CONTEXT}/n",
        "Context": context,
        "Exten": to,
        "Priority": "1",
        "CallerID": f"<{seat}>",
        "Timeout": _LOCAL_LEGS_WITHIN_MS,
        "Async": "true",
        "Variable": [f"{name}={value}" for name, value in {**variables, "HOTLINE_TO": to}.items()],
    }


def _move_consult(order: MoveConsult, _: str, calls: Mapping[str, Call]) -> list[Action]:
    far = _consult_of(calls, order.call_id, order.seat).channel
    near = f"{far.removesuffix('1')}2"
    return [_redirect(near, Hearing(order.hearing))]


def _end_consult(order: EndConsult, _: str, calls: Mapping[str, Call]) -> list[Action]:
    consult = call_of(calls, order.call_id).consults.get(order.seat)
    if consult is None:
        raise NobodyConsulted("You consult nobody any more.", kept="Nothing was changed.")
    return [hang_up(consult.channel)]


def _transfer_consulted(order: TransferConsulted, _: str, calls: Mapping[str, Call]) -> list[Action]:
    consult = _consult_of(calls, order.call_id, order.seat)
    citizen = bare(call_of(calls, order.call_id).channel)
    return [
        _set(consult.with_channel, "HOTLINE_CITIZEN", citizen),
        _set(consult.with_channel, "HOTLINE_SEAT", order.seat),
        _redirect(consult.channel, consult.to, context="consulted", priority="leave"),
    ]


def phone_channel(calls: Mapping[str, Call], call_id: str, seat: str) -> str:
    """The channel of the seat's phone in a call, also where it is consulted; raises what `seat_channel` does."""
    consulted = (one.with_channel for one in call_of(calls, call_id).consults.values() if one.with_seat == seat)
    return next(consulted, "") or seat_channel(calls, call_id, seat)


def _talk_of(calls: Mapping[str, Call], call_id: str, seat: str) -> tuple[Call, str]:
    """The call and the phone of a seat that talks to the citizen itself: who is only consulted cannot give him away."""
    call = call_of(calls, call_id)
    if seat not in call.talking:
        raise SeatNotInCall(f"Seat {seat} does not talk to the citizen.", kept="Nothing was changed.")
    return call, call.talking[seat]


def _consult_of(calls: Mapping[str, Call], call_id: str, seat: str) -> Consult:
    consult = call_of(calls, call_id).consults.get(seat)
    if consult is None or not consult.with_channel:
        raise NobodyConsulted("Nobody who was asked has answered.", kept="Nothing was changed.")
    return consult


def _set(channel: str, variable: str, value: str) -> Action:
    return {"Action": "Setvar", "Channel": channel, "Variable": variable, "Value": value}


def _redirect(channel: str, step: str, *, context: str = _CONTEXT, priority: str = "1") -> Action:
    return {"Action": "Redirect", "Channel": channel, "Context": context, "Exten": step, "Priority": priority}


PHONE_ACTIONS: dict[type[Order], Callable[[Any, str, Mapping[str, Call]], list[Action]]] = {
    AnswerPhone: _answer,
    HoldPhone: _hold,
    ResumePhone: _resume,
    HangUpPhone: _hang_up,
    MutePhone: _mute,
    SendTone: _tone,
    TransferBlind: _transfer_blind,
    ConsultFromPhone: _consult,
    MoveConsult: _move_consult,
    EndConsult: _end_consult,
    TransferConsulted: _transfer_consulted,
}
"""How each of these orders is carried out."""
