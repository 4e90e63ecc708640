"""The calls of hardware phones as their consoles show them: read from the record, because such a phone tells the
console nothing itself. What the agent sees is what has happened, never what was ordered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Literal

from sqlalchemy import select

from backend.calls.live import HOLDING, FactSeen, facts_of, held_since
from backend.calls.models import Call
from backend.calls.schemas import PhoneCall, PhoneConsult
from backend.citizens.numbers import mask, read_number
from backend.kernel.database import Transaction
from backend.seats import repository as seats
from backend.seats.seating import BUSY, Seated
from telephony import facts as f
from telephony.seats import SeatStatus

_MUTING = (f.SeatMuted.kind, f.SeatUnmuted.kind, f.TalkEnded.kind)
_CONSULTING: dict[str, Literal["talking", "held"]] = {
    f.ConsultAnswered.kind: "talking",
    f.ConsultResumed.kind: "talking",
    f.ConsultHeld.kind: "held",
}
_KINDS = {*HOLDING, *_MUTING, *_CONSULTING, f.ConsultBegan.kind, f.ConsultEnded.kind}


async def phone_calls(tx: Transaction, only: Collection[str]) -> dict[str, PhoneCall | None]:
    """The call of each of these seats that has a hardware phone; None for one that is in no call."""
    hardware = [seated for seated in (await seats.lookup(tx, only)) if seated.phone == "sip"]
    in_call = {seated.seat: seated.call_id for seated in hardware if seated.state.status in BUSY and seated.call_id}
    call_ids = sorted(set(in_call.values()))
    query = select(Call).where(Call.call_id.in_(call_ids))
    calls = {call.call_id: call for call in (await tx.session.execute(query)).scalars()} if call_ids else {}
    facts = await facts_of(tx, call_ids, _KINDS)
    return {seated.seat: _view(seated, calls.get(seated.call_id or ""), facts) for seated in hardware}


def consult_of(facts: Iterable[FactSeen], seat: str) -> PhoneConsult | None:
    """Whom `seat` consults now, by the facts of its call in their order."""
    consult: PhoneConsult | None = None
    for fact in facts:
        if fact.kind == f.ConsultBegan.kind and fact.seat == seat:
            to = mask(read_number(fact.to)) if fact.to.isdecimal() and len(fact.to) > _LONGEST_SEAT else fact.to
            consult = PhoneConsult(to=to, state="dialing", since=fact.at)
        elif fact.asked_by == seat and fact.kind == f.ConsultEnded.kind:
            consult = None
        elif fact.asked_by == seat and consult is not None:
            state = _CONSULTING.get(fact.kind, consult.state)
            since = fact.at if consult.state == "dialing" else consult.since
            consult = consult.model_copy(update={"state": state, "since": since})
    return consult


def muted(facts: Iterable[FactSeen], seat: str) -> bool:
    """Whether nobody hears `seat` now."""
    now_muted = False
    for fact in facts:
        if fact.seat == seat and fact.kind in _MUTING:
            now_muted = fact.kind == f.SeatMuted.kind
    return now_muted


_LONGEST_SEAT = 5


def _view(seated: Seated, call: Call | None, facts: dict[str, list[FactSeen]]) -> PhoneCall | None:
    if call is None or seated.state.status not in BUSY:
        return None
    seen = facts.get(call.call_id, [])
    return PhoneCall(
        call_id=call.call_id,
        state=_state(seated, call.answered_at, held_since(seen, seated.seat)),
        peer=mask(read_number(call.caller_number)),
        muted=muted(seen, seated.seat),
        consult=consult_of(seen, seated.seat),
    )


def _state(
    seated: Seated, answered_at: datetime | None, held: datetime | None
) -> Literal["ringing", "dialing", "talking", "held"]:
    if seated.state.status is SeatStatus.RINGING:
        return "ringing"
    if answered_at is None:
        return "dialing"
    return "talking" if held is None else "held"
