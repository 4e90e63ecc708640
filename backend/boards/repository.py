"""The queries of boards: checked calls, hits that count, and scores, counted in the database by agent, queue and day.

Everything begins at the calls of a period, which `ix_calls_arrived_at` gives.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Select,
    String,
    and_,
    case,
    cast,
    column,
    false,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from backend.boards.period import Period
from backend.boards.schemas import BoardFilters, HitsWanted
from backend.boards.tally import Cell, RuleCell, Tally
from backend.calls.models import Call
from backend.identity.models import User
from backend.identity.names import told_apart
from backend.kernel.clock import BEIJING
from backend.kernel.database import Transaction
from backend.kernel.queries import plan_for_this
from backend.quality.models import CallCheck, QualityHit, RuleRow
from backend.reviews.models import CoachingTask, Review, ReviewAppeal

DAY: ColumnElement[date] = cast(func.timezone(BEIJING.key, Call.arrived_at), Date)
"""The day of a call as the hall counts it."""

NONE = "-"
"""What a filter says for calls that have none: no agent, no group, no queue."""

PRAISE = "praise"

_LOOKED_UP = text("SELECT set_config('random_page_cost', '1.1', true), set_config('work_mem', '64MB', true)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls: those of a period, narrowed by `filters`; `only_team` is the group beyond which this person does not
    see ("" for who belongs to none), None for who sees all."""

    period: Period
    filters: BoardFilters
    only_team: str | None = None

    def calls(self) -> list[ColumnElement[bool]]:
        """Its conditions on calls, beside which their agents (`User`) are joined."""
        asked = self.filters
        found = [Call.arrived_at >= self.period.since, Call.arrived_at < self.period.until]
        if self.only_team is not None:
            found.append(func.coalesce(User.team, "") == self.only_team)
        if asked.team is not None:
            found.append(func.coalesce(User.team, NONE) == asked.team)
        if asked.agent == NONE:
            found.append(Call.user_id.is_(None))
        elif asked.agent is not None:
            found.append(Call.user_id == asked.agent)
        if asked.queue is not None:
            found.append(func.coalesce(Call.queue, NONE) == asked.queue)
        return found

    def hits(self) -> list[ColumnElement[bool]]:
        """Its further conditions on hits; praise is never narrowed by how heavy a fault is to be."""
        asked, found = self.filters, []
        if asked.rule is not None:
            found.append(QualityHit.rule_id == asked.rule)
        if asked.severity is not None:
            found.append(QualityHit.severity.in_([asked.severity, PRAISE]))
        return found


@dataclass(frozen=True, slots=True)
class Hits:
    """Hits of the checked calls that are wanted; `counts` tells which of them count (see `backend.boards.tally`)."""

    rows: CTE

    @property
    def fault(self) -> ColumnElement[bool]:
        """A fault that counts."""
        return and_(self.rows.c.counts, self.rows.c.severity != PRAISE)

    @property
    def fatal(self) -> ColumnElement[bool]:
        """A fatal fault that counts."""
        return and_(self.rows.c.counts, self.rows.c.severity == "fatal")

    @property
    def unsure(self) -> ColumnElement[bool]:
        """A fault that nobody is sure of."""
        return and_(~self.rows.c.counts, self.rows.c.severity != PRAISE)

    @property
    def praise(self) -> ColumnElement[bool]:
        """A praise."""
        return self.rows.c.severity == PRAISE

    def wanted(self, which: HitsWanted) -> ColumnElement[bool]:
        """The condition that belongs to a number of the board."""
        return {
            HitsWanted.FAULTS: self.fault,
            HitsWanted.FATAL: self.fatal,
            HitsWanted.UNSURE: self.unsure,
            HitsWanted.PRAISE: self.praise,
        }[which]


async def plan_for_period(session: AsyncSession) -> None:
    """Until the transaction ends: what is asked for are the calls of a few days among those of years. Their checks and
    hits are better looked up one by one than read with all others, and what is hashed of a quarter fits into memory."""
    await plan_for_this(session)
    await session.execute(_LOOKED_UP)


