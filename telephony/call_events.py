"""What each PBX event means for a call: event by event, read against what is known of the call.

Every reader is a pure function of (call, event, time) that yields facts; it may note a hint on the call (who hung up
first, what the phone said), which only serves to word a later fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from telephony import consult_events as consult
from telephony import facts as f
from telephony import phone_events as phone
from telephony import supervision_events as supervision
from telephony.ami import AmiEvent
from telephony.call import Call, Direction
from telephony.consult_events import RINGING_IN
from telephony.host_events import HANDING_OVER, handing_over, is_arrival, is_placing
from telephony.names import LOST_CAUSES, dialed_in, is_number, is_outside, seat_of, text_or_empty

Reader = Callable[[Call, AmiEvent, datetime], Iterable[f.CallFact]]

CAUSE_BUSY, CAUSE_REJECTED = 17, 21  # Q.850
LET_GO_BY_DRIVER = "1"  # AST_SOFTHANGUP_DEV: the channel driver's own time-out, where an order says 32 (EXPLICIT)
ABANDONED = "abandoned"
GAVE_UP = frozenset({"TIMEOUT", "FULL", "JOINEMPTY", "LEAVEEMPTY", "JOINUNAVAIL", "LEAVEUNAVAIL", "WITHDRAW"})


# --- how a call begins ----------------------------------------------------------------------------------------------


def opening(event: AmiEvent, at: datetime) -> f.CallArrived | f.CallPlaced | None:
    """The fact that begins a call, if this event does. Spying, consulting and idle originating begin none."""
    name, channel = event["Event"], event["Channel"]
    if name == "Newchannel":
        from_outside = event["ChannelState"] == RINGING_IN and is_arrival(channel)
        return arrival(event, at, event["Exten"]) if from_outside and event["Uniqueid"] == event["Linkedid"] else None
    if name == "UserEvent" and event["UserEvent"] == "HotlineArrive" and is_outside(channel):
        return arrival(event, at, event["Dialed"] or event["Exten"])
    if name == "DialBegin" and is_placing(event) and seat_of(channel):
        return _placing(event, at)
    return None


def arrival(event: AmiEvent, at: datetime, dialed: str, *, recovered: bool = False) -> f.CallArrived:
    """A citizen's call, described by any event or list item of his channel."""
    number = text_or_empty(event["Caller"] or event["CallerIDNum"])
    return f.CallArrived(
        at=at,
        call_id=event["Linkedid"],
        caller_number=number,
        caller_known=is_number(number),
        caller_name=text_or_empty(event["CallerIDName"]),
        dialed_number=dialed,
        channel=event["Channel"],
        recovered=recovered,
    )


def _placing(event: AmiEvent, at: datetime) -> f.CallPlaced:
    return f.CallPlaced(
        at=at,
        call_id=event["Linkedid"],
        seat=seat_of(event["Channel"]) or "",
        number=dialed_in(event["DialString"]),
        shown_number=text_or_empty(event["CallerIDNum"]),
        channel=event["DestChannel"],
        seat_channel=event["Channel"],
    )


# --- waiting and ringing --------------------------------------------------------------------------------------------


