"""The queries of what stands behind a number of a board, a page at a time, the last calls first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, String, cast, func, select, tuple_

from backend.boards.repository import Wanted, checked_calls, judged_hits, marks_of, plan_for_period, scored
from backend.boards.schemas import CallsWanted, HitsWanted, ReviewsWanted
from backend.calls.models import Call
from backend.identity.models import User
from backend.kernel.database import Transaction
from backend.reviews.models import Review, ReviewAppeal

Before = tuple[datetime, str]
"""The moment and the key of the last row of a page."""

_AGENT: tuple[Any, ...] = (
    func.coalesce(User.display_name, Call.agent_name).label("agent"),
    User.team.label("team"),
)
_OF_CALL: tuple[Any, ...] = (Call.call_id, Call.arrived_at, Call.queue, Call.user_id.label("agent_id"), *_AGENT)
"""What a row says of its call, beside which its agent (`User`) is joined."""
_OF_REVIEW: tuple[Any, ...] = (
    Review.review_id, Review.call_id, Review.arrived_at, Review.score, Review.passed, Review.fatal, Review.state,
    Review.purpose, Review.reviewer, Review.scored_at, Review.agent_id, Call.queue, *_AGENT, ReviewAppeal.outcome,
)  # fmt: skip
_MARK = {CallsWanted.HIT: "hits", CallsWanted.FATAL: "fatal", CallsWanted.PRAISED: "praise"}


async def hits_page(
    tx: Transaction, wanted: Wanted, which: HitsWanted, before: Before | None, limit: int
) -> Sequence[RowMapping]:
    """The hits behind a number, those of the last calls first."""
    hits = judged_hits(wanted, checked_calls(wanted))
    rows = hits.rows
    key = cast(rows.c.hit_id, String)
    query = (
        select(*_OF_CALL, *(each for each in rows.c if each.key != "call_id"))
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
        select(*_OF_CALL, Call.talk_ms, *counts)
        .join(checked, checked.c.call_id == Call.call_id)
        .outerjoin(marks, marks.c.call_id == Call.call_id)
        .outerjoin(User, User.user_id == Call.user_id)
        .order_by(Call.arrived_at.desc(), Call.call_id.desc())
    )
    if which is not CallsWanted.CHECKED:
        query = query.where(marks.c[_MARK[which]] > 0)
    return await _page(tx, query, (Call.arrived_at, Call.call_id), before, limit)


async def reviews_page(
    tx: Transaction, wanted: Wanted, which: ReviewsWanted, before: Before | None, limit: int
) -> Sequence[RowMapping]:
    """The scores behind a number, those of the last calls first."""
    key = cast(Review.review_id, String)
    query = (
        select(*_OF_REVIEW)
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


async def _page(
    tx: Transaction, query: Select[Any, *tuple[Any, ...]], keys: tuple[Any, Any], before: Before | None, limit: int
) -> Sequence[RowMapping]:
    await plan_for_period(tx.session)
    if before is not None:
        query = query.where(tuple_(*keys) < tuple_(*before))
    return (await tx.session.execute(query.limit(limit))).mappings().all()