def checked_calls(wanted: Wanted) -> CTE:
    """The checked calls that are wanted."""
    query = (
        select(Call.call_id, Call.user_id, Call.queue, Call.arrived_at, DAY.label("day"))
        .join(CallCheck, CallCheck.call_id == Call.call_id)
        .outerjoin(User, User.user_id == Call.user_id)
        .where(*wanted.calls())
    )
    return query.cte("checked")


def judged_hits(wanted: Wanted, checked: CTE) -> Hits:
    """Their hits; the last verdict of a reviewer stands above what the check thought."""
    said = func.jsonb_each_text(Review.answers["hits"]).table_valued(column("key", String), column("value", String))
    verdicts = (
        select(said.c.key.label("hit"), said.c.value.label("verdict"))
        .select_from(Review)
        .join(checked, checked.c.call_id == Review.call_id)
        .join(said, true())
        .where(Review.score.is_not(None), Review.calibration_id.is_(None))
        .ext(distinct_on(said.c.key))
        .order_by(said.c.key, Review.scored_at.desc())
        .cte("verdicts")
    )
    verdict = verdicts.c.verdict
    counts = or_(QualityHit.sure, func.coalesce(verdict == "taken", false()), QualityHit.severity == PRAISE)
    query = (
        select(QualityHit, counts.label("counts"), verdict.label("verdict"))
        .join(checked, checked.c.call_id == QualityHit.call_id)
        .outerjoin(verdicts, verdicts.c.hit == cast(QualityHit.hit_id, String))
        .where(verdict.is_distinct_from("dismissed"), *wanted.hits())
    )
    return Hits(query.cte("hits"))


def marks_of(hits: Hits) -> CTE:
    """What holds of each call that has hits."""
    rows = hits.rows
    query = select(
        rows.c.call_id,
        func.count().filter(hits.fault).label("hits"),
        func.count().filter(hits.fatal).label("fatal"),
        func.count().filter(hits.unsure).label("unsure"),
        func.count().filter(hits.praise).label("praise"),
    )
    return query.group_by(rows.c.call_id).cte("marks")


async def checked_cells(tx: Transaction, wanted: Wanted) -> list[Cell]:
    """What was checked and hit, by agent, queue and day."""
    checked = checked_calls(wanted)
    marks = marks_of(judged_hits(wanted, checked))

    def total(mark: str) -> ColumnElement[int]:
        return func.coalesce(func.sum(marks.c[mark]), 0)

    by = (checked.c.user_id, checked.c.queue, checked.c.day)
    query = (
        select(
            *by,
            func.count().label("calls"),
            func.count().filter(marks.c.hits > 0).label("calls_hit"),
            func.count().filter(marks.c.fatal > 0).label("calls_fatal"),
            func.count().filter(marks.c.praise > 0).label("calls_praised"),
            *(total(mark).label(mark) for mark in ("hits", "unsure", "praise")),
        )
        .select_from(checked)
        .outerjoin(marks, marks.c.call_id == checked.c.call_id)
        .group_by(*by)
    )
    return await _cells(tx, query)


async def reviewed_cells(tx: Transaction, wanted: Wanted) -> list[Cell]:
    """Scores that count and appeals against them, by agent, queue and day of the call."""
    by = (Review.agent_id, Call.queue, DAY.label("day"))
    decided = ReviewAppeal.outcome.is_not(None)
    query = (
        select(
            *by,
            func.count().label("reviews"),
            func.count(Review.call_id.distinct()).label("reviewed"),
            func.sum(Review.score).label("score_sum"),
            func.count().filter(Review.passed.is_(True)).label("passed"),
            func.count(ReviewAppeal.review_id).label("appeals"),
            func.count().filter(decided).label("decided"),
            func.count().filter(ReviewAppeal.outcome == "changed").label("granted"),
        )
        .select_from(Review)
        .join(Call, Call.call_id == Review.call_id)
        .outerjoin(User, User.user_id == Call.user_id)
        .outerjoin(ReviewAppeal, ReviewAppeal.review_id == Review.review_id)
        .where(*scored(wanted))
        .group_by(Review.agent_id, Call.queue, DAY)
    )
    return await _cells(tx, query)


