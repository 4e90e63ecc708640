"""The queries of what stands behind a number of a board, a page at a time, the last calls first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, String, cast, func, select, tuple_

from backend.boards.repository import Wanted, checked_calls, judged_hits, marks_of, scored
from backend.boards.schemas import CallsWanted, HitsWanted, ReviewsWanted
from backend.calls.models import Call
from backend.identity.models import User
from backend.kernel.database import Transaction
from backend.kernel.queries import plan_for_this
from backend.reviews.models import Review, ReviewAppeal

Before = tuple[datetime, str]
"""The moment and the key of the last row of a page."""

_OF_CALL: tuple[Any, ...] = (Call.call_id, Call.arrived_at, Call.queue, Call.user_id.label("agent_id"))
_OF_REVIEW = ("review_id", "score", "passed", "fatal", "state", "purpose", "reviewer", "scored_at")
_MARK = {CallsWanted.HIT: "hits", CallsWanted.FATAL: "fatal", CallsWanted.PRAISED: "praise"}


async def hits_page(
    tx: Transaction, wanted: Wanted, which: HitsWanted, before: Before | None, limit: int
) -> Sequence[RowMapping]:
    """The hits behind a number, those of the last calls first."""
    hits = judged_hits(wanted, checked_calls(wanted))
    rows = hits.rows
    key = cast(rows.c.hit_id, String)
    query = (
        select(*_OF_CALL, *(each for each in rows.c if each.key != "call_id"), *_agent())
        .join(Call, Call.call_id == rows.c.call_id)
        .outerjoin(User, User.user_id == Call.user_id)
        .where(hits.wanted(which))
        .order_by(Call.arrived_at.desc(), key.desc())
    )
    return await _page(tx, query, (Call.arrived_at, key), before, limit)


async def calls_page(
    tx: Transaction, wanted: Wanted, which: CallsWanted, before: Before | None, limit: int
) -> Sequence[RowMapping]:
    """The checked calls behind a number, the last first."""
    checked = checked_calls(wanted)
    marks = marks_of(judged_hits(wanted, checked))
    counts = [func.coalesce(marks.c[name], 0).label(name) for name in ("hits", "fatal", "unsure", "praise")]
    query = (
        select(
            Call.call_id, Call.arrived_at, Call.talk_ms, Call.queue, Call.user_id.label("agent_id"), *_agent(), *counts
        )
        .join(checked, checked.c.call_id == Call.call_id)
        .outerjoin(marks, marks.c.call_id == Call.call_id)
        .outerjoin(User, User.user_id == Call.user_id)
        .order_by(Call.arrived_at.desc(), Call.call_id.desc())
    )
    if which is not CallsWanted.CHECKED:
        query = query.where(
            marks.c[{CallsWanted.HIT: "hits", CallsWanted.FATAL: "fatal", CallsWanted.PRAISED: "praise"}[which]] > 0
        )
    return await _page(tx, query, (Call.arrived_at, Call.call_id), before, limit)


async def reviews_page(
    tx: Transaction, wanted: Wanted, which: ReviewsWanted, before: Before | None, limit: int
) -> Sequence[RowMapping]:
    """The scores behind a number, those of the last calls first."""
    key = cast(Review.review_id, String)
    own = (
        "review_id",
        "call_id",
        "arrived_at",
        "score",
        "passed",
        "fatal",
        "state",
        "purpose",
        "reviewer",
        "scored_at",
    )
    query = (
        select(*(getattr(Review, name) for name in own), Review.agent_id, Call.queue, *_agent(), ReviewAppeal.outcome)
        .join(Call, Call.call_id == Review.call_id)
        .outerjoin(User, User.user_id == Call.user_id)
        .outerjoin(ReviewAppeal, ReviewAppeal.review_id == Review.review_id)
        .where(*scored(wanted))
        .order_by(Call.arrived_at.desc(), key.desc())
    )
    if which is not ReviewsWanted.ALL:
        appealed = ReviewAppeal.review_id.is_not(None)
        query = query.where(ReviewAppeal.outcome == "changed" if which is ReviewsWanted.GRANTED else appealed)
    return await _page(tx, query, (Call.arrived_at, key), before, limit)


def _agent() -> tuple[ColumnElement[Any], ...]:
    return func.coalesce(User.display_name, Call.agent_name).label("agent"), User.team.label("team")


async def _page(
    tx: Transaction, query: Select[Any, *tuple[Any, ...]], keys: tuple[Any, Any], before: Before | None, limit: int
) -> Sequence[RowMapping]:
    await plan_for_this(tx.session)
    if before is not None:
        query = query.where(tuple_(*keys) < tuple_(*before))
    return (await tx.session.execute(query.limit(limit))).mappings().all()
