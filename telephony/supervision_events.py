"""What the PBX tells of a supervisor who takes part in a call, read against what is known of that call.

A supervisor's leg is no part of the call's talk: it has its own dialplan (`extensions_supervise.conf`), whose extension
names the mode. Taking a call over is told by that dialplan itself, because the PBX has no event for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import datetime

from telephony import facts as f
from telephony.ami import AmiEvent
from telephony.call import Call
from telephony.names import seat_of

TAKE_OVER = "HotlineTakeOver"
_MODES = frozenset(f.SpyMode)


def began(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    """A supervisor began to listen, or went on in another mode."""
    by_seat, seat = seat_of(event["SpyerChannel"]), seat_of(event["SpyeeChannel"])
    if by_seat is None or seat is None or event["SpyerExten"] not in _MODES or by_seat in call.supervisors:
        return
    mode, channel = f.SpyMode(event["SpyerExten"]), event["SpyerChannel"]
    yield f.SupervisionBegan(at=at, call_id=call.id, seat=seat, by_seat=by_seat, mode=mode, channel=channel)


def stopped(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    """A supervisor stopped listening."""
    by_seat = seat_of(event["SpyerChannel"])
    if by_seat is not None:
        yield from _ended(call, by_seat, at)


def take_over(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    """The supervisor whose channel tells this talks to the citizen from here on, in the place of a seat."""
    by_seat, channel, seat = seat_of(event["Channel"]), event["Channel"], event["FromSeat"]
    if by_seat is None or seat not in call.talking or by_seat in call.talking:
        return
    yield from _ended(call, by_seat, at)
    yield f.CallTransferred(at=at, call_id=call.id, from_seat=seat, to=by_seat, mode=f.TransferMode.TAKE_OVER)
    yield f.TalkEnded(at=at, call_id=call.id, seat=seat, ended_by=f.Party.TRANSFER)
    yield f.CallAnswered(at=at, call_id=call.id, seat=by_seat, channel=channel)


def all_ended(call: Call, at: datetime, *, present: Set[str] = frozenset(), recovered: bool) -> Iterator[f.CallFact]:
    """Nobody supervises any more over a channel that is not `present`."""
    for by_seat, supervisor in list(call.supervisors.items()):
        if supervisor.channel not in present:
            yield from _ended(call, by_seat, at, recovered=recovered)


def _ended(call: Call, by_seat: str, at: datetime, *, recovered: bool = False) -> Iterator[f.CallFact]:
    supervisor = call.supervisors.get(by_seat)
    if supervisor is not None:
        yield f.SupervisionEnded(at=at, call_id=call.id, seat=supervisor.seat, by_seat=by_seat, recovered=recovered)
