"""What the figures are made of: calls that arrived in a span, and what the seats did in it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, or_, select, text

from backend.calls.models import Call, CallFact
from backend.figures.board import CallSeen, Span
from backend.figures.seat_time import HOLD_FACTS, HoldFact, SeatMove
from backend.identity.models import User
from backend.kernel.database import Transaction
from backend.queueing.models import MissedCall, MissedCaller

_LONGEST_CALL = timedelta(hours=6)
_WRAP_UP_WITHIN = timedelta(hours=1)
"""How long after a span the wrap-up of its last calls may still run."""

_MOVES = text("""
    SELECT seat, at, to_state, reason, user_id, call_id FROM (
        SELECT last.* FROM seats CROSS JOIN LATERAL (
            SELECT id, seat, at, to_state, reason, user_id, call_id FROM seat_changes
            WHERE seat_changes.seat = seats.seat AND at < :since ORDER BY at DESC, id DESC LIMIT 1
        ) last
        UNION ALL
        SELECT id, seat, at, to_state, reason, user_id, call_id FROM seat_changes WHERE at >= :since AND at < :until
    ) moves ORDER BY at, id
""")


async def calls_in(tx: Transaction, span: Span) -> list[CallSeen]:
    """Every call that arrived in the span."""
    columns = [getattr(Call, name) for name in CallSeen._fields if name != "callback_asked"]
    asked = select(MissedCall.call_id).join(MissedCaller, MissedCaller.missed_id == MissedCall.missed_id)
    callback_asked = exists(asked.where(MissedCall.call_id == Call.call_id, MissedCaller.wish))
    query = select(*columns, callback_asked).where(Call.arrived_at >= span.since, Call.arrived_at < span.until)
    return [CallSeen(*row) for row in await tx.session.execute(query)]


async def seat_moves(tx: Transaction, span: Span) -> list[SeatMove]:
    """What each seat did, from where it stood at the beginning of the span, in order."""
    until = span.until + _WRAP_UP_WITHIN
    return [SeatMove(*row) for row in await tx.session.execute(_MOVES, {"since": span.since, "until": until})]


async def hold_facts(tx: Transaction, span: Span) -> list[HoldFact]:
    """What tells of holds in the calls that were there in the span, each call's whole and in order."""
    query = (
        select(CallFact.call_id, CallFact.kind, CallFact.seat, CallFact.at)
        .join(Call, Call.call_id == CallFact.call_id)
        .where(
            Call.arrived_at >= span.since - _LONGEST_CALL,
            Call.arrived_at < span.until,
            or_(Call.ended_at.is_(None), Call.ended_at >= span.since),
            or_(Call.hold_ms > 0, Call.held_since.is_not(None)),
            CallFact.kind.in_(HOLD_FACTS),
        )
        .order_by(CallFact.call_id, CallFact.n)
    )
    return [HoldFact(*row) for row in await tx.session.execute(query)]


async def names_of(tx: Transaction, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of these people."""
    query = select(User.user_id, User.display_name).where(User.user_id.in_(user_ids))
    return {row.user_id: row.display_name for row in await tx.session.execute(query)}
