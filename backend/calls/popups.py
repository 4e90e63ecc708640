"""Calls as the pop-ups need them, many at once: when 56 phones ring in one second, each question is asked once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text

from backend.calls.models import Call, CallFact
from backend.calls.schemas import CallStage, HandedBy
from backend.citizens import service as citizens
from backend.citizens.numbers import read_number
from backend.citizens.schemas import CallerView
from backend.kernel.database import Transaction
from backend.kernel.pipeline import Statement, driver_sql
from backend.seats import repository as seats
from telephony import facts as f

REPEAT_CALLER = timedelta(days=30)

_REPEATS = driver_sql(
    text(
        "SELECT caller_e164 AS e164, count(*) AS calls FROM calls WHERE caller_e164 = ANY(:numbers)"
        " AND arrived_at >= :since AND direction = 'inbound' AND counted AND call_id <> ALL(:but) GROUP BY caller_e164"
    )
)


@dataclass(frozen=True, slots=True)
class CallInHand:
    """A call as the pop-up needs it; `caller_e164` stays on the server. `calls_30_days` counts this call too, if
    the citizen placed it. `ended_at` is the end of the talk: after it the citizen may still be scoring it."""

    call_id: str
    stage: CallStage
    outcome: str | None
    dialed_number: str
    user_id: UUID | None
    caller: CallerView
    caller_number: str
    caller_e164: str | None
    arrived_at: datetime
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    recording_paused_at: datetime | None
    calls_30_days: int


async def calls_in_hand(tx: Transaction, call_ids: Collection[str], now: datetime) -> dict[str, CallInHand]:
    """These calls, as far as the record knows them. Who may see one is decided by who is asked for it."""
    found = (await tx.session.execute(select(Call).where(Call.call_id.in_(sorted(call_ids))))).scalars().all()
    numbers = sorted({call.caller_e164 for call in found if call.caller_e164 is not None})
    names = await citizens.names_of(tx, numbers) if numbers else {}
    counts = await _calls_since(tx, numbers, now - REPEAT_CALLER) if numbers else {}
    return {call.call_id: _in_hand(call, names, counts) for call in found}


def repeats_statement(numbers: Collection[str], but: Collection[str], now: datetime) -> Statement:
    """How many calls (e164, calls) came from these numbers in 30 days, apart from the calls `but`."""
    return Statement(_REPEATS, {"numbers": sorted(numbers), "but": sorted(but), "since": now - REPEAT_CALLER})


async def handed_by(tx: Transaction, call_id: str, seat: str) -> HandedBy | None:
    """From which colleague the call came to this seat; None when it came from the queue."""
    kinds = [f.SeatRinging.kind, f.CallTransferred.kind]
    query = select(CallFact.kind, CallFact.payload).where(CallFact.call_id == call_id, CallFact.kind.in_(kinds))
    facts = (await tx.session.execute(query.order_by(CallFact.n))).all()
    giver, consult = "", False
    transferred_by = ""
    for kind, payload in facts:
        if kind == f.CallTransferred.kind:
            transferred_by = payload["from_seat"]
        elif payload["seat"] == seat:
            giver, consult = payload.get("asked_by") or transferred_by, bool(payload.get("asked_by"))
    if not giver:
        return None
    name = await seats.agent_at(tx, giver)
    return HandedBy(seat=giver, agent_name=name, consult=consult and transferred_by != giver)


async def _calls_since(tx: Transaction, numbers: Collection[str], since: datetime) -> dict[str, int]:
    query = (
        select(Call.caller_e164, func.count())
        .where(Call.caller_e164.in_(numbers), Call.arrived_at >= since, Call.counted)
        .group_by(Call.caller_e164)
    )
    return {number: count for number, count in (await tx.session.execute(query)).all() if number is not None}


def _in_hand(call: Call, names: dict[str, str], counts: dict[str, int]) -> CallInHand:
    e164 = call.caller_e164
    talked = None if call.talk_ms is None else timedelta(milliseconds=call.talk_ms)
    talk_ended_at = call.answered_at + talked if call.answered_at is not None and talked is not None else None
    return CallInHand(
        call_id=call.call_id,
        stage=CallStage(call.stage),
        outcome=call.outcome,
        dialed_number=call.dialed_number,
        user_id=call.user_id,
        caller=citizens.caller_view(read_number(call.caller_number), names.get(e164) if e164 else None),
        caller_number=call.caller_number,
        caller_e164=e164,
        arrived_at=call.arrived_at,
        ringing_at=call.ringing_at,
        answered_at=call.answered_at,
        ended_at=talk_ended_at or call.ended_at,
        recording_paused_at=call.recording_paused_at,
        calls_30_days=counts.get(e164 or "", int(call.direction == "inbound")),
    )
