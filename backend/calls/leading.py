"""Which calls leaders answered 领导接听: not stored a second time, but read from who sat where when a talk began."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, and_, select

from backend.calls.models import Call, CallFact
from backend.kernel.database import Transaction
from backend.seats.models import LeaderSession, SeatChange
from telephony.facts import CallAnswered


def leaders_calls() -> Select[LeaderSession, Call]:
    """Every citizen's call that a leader answered within the session, in the order of their talks.

    A call that the leader handed on belongs to the session all the same, one that he was only consulted about does not;
    one that came to him twice stands here twice.
    """
    talked = and_(
        SeatChange.user_id == LeaderSession.user_id,
        SeatChange.to_state == "talking",
        SeatChange.at >= LeaderSession.starts_at,
        SeatChange.at < LeaderSession.ends_at,
    )
    answered = and_(
        CallFact.call_id == SeatChange.call_id,
        CallFact.kind == CallAnswered.kind,
        CallFact.seat == SeatChange.seat,
        CallFact.at == SeatChange.at,
    )
    return (
        select(LeaderSession, Call)
        .join(SeatChange, talked)
        .join(CallFact, answered)
        .join(Call, and_(Call.call_id == CallFact.call_id, Call.direction == "inbound"))
        .order_by(SeatChange.at)
    )


async def leaders_of_calls(tx: Transaction, call_ids: Collection[str]) -> dict[str, str]:
    """The leader who answered each of these calls; the other calls are left out."""
    if not call_ids:
        return {}
    query = leaders_calls().with_only_columns(Call.call_id, LeaderSession.leader).where(Call.call_id.in_(call_ids))
    return {row.call_id: row.leader for row in await tx.session.execute(query)}
