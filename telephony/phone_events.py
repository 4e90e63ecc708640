"""What the PBX tells of a hardware phone that is controlled from the console, read against what is known of its call.

The dialplan of such a phone (`extensions_phone.conf`) tells each of its steps itself, just before it takes
it, because the PBX has events for bridges but none for what they mean. That the PBX mutes a phone, or hangs it up for
its agent, is told by whoever ordered it (`telephony.phone_commands`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from telephony import consult_events as consult
from telephony import facts as f
from telephony.ami import AmiEvent
from telephony.call import Call
from telephony.names import seat_of

STEP = "HotlineStep"
MUTED = "HotlineMuted"
HANGS_UP = "HotlineHangsUp"


def step(call: Call, event: AmiEvent, at: datetime) -> Iterable[f.CallFact]:
    """A step of the dialplan."""
    read, seat = _STEPS.get(event["Step"]), event["Seat"]
    return read(call, seat, event, at) if read is not None and seat in call.talking else ()


def muted(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    """The PBX has muted the phone, or lets it be heard again."""
    seat = seat_of(event["Channel"])
    now_muted = event["State"] == "on"
    if seat is not None and (seat in call.muted) is not now_muted:
        fact = f.SeatMuted if now_muted else f.SeatUnmuted
        yield fact(at=at, call_id=call.id, seat=seat)


def hangs_up(call: Call, event: AmiEvent) -> None:
    """Note that it was the seat that ended the talk: of a leg that the PBX ends it does not say for whom."""
    if event["Channel"] in call.talking.values() or event["Channel"] == call.placed_channel:
        call.hung_up_by = call.hung_up_by or f.Party.SEAT


def gone(call: Call, channel: str, at: datetime) -> Iterable[f.CallFact]:
    """A phone that hangs up while all three hear each other leaves the citizen to whom it consulted."""
    seat = seat_of(channel) or ""
    asked = call.consults.get(seat)
    if asked is None or not asked.on_own_line or asked.together_since is None or call.talking.get(seat) != channel:
        return ()
    return consult.handed_over(call, seat, asked.with_channel, at)


def _began(call: Call, seat: str, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    if seat not in call.consults and event["Channel"] not in call.gone:
        yield f.ConsultBegan(at=at, call_id=call.id, seat=seat, to=event["To"], channel=event["Channel"])


def _aside(call: Call, seat: str, _: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    _set_aside(call, seat, aside=True)
    if seat not in call.held:
        yield f.CallHeld(at=at, call_id=call.id, seat=seat)
    yield from consult.heard(call, seat, at, held=False)


def _back(call: Call, seat: str, _: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    _set_aside(call, seat, aside=False)
    if seat in call.held:
        yield f.CallResumed(at=at, call_id=call.id, seat=seat)


def _set_aside(call: Call, seat: str, *, aside: bool) -> None:
    asked = call.consults.get(seat)
    if asked is not None:
        asked.aside = aside


def _apart(call: Call, seat: str, _: AmiEvent, at: datetime) -> Iterable[f.CallFact]:
    return consult.heard(call, seat, at, held=True)


def _together(call: Call, seat: str, _: AmiEvent, at: datetime) -> Iterable[f.CallFact]:
    return consult.heard(call, seat, at, held=False)


def _transferred(call: Call, seat: str, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    yield f.CallTransferred(at=at, call_id=call.id, from_seat=seat, to=event["To"], mode=f.TransferMode.BLIND)
    yield f.TalkEnded(at=at, call_id=call.id, seat=seat, ended_by=f.Party.TRANSFER)


def _handed(call: Call, seat: str, event: AmiEvent, at: datetime) -> Iterable[f.CallFact]:
    return consult.handed_over(call, seat, event["Channel"], at)


_STEPS: dict[str, Callable[[Call, str, AmiEvent, datetime], Iterable[f.CallFact]]] = {
    "began": _began,
    "aside": _aside,
    "back": _back,
    "apart": _apart,
    "together": _together,
    "transferred": _transferred,
    "handed": _handed,
}
"""The steps of the dialplan, by the word with which it tells them."""
