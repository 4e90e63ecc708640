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
from telephony.names import peer_of, seat_of

A_MOMENT = timedelta(seconds=1)  # legs come off hold in the instant before one of them goes
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


def leg_held(call: Call, event: AmiEvent, at: datetime) -> Iterator[f.CallFact]:
    """The second leg of a seat was put on hold or taken off."""
    by = seat_of(event["Channel"]) or ""
    consult = call.consults.get(by)
    if consult is not None and event["Channel"] == consult.channel:
        yield from heard(call, by, at, held=event["Event"] == "Hold")


def heard(call: Call, by: str, at: datetime, *, held: bool) -> Iterator[f.CallFact]:
    """Whom the seat `by` consults waits (`held`), or is heard again; nothing when that is known."""
    consult = call.consults.get(by)
    if consult is not None and consult.held is not held:
        fact = f.ConsultHeld if held else f.ConsultResumed
        yield fact(at=at, call_id=call.id, seat=consult.with_seat, asked_by=by)


def keeps_waiting(call: Call, seat: str | None) -> bool:
    """Whether the citizen waits because the seat's one line is used to consult: what the phone holds is not him."""
    consult = call.consults.get(seat or "")
    return consult is not None and consult.aside


def handed_over(call: Call, seat: str, target: str, at: datetime, *, to: str = "") -> Iterator[f.CallFact]:
    """The citizen goes on with the party behind the channel `target`, whom `seat` consulted, if anybody.

    `to` names the target where no consultation is known and it is no seat.
    """
    to_seat, asked = seat_of(target), call.consults.get(seat)
    if asked is not None:
        to = asked.to
        yield ended(call, seat, at, transferred=True)
    mode = f.TransferMode.ATTENDED
    yield f.CallTransferred(at=at, call_id=call.id, from_seat=seat, to=to_seat or to, mode=mode)
    if seat in call.talking:
        yield f.TalkEnded(at=at, call_id=call.id, seat=seat, ended_by=f.Party.TRANSFER)
    if host := peer_of(target):
        yield f.CallHandedOver(at=at, call_id=call.id, host=host, to=to)
    if to_seat and target not in call.gone and call.talking.get(to_seat) != target:
        yield f.CallAnswered(at=at, call_id=call.id, seat=to_seat, channel=target)


def ended(call: Call, by: str, at: datetime, *, transferred: bool = False, recovered: bool = False) -> f.ConsultEnded:
    """The end of the consultation of the seat `by`."""
    consult = call.consults[by]
    outcome = f.ConsultOutcome.OVER if consult.with_channel else f.ConsultOutcome.UNANSWERED
    if transferred:
        outcome = f.ConsultOutcome.TRANSFERRED
    last = at - (consult.together_since or at)
    if (transferred or consult.on_own_line) and last < A_MOMENT:
        last = timedelta()
    together_ms = max(0, round((consult.together + last) / timedelta(milliseconds=1)))
    return f.ConsultEnded(
        at=at, call_id=call.id, seat=consult.with_seat, asked_by=by, outcome=outcome, together_ms=together_ms,
        recovered=recovered,
    )  # fmt: skip
