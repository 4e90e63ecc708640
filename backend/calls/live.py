"""The calls of this moment for whoever watches the hall: read from the record, so that the screen cannot disagree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from backend.calls.models import Call, CallFact
from backend.calls.schemas import CallStage, HallCall, SupervisorView
from backend.citizens import service as citizens
from backend.citizens.numbers import read_number
from backend.kernel.database import Transaction
from telephony import facts as f

HOLDING = (f.CallHeld.kind, f.CallResumed.kind, f.TalkEnded.kind)
_SUPERVISING = (f.SupervisionBegan.kind, f.SupervisionEnded.kind)
_FACT_COLUMNS = (CallFact.call_id, CallFact.kind, CallFact.seat, CallFact.at, CallFact.payload)


@dataclass(frozen=True, slots=True)
class FactSeen:
    """A fact as far as the hall and the seats need it; `by_seat` and `mode` are those of a supervisor, `asked_by` and
    `to` say who consults whom."""

    kind: str
    seat: str | None
    at: datetime
    by_seat: str = ""
    mode: str = ""
    asked_by: str = ""
    to: str = ""


async def live_calls(tx: Transaction, only: Collection[str] | None = None) -> list[HallCall]:
    """Every call that has not ended (of these, if `only` is given), the longest there first; numbers masked. A citizen
    who went on at another PBX is in the call there."""
    here = (Call.stage != CallStage.ENDED.value, Call.handed_to.is_(None))
    query = select(Call).where(*here).order_by(Call.arrived_at, Call.call_id)
    if only is not None:
        query = query.where(Call.call_id.in_(sorted(only)))
    calls = (await tx.session.execute(query)).scalars().all()
    answered = [call.call_id for call in calls if call.answered_at is not None]
    facts = await facts_of(tx, answered, HOLDING + _SUPERVISING)
    names = await citizens.names_of(tx, sorted({call.caller_e164 for call in calls if call.caller_e164 is not None}))
    return [_view(call, facts.get(call.call_id, ()), names) for call in calls]


def held_since(facts: Iterable[FactSeen], seat: str | None) -> datetime | None:
    """Since when `seat` has the citizen on hold, by the facts of the call in their order; None while they talk."""
    since: datetime | None = None
    for fact in facts:
        if fact.seat == seat and fact.kind in HOLDING:
            since = (since or fact.at) if fact.kind == f.CallHeld.kind else None
    return since


def supervisors(facts: Iterable[FactSeen]) -> list[SupervisorView]:
    """Who takes part in the call now, by its facts in their order."""
    present: dict[str, SupervisorView] = {}
    for fact in facts:
        if fact.kind == f.SupervisionBegan.kind:
            content = {"by_seat": fact.by_seat, "mode": fact.mode, "since": fact.at}
            present[fact.by_seat] = SupervisorView.model_validate(content)
        elif fact.kind == f.SupervisionEnded.kind:
            present.pop(fact.by_seat, None)
    return list(present.values())


def _seen(row: Row[Any]) -> FactSeen:
    payload = row.payload
    told = {name: payload.get(name, "") for name in ("by_seat", "mode", "asked_by", "to")}
    return FactSeen(row.kind, row.seat, row.at, **told)


async def facts_of(tx: Transaction, call_ids: Sequence[str], kinds: Collection[str]) -> dict[str, list[FactSeen]]:
    """The facts of these kinds of each of these calls, in their order."""
    if not call_ids:
        return {}
    query = (
        select(*_FACT_COLUMNS)
        .where(CallFact.call_id.in_(call_ids), CallFact.kind.in_(kinds))
        .order_by(CallFact.call_id, CallFact.n)
    )
    found: dict[str, list[FactSeen]] = {}
    for row in await tx.session.execute(query):
        found.setdefault(row.call_id, []).append(_seen(row))
    return found


def _view(call: Call, facts: Sequence[FactSeen], names: Mapping[str, Any]) -> HallCall:
    stage = CallStage(call.stage)
    at_seat = stage in {CallStage.RINGING, CallStage.ANSWERED}  # whoever waits again has left the seat that talked
    return HallCall(
        call_id=call.call_id,
        host=call.host,
        direction="outbound" if call.direction == "outbound" else "inbound",
        dialed_number=call.dialed_number,
        queue=call.queue,
        caller=citizens.caller_view(read_number(call.caller_number), names.get(call.caller_e164 or "")),
        stage=stage,
        seat=call.seat if at_seat else None,
        agent_name=call.agent_name if at_seat else None,
        arrived_at=call.arrived_at - timedelta(milliseconds=call.waited_ms),
        answered_at=call.answered_at if at_seat else None,
        held_since=held_since(facts, call.seat),
        supervisors=supervisors(facts),
    )
