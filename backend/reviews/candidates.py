"""The queries that find calls to review, and who may review them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, String, and_, column, exists, func, join, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.calls.models import Call
from backend.identity.models import User
from backend.identity.names import told_apart
from backend.quality.models import QualityHit
from backend.reviews.models import Review
from backend.reviews.sampling import Candidate
from backend.reviews.schemas import Direction, Purpose
from backend.seats.models import SeatChange

_REVIEWABLE = (
    Call.stage == "ended",
    Call.user_id.is_not(None),
    Call.agent_name.is_not(None),
    Call.recording_state == "stored",
)


async def fresh(session: AsyncSession, since: datetime) -> list[Candidate]:
    """Calls since a moment that nobody was given for review yet; those of calibrations count for nobody."""
    given = exists().where(Review.call_id == Call.call_id, Review.calibration_id.is_(None))
    return await _candidates(session, Call.arrived_at >= since, ~given)


async def with_fatal_hits(session: AsyncSession, since: datetime) -> list[Candidate]:
    """Calls with a fatal hit found since a moment, sure or not, that nobody was given for it yet.

    Calls of earlier days that are checked or heard anew are among them, also those that were judged for a fatal hit in
    another place. Such a review that still waits holds whatever is found until it is finished.
    """
    fatal = select(QualityHit.call_id).where(
        QualityHit.severity == "fatal", QualityHit.found_at >= since, ~_given_for_it()
    )
    return await _candidates(session, Call.call_id.in_(fatal))


async def for_calibration(session: AsyncSession, since: datetime, reviewers: Collection[UUID]) -> list[Candidate]:
    """Calls since a moment that none of these people was given before, for whatever purpose."""
    given = exists().where(Review.call_id == Call.call_id, Review.reviewer_id.in_(reviewers))
    return await _candidates(session, Call.arrived_at >= since, ~given)


async def one(session: AsyncSession, call_id: str) -> Candidate | None:
    """The call, if it can be reviewed."""
    found = await _candidates(session, Call.call_id == call_id)
    return found[0] if found else None


async def talked(session: AsyncSession, call_ids: Collection[str]) -> dict[str, frozenset[UUID]]:
    """Who talked in each of these calls, also those who handed it over."""
    if not call_ids:
        return {}
    query = (
        select(SeatChange.call_id, func.array_agg(SeatChange.user_id.distinct()))
        .where(SeatChange.call_id.in_(call_ids), SeatChange.to_state == "talking", SeatChange.user_id.is_not(None))
        .group_by(SeatChange.call_id)
    )
    return {str(row[0]): frozenset(filter(None, row[1])) for row in await session.execute(query)}


async def reviewers(session: AsyncSession, roles: Sequence[str]) -> dict[UUID, str]:
    """The people with one of these roles, by name; namesakes are told apart by their user names."""
    query = select(User.user_id, User.display_name, User.username).where(User.active, User.roles.overlap(list(roles)))
    rows = await session.execute(query.order_by(User.display_name, User.username))
    return told_apart((row[0], row[1], row[2]) for row in rows)


async def drawn_of_agents(session: AsyncSession, since: datetime) -> dict[UUID, int]:
    """How many calls of each agent were drawn at random since a moment."""
    query = select(Review.agent_id, func.count()).where(
        Review.purpose == Purpose.RANDOM.value, Review.arrived_at >= since
    )
    rows = await session.execute(query.group_by(Review.agent_id))
    return {row[0]: row[1] for row in rows}


def _given_for_it() -> ColumnElement[bool]:
    """Whether the call of a hit was given to somebody for it: its review is not scored, or it judged what the same rule
    found in that place, in whichever version."""
    said = (
        func.jsonb_to_recordset(Review.hits)
        .table_valued(
            *(column(name, String) for name in ("rule_id", "leg", "severity")),
            *(column(name, Integer) for name in ("from_ms", "to_ms")),
        )
        .render_derived("judged", with_types=True)
    )
    same_place = and_(
        said.c.rule_id == QualityHit.rule_id,
        said.c.leg == QualityHit.leg,
        said.c.severity == QualityHit.severity,
        said.c.from_ms <= QualityHit.to_ms,
        said.c.to_ms >= QualityHit.from_ms,
    )
    return (
        exists()
        .select_from(join(Review, said, same_place, isouter=True))
        .where(
            Review.call_id == QualityHit.call_id,
            Review.purpose == Purpose.FATAL.value,
            or_(Review.scored_at.is_(None), said.c.rule_id.is_not(None)),
        )
        .correlate(QualityHit)
    )


async def _candidates(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[Candidate]:
    rows = (await session.execute(_with_hits().where(*_REVIEWABLE, *conditions))).all()
    return [Candidate(**(row._asdict() | {"direction": Direction(row.direction)})) for row in rows]


def _with_hits() -> Select[Any, *tuple[Any, ...]]:
    def count(*which: Any) -> ColumnElement[int]:
        return func.count().filter(QualityHit.hit_id.is_not(None), *which)

    counted = {
        "fatal": count(QualityHit.severity == "fatal"),
        "major": count(QualityHit.severity == "major", QualityHit.sure),
        "minor": count(QualityHit.severity == "minor", QualityHit.sure),
        "unsure": count(and_(QualityHit.severity.in_(("major", "minor")), ~QualityHit.sure)),
    }
    return (
        select(
            Call.call_id,
            Call.user_id.label("agent_id"),
            Call.agent_name,
            Call.direction,
            Call.arrived_at,
            func.coalesce(Call.talk_ms, 0).label("talk_ms"),
            Call.survey_score.label("survey"),
            *(column.label(name) for name, column in counted.items()),
        )
        .outerjoin(QualityHit, QualityHit.call_id == Call.call_id)
        .group_by(Call.call_id)
        .order_by(Call.arrived_at, Call.call_id)
    )