def scored(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Which scores count, beside which calls and agents are joined."""
    return [
        Review.arrived_at >= wanted.period.since,
        Review.arrived_at < wanted.period.until,
        Review.score.is_not(None),
        Review.calibration_id.is_(None),
        *wanted.calls(),
    ]


async def _cells(tx: Transaction, query: Select[Any, *tuple[Any, ...]]) -> list[Cell]:
    rows = (await tx.session.execute(query)).all()
    names = list(query.selected_columns.keys())[3:]
    return [Cell(row[0], row[1], row[2], Tally(**dict(zip(names, map(int, row[3:]), strict=True)))) for row in rows]


async def rule_cells(tx: Transaction, wanted: Wanted) -> list[RuleCell]:
    """Hits by rule."""
    hits = judged_hits(wanted, checked_calls(wanted))
    rows = hits.rows
    good = or_(hits.fault, hits.praise)
    query = select(
        rows.c.rule_id,
        rows.c.rule_version,
        rows.c.severity,
        func.count().filter(good),
        func.count().filter(hits.unsure),
        func.count(case((good, rows.c.call_id)).distinct()),
    ).group_by(rows.c.rule_id, rows.c.rule_version, rows.c.severity)
    return [RuleCell(*row) for row in await tx.session.execute(query)]


async def first_praises(tx: Transaction, agents: Collection[UUID]) -> dict[UUID, tuple[UUID, datetime]]:
    """The very first praise of each of these people: which hit, and when the call was."""
    dismissed = (
        select(Review.review_id)
        .where(
            Review.call_id == QualityHit.call_id,
            Review.score.is_not(None),
            Review.calibration_id.is_(None),
            Review.answers["hits"][cast(QualityHit.hit_id, String)].astext == "dismissed",
        )
        .exists()
    )
    query = (
        select(User.user_id, QualityHit.hit_id, Call.arrived_at)
        .join(Call, Call.user_id == User.user_id)
        .join(QualityHit, QualityHit.call_id == Call.call_id)
        .where(QualityHit.severity == PRAISE, User.user_id.in_(agents), ~dismissed)
        .ext(distinct_on(User.user_id))
        .order_by(User.user_id, Call.arrived_at, QualityHit.from_ms, QualityHit.hit_id)
    )
    return {row[0]: (row[1], row[2]) for row in await tx.session.execute(query)} if agents else {}


async def people(tx: Transaction, agents: Collection[UUID]) -> dict[UUID, tuple[str, str | None]]:
    """The names and groups of these people; namesakes are told apart by their user names."""
    query = select(User.user_id, User.display_name, User.username, User.team).where(User.user_id.in_(agents))
    rows = (await tx.session.execute(query)).all()
    names = told_apart((row[0], row[1], row[2]) for row in rows)
    return {row[0]: (names[row[0]], row[3]) for row in rows}


async def person(tx: Transaction, user_id: UUID) -> User | None:
    """The person of this id."""
    return await tx.session.get(User, user_id)


async def agents_of(tx: Transaction, roles: Sequence[str], only_team: str | None) -> Sequence[User]:
    """The people with one of these roles whom a board may be narrowed to, by group and name."""
    query = select(User).where(User.active, User.roles.overlap(list(roles)))
    if only_team is not None:
        query = query.where(func.coalesce(User.team, "") == only_team)
    return (await tx.session.execute(query.order_by(User.team, User.display_name, User.user_id))).scalars().all()


async def titles_of_rules(tx: Transaction) -> dict[str, tuple[str, dict[str, str]]]:
    """How heavy each rule that ever stood is, and what it is called, by its last version."""
    query = select(RuleRow.code, RuleRow.severity, RuleRow.content["title"]).ext(distinct_on(RuleRow.code))
    query = query.order_by(RuleRow.code, RuleRow.rule_version.desc(), RuleRow.row_id.desc())
    return {row[0]: (row[1], row[2]) for row in await tx.session.execute(query)}


async def coaching_of(tx: Transaction, agent: UUID, period: Period) -> Sequence[CoachingTask]:
    """What an agent was given to hear again in a period, in order."""
    query = select(CoachingTask).where(
        CoachingTask.agent_id == agent, CoachingTask.given_at >= period.since, CoachingTask.given_at < period.until
    )
    return (await tx.session.execute(query.order_by(CoachingTask.given_at, CoachingTask.task_id))).scalars().all()
