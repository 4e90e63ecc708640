"""What the PBX says of consultations: a seat in a call dials a colleague, a queue or the outside on a second leg.

A consultation is no call of its own: it is told as facts of the citizen's call. The PBX links it to that call only when
the citizen is handed over, so it is known by who dials: a seat that talks in a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from telephony import facts as f
from telephony.ami import AmiEvent
from telephony.call import Call
from telephony.names import seat_of

A_MOMENT = timedelta(seconds=1)  # the PBX takes both legs off hold in the instant before it hands a citizen over
RINGING_IN = "4"  # ChannelState of a channel on which somebody calls us


def beginning(calls: Iterable[Call], event: AmiEvent, at: datetime) -> f.ConsultBegan | None:
    """The fact that begins a consultation, if this event does: a new leg from the phone of a seat that talks.

    A seat that dials its own number takes its call back on a new page (see `CallTakenBack`).
    """
    seat, to, channel = seat_of(event["Channel"]), event["Exten"], event["Channel"]
    if event["Event"] != "Newchannel" or event["ChannelState"] != RINGING_IN or seat is None or to in {"", seat}:
        return None
    for call in calls:
        if seat in call.talking and seat not in call.consults and channel not in call.gone:
            return f.ConsultBegan(at=at, call_id=call.id, seat=seat, to=to, channel=channel)
    return None


def asker(call: Call, dialling: str, ringing: str = "") -> str:
    """Who consults by the leg `dialling`, or by what rings at the channel `ringing`; empty when nobody does."""
    return call.second_legs.get(dialling) or call.asked.get(ringing, "")


def answered(call: Call, by: str, channel: str, at: datetime) -> Iterator[f.CallFact]:
    """The channel that `by` dialled to consult has answered."""
    consult = call.consults.get(by)
    if consult is not None and channel not in call.gone and consult.with_channel != channel:
        seat = seat_of(channel) or ""
        yield f.ConsultAnswered(at=at, call_id=call.id, seat=seat, asked_by=by, channel=channel)


def over(call: Call, channel: str, at: datetime) -> Iterator[f.CallFact]:
    """What the end of this channel means for a consultation."""
    by = call.consult_over(channel)
    if by is not None:
        yield ended(call, by, at)


def leg_held(call: Call, event: AmiEvent, at: datetime) -> None:
    """Note, after a leg of a seat was put on hold or taken off, whether all three hear each other."""
    by = seat_of(event["Channel"]) or ""
    consult = call.consults.get(by)
    if consult is None:
        return
    if event["Channel"] == consult.channel:
        consult.held = event["Event"] == "Hold"
    together = bool(consult.with_channel) and not consult.held and by not in call.held
    if together and consult.together_since is None:
        consult.together_since = at
    elif not together and consult.together_since is not None:
        consult.together += at - consult.together_since
        consult.together_since = None


def ended(call: Call, by: str, at: datetime, *, transferred: bool = False, recovered: bool = False) -> f.ConsultEnded:
    """The end of the consultation of the seat `by`."""
    consult = call.consults[by]
    outcome = f.ConsultOutcome.OVER if consult.with_channel else f.ConsultOutcome.UNANSWERED
    if transferred:
        outcome = f.ConsultOutcome.TRANSFERRED
    last = at - (consult.together_since or at)
    if transferred and last < A_MOMENT:
        last = timedelta()
    together_ms = max(0, round((consult.together + last) / timedelta(milliseconds=1)))
    return f.ConsultEnded(
        at=at, call_id=call.id, seat=consult.with_seat, asked_by=by, outcome=outcome, together_ms=together_ms,
        recovered=recovered,
    )  # fmt: skip
