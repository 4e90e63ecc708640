"""What the PBX tells of a supervisor who takes part in a call, read against what is known of that call.

A supervisor's leg is no part of the call's talk: it has its own dialplan (`extensions_supervise.conf`), whose extension
names the mode. Barging in and taking over are told by that dialplan itself: to the PBX they are bridges like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from datetime import datetime

from telephony import facts as f
from telephony.ami import AmiEvent
from telephony.call import Call
from telephony.names import seat_of

TAKE_OVER, BARGE = "HotlineTakeOver", "HotlineBarge"
_MODES = frozenset(f.SpyMode)


def began(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    """A supervisor began to listen, or went on in another mode."""
    by_seat, seat = seat_of(event["SpyerChannel"]), seat_of(event["SpyeeChannel"])
    if by_seat is None or seat is None or event["SpyerExten"] not in _MODES or by_seat in call.supervisors:
        return
    mode, channel = f.SpyMode(event["SpyerExten"]), event["SpyerChannel"]
    yield f.SupervisionBegan(at=at, call_id=call.id, seat=seat, by_seat=by_seat, mode=mode, channel=channel)


def barged(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    """The supervisor whose channel tells this is about to join the talk."""
    by_seat, channel, seat = seat_of(event["Channel"]), event["Channel"], seat_of(event["DestChannel"])
    if by_seat is None or seat is None or by_seat in call.supervisors:
        return
    mode = f.SpyMode.BARGE
    yield f.SupervisionBegan(at=at, call_id=call.id, seat=seat, by_seat=by_seat, mode=mode, channel=channel)


def left_bridge(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    """A supervisor who had barged in is out of the talk."""
    yield from leg_over(call, event["Channel"], at)


def leg_over(call: Call, channel: str, at: datetime) -> Iterator[f.CallFact]:
    """What the end of this channel, or its leaving of the talk, means for who takes part."""
    for by_seat, supervisor in list(call.supervisors.items()):
        if supervisor.channel == channel:
            yield from _ended(call, by_seat, at)


def left_with_citizen(call: Call, seat: str, at: datetime) -> Iterator[f.CallFact]:
    """The seat is out of a talk in which a supervisor had barged in: he goes on with the citizen as if he had taken the
    call over."""
    for by_seat, supervisor in list(call.supervisors.items()):
        if supervisor.seat == seat and supervisor.mode is f.SpyMode.BARGE:
            yield from _taken_over(call, seat, by_seat, supervisor.channel, at)
            return


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
    yield from _taken_over(call, seat, by_seat, channel, at)


def _taken_over(call: Call, seat: str, by_seat: str, channel: str, at: datetime) -> Iterator[f.CallFact]:
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


TOLD: dict[str, Callable[[Call, AmiEvent, datetime], Iterator[f.CallFact]]] = {BARGE: barged, TAKE_OVER: take_over}
"""What the supervisors' dialplan tells by itself."""