def _user_event(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    name = event["UserEvent"]
    if name in {"HotlineArrive", "HotlineRecord"} and event["RecFile"] and not call.recording:
        yield f.RecordingStarted(at=at, call_id=call.id, file=event["RecFile"])
    if name in HANDING_OVER:
        yield from handing_over(call, event, at)
    elif name in supervision.TOLD:
        yield from supervision.TOLD[name](call, event, at)
    elif name == phone.STEP:
        yield from phone.step(call, event, at)
    elif name == phone.HANGS_UP:
        phone.hangs_up(call, event)
    elif name == phone.MUTED:
        yield from phone.muted(call, event, at)
    elif name in {"QueueGiveUp", "HotlineEnd"}:
        status = event["Status"] or event["QueueStatus"]
        if status in GAVE_UP and not call.gave_up and not call.answered:
            yield f.CallLeftQueue(at=at, call_id=call.id, queue=call.queue, reason=status.lower())
    elif name == "Satisfaction" and event["Score"].isdecimal() and not call.scored:
        yield f.SurveyAnswered(at=at, call_id=call.id, score=int(event["Score"]), seat=call.last_seat)


def _joined(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    if event["Channel"] == call.channel and event["Queue"] != call.queue:
        position = int(event["Position"]) if event["Position"].isdecimal() else 0
        yield f.CallQueued(at=at, call_id=call.id, queue=event["Queue"], position=position)


def _left(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    """A caller leaves the queue when a seat answered, when he hung up, or when the queue gave him up."""
    if call.queue and call.queue == event["Queue"]:
        reason = ABANDONED if call.hung_up_by is f.Party.CALLER else "gave_up"
        yield f.CallLeftQueue(at=at, call_id=call.id, queue=call.queue, reason=reason)


def _abandoned(call: Call, event: AmiEvent, at: datetime) -> Iterable[f.CallFact]:
    """The PBX says so too of a caller whose time in this queue is over and who goes on to the next announcement; one
    who hung up has asked for it just before."""
    if event["Channel"] != call.channel:  # a seat gave up to consult whoever takes a queue's calls
        return ()
    return _left(call, event, at)


def _rings(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    channel = event["DestChannel"]
    seat = seat_of(channel)
    if seat is None or channel in call.gone or channel in (call.ringing.get(seat), call.talking.get(seat)):
        return
    if seat in call.ringing:
        yield f.SeatRingEnded(at=at, call_id=call.id, seat=seat, outcome=f.RingOutcome.CANCELED)
    asked_by = consult.asker(call, event["Channel"])
    yield f.SeatRinging(at=at, call_id=call.id, seat=seat, channel=channel, asked_by=asked_by)


def _dial_ended(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    channel, status = event["DestChannel"], event["DialStatus"]
    if call.direction is Direction.OUTBOUND and channel == call.channel:
        call.dial_status = status
        if status == "ANSWER":
            yield from _answer(call, call.placed_by, call.placed_channel, at)
    elif status == "ANSWER":
        yield from _taken(call, event, at)
    else:
        yield from _ring_ended(call, channel, at, _ring_outcome(call, channel, status))


def _not_answered(call: Call, event: AmiEvent, at: datetime) -> Iterable[f.CallFact]:
    channel = event["DestChannel"]
    return _ring_ended(call, channel, at, _ring_outcome(call, channel, "NOANSWER"))


def _ring_ended(call: Call, channel: str, at: datetime, outcome: f.RingOutcome) -> Iterator[f.CallFact]:
    seat = seat_of(channel)
    if seat is not None and call.ringing.get(seat) == channel:
        yield f.SeatRingEnded(at=at, call_id=call.id, seat=seat, outcome=outcome)


def _ring_outcome(call: Call, channel: str, status: str) -> f.RingOutcome:
    """A phone that ended the ringing itself was busy or refused; what the PBX ended is worded by its DialStatus."""
    cause = call.phone_causes.get(channel)
    if status == "BUSY" or cause == CAUSE_BUSY:
        return f.RingOutcome.BUSY
    if cause is not None:
        return f.RingOutcome.REFUSED
    if status == "NOANSWER":
        return f.RingOutcome.NO_ANSWER
    if status in {"CHANUNAVAIL", "CONGESTION"}:
        return f.RingOutcome.UNREACHABLE
    others = call.talking and channel not in call.asked
    return f.RingOutcome.ANSWERED_ELSEWHERE if others else f.RingOutcome.CANCELED


# --- talking --------------------------------------------------------------------------------------------------------


def _answer(call: Call, seat: str, channel: str, at: datetime) -> Iterator[f.CallFact]:
    if seat and channel not in call.gone and call.talking.get(seat) != channel:
        yield f.CallAnswered(at=at, call_id=call.id, seat=seat, channel=channel)


def _taken(call: Call, event: AmiEvent, at: datetime) -> Iterable[f.CallFact]:
    """Somebody answered: the citizen's call, or a colleague who consults."""
    channel = event["DestChannel"]
    if asked_by := consult.asker(call, event["Channel"], channel):
        return consult.answered(call, asked_by, channel, at)
    return _answer(call, seat_of(channel) or "", channel, at)


def _entered_bridge(call: Call, event: AmiEvent, at: datetime) -> Iterable[f.CallFact]:
    """A ringing seat that is suddenly in a bridge did answer, though the event that says so was missed; a talking one
    that comes with another leg took its call back."""
    seat, channel = seat_of(event["Channel"]), event["Channel"]
    if seat is None or channel in call.gone or channel in call.second_legs:
        return ()
    if call.ringing.get(seat) == channel:
        asked_by = consult.asker(call, "", channel)
        return consult.answered(call, asked_by, channel, at) if asked_by else _answer(call, seat, channel, at)
    if call.talking.get(seat, channel) != channel:
        return (f.CallTakenBack(at=at, call_id=call.id, seat=seat, channel=channel),)
    return ()


def _held(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    seat = seat_of(event["Channel"])
    if seat in call.talking and seat not in call.held and call.talking[seat] == event["Channel"]:
        yield f.CallHeld(at=at, call_id=call.id, seat=seat)
    yield from consult.leg_held(call, event, at)


def _resumed(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    """The PBX also sends an Unhold before each transfer; on a call that is not held it means nothing."""
    seat = seat_of(event["Channel"])
    if seat in call.held and call.talking.get(seat) == event["Channel"] and not consult.keeps_waiting(call, seat):
        yield f.CallResumed(at=at, call_id=call.id, seat=seat)
    yield from consult.leg_held(call, event, at)


def _recording_muted(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    if event["Channel"] != call.channel:
        return
    muted = event["State"].lower() in {"1", "true", "on", "muted"}
    if muted and call.recording_paused_at is None:
        yield f.RecordingPaused(at=at, call_id=call.id)
    elif not muted and call.recording_paused_at is not None:
        yield f.RecordingResumed(at=at, call_id=call.id)


def _blind_transfer(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    seat = seat_of(event["TransfererChannel"])
    if event["Result"] == "Success" and seat in call.talking:
        to, mode = event["Extension"], f.TransferMode.BLIND
        yield f.CallTransferred(at=at, call_id=call.id, from_seat=seat, to=to, mode=mode)
        yield from _talk_ended(call, seat, at, f.Party.TRANSFER)


def _attended_transfer(call: Call, event: AmiEvent, at: datetime) -> Iterable[f.CallFact]:
    seat = seat_of(event["OrigTransfererChannel"])
    if event["Result"] != "Success" or seat is None or seat not in call.talking:
        return ()
    to = text_or_empty(event["TransferTargetCallerIDNum"] or event["SecondTransfererExten"])
    return consult.handed_over(call, seat, event["TransferTargetChannel"], at, to=to)


# --- the end --------------------------------------------------------------------------------------------------------


def _hangup_requested(call: Call, event: AmiEvent, at: datetime) -> Iterable[f.CallFact]:
    channel = event["Channel"]
    seat = seat_of(channel)
    if event["Cause"] in LOST_CAUSES and _talks_over(call, channel):
        return _lost(call, channel, at, f.Loss.UNREACHABLE)
    if seat is not None and call.ringing.get(seat) == channel:
        call.phone_causes[channel] = int(event["Cause"]) if event["Cause"].isdecimal() else 0
    elif channel == call.channel:
        call.hung_up_by = call.hung_up_by or f.Party.CALLER
    elif channel in call.talking.values() or channel == call.placed_channel:
        call.hung_up_by = call.hung_up_by or f.Party.SEAT
    return ()


def _let_go(call: Call, event: AmiEvent, at: datetime) -> Iterable[f.CallFact]:
    """The PBX itself lets a leg go: ordered to do so, or because no sound has come from it for too long."""
    lost = event["Cause"] == LET_GO_BY_DRIVER and _talks_over(call, event["Channel"])
    return _lost(call, event["Channel"], at, f.Loss.SILENT) if lost else ()


def _talks_over(call: Call, channel: str) -> bool:
    """Whether a seat talks over this channel, to the citizen or to the colleague who asked it."""
    return channel in call.talking.values() or channel in {one.with_channel for one in call.consults.values()}


def _lost(call: Call, channel: str, at: datetime, loss: f.Loss) -> Iterator[f.CallFact]:
    seat = seat_of(channel)
    if seat is not None and seat not in call.lost:
        yield f.LegLost(at=at, call_id=call.id, seat=seat, loss=loss)


def _completed(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    seat, channel = seat_of(event["DestChannel"]), event["DestChannel"]
    if seat is None or call.talking.get(seat) != channel or event["Channel"] in call.second_legs:
        return
    parties = {"caller": f.Party.CALLER, "agent": f.Party.SEAT, "transfer": f.Party.TRANSFER}
    by = parties.get(event["Reason"], f.Party.UNKNOWN)
    if by is f.Party.SEAT:
        yield from supervision.left_with_citizen(call, seat, at)
    if by is f.Party.CALLER and call.hung_up_by is f.Party.SEAT:  # at the console, so the PBX did it, and blames him
        by = f.Party.SEAT
    yield from phone.gone(call, channel, at) or _talk_ended(call, seat, at, by)


def _talk_ended(call: Call, seat: str, at: datetime, by: f.Party) -> Iterator[f.CallFact]:
    if seat in call.talking:
        yield f.TalkEnded(at=at, call_id=call.id, seat=seat, ended_by=f.Party.LINE if seat in call.lost else by)


def _hung_up(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    channel = event["Channel"]
    if channel == call.channel:
        cause = int(event["Cause"]) if event["Cause"].isdecimal() else None
        yield from ending(call, at, cause)
        return
    call.gone.add(channel)
    seat = seat_of(channel)
    yield from phone.gone(call, channel, at)
    yield from consult.over(call, channel, at)
    yield from supervision.leg_over(call, channel, at)
    yield from _ring_ended(call, channel, at, _ring_outcome(call, channel, ""))
    if seat is not None and call.talking.get(seat) == channel:
        yield from supervision.left_with_citizen(call, seat, at)
        yield from _talk_ended(call, seat, at, call.hung_up_by or f.Party.SYSTEM)


def ending(
    call: Call, at: datetime, cause: int | None, *, recovered: bool = False, cut: bool = False
) -> Iterator[f.CallFact]:
    """All that ends with the citizen's channel. `cut` says that the PBX itself broke down under the call."""
    nobody = f.Party.PBX_RESTART if cut else f.Party.UNKNOWN if recovered else f.Party.SYSTEM
    by = f.Party.CALLER if call.gave_up == ABANDONED else call.hung_up_by or nobody
    for seat in list(call.ringing):
        outcome = f.RingOutcome.CANCELED
        yield f.SeatRingEnded(at=at, call_id=call.id, seat=seat, outcome=outcome, recovered=recovered)
    for seat in list(call.consults):
        yield consult.ended(call, seat, at, recovered=recovered)
    yield from supervision.all_ended(call, at, recovered=recovered)
    for seat in list(call.talking):
        party = f.Party.LINE if seat in call.lost else by
        yield f.TalkEnded(at=at, call_id=call.id, seat=seat, ended_by=party, recovered=recovered)
    if call.talk_ended_by is not None and call.talk_ended_by is not f.Party.TRANSFER:
        by = call.talk_ended_by
    yield f.CallEnded(
        at=at, call_id=call.id, outcome=_outcome(call, by, cut=cut), hung_up_by=by, cause=cause, recovered=recovered
    )


def _outcome(call: Call, by: f.Party, *, cut: bool) -> f.CallOutcome:
    if call.answered:
        return f.CallOutcome.ANSWERED
    if cut:
        return f.CallOutcome.FAILED
    if call.direction is Direction.OUTBOUND:
        spoken = {"BUSY": f.CallOutcome.BUSY, "NOANSWER": f.CallOutcome.NO_ANSWER, "CANCEL": f.CallOutcome.NO_ANSWER}
        return spoken.get(call.dial_status, f.CallOutcome.FAILED)
    if call.handed_to or (call.gave_up and call.gave_up != ABANDONED):
        return f.CallOutcome.HANDED_OVER if call.handed_to else f.CallOutcome.NO_SEAT
    if by in {f.Party.CALLER, f.Party.UNKNOWN}:
        return f.CallOutcome.ABANDONED
    return f.CallOutcome.FAILED if call.queue else f.CallOutcome.REJECTED


CALL_EVENTS: dict[str, Reader] = {
    "UserEvent": _user_event,
    "QueueCallerJoin": _joined,
    "QueueCallerLeave": _left,
    "QueueCallerAbandon": _abandoned,
    "AgentCalled": _rings,
    "AgentRingNoAnswer": _not_answered,
    "AgentConnect": _taken,
    "AgentComplete": _completed,
    "DialBegin": _rings,
    "DialEnd": _dial_ended,
    "BridgeEnter": _entered_bridge,
    "BridgeLeave": supervision.left_bridge,
    "Hold": _held,
    "Unhold": _resumed,
    "MixMonitorMute": _recording_muted,
    "BlindTransfer": _blind_transfer,
    "AttendedTransfer": _attended_transfer,
    "ChanSpyStart": supervision.began,
    "ChanSpyStop": supervision.stopped,
    "HangupRequest": _hangup_requested,
    "SoftHangupRequest": _let_go,
    "Hangup": _hung_up,
}
