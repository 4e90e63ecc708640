"""Every query about patrols."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.cases.filing import PATROL
from backend.cases.models import Case
from backend.patrols.models import Patrol, PatrolBeat
from backend.patrols.schemas import PatrolState

_WAITING = Patrol.state == PatrolState.WAITING.value


async def by_id(session: AsyncSession, patrol_id: UUID) -> Patrol | None:
    """The patrol as it stands."""
    return await session.get(Patrol, patrol_id, populate_existing=True)


async def of_case(session: AsyncSession, case_id: UUID) -> Sequence[Patrol]:
    """Every patrol of a case, in the order in which they were planned."""
    query = select(Patrol).where(Patrol.case_id == case_id).order_by(Patrol.series, Patrol.n)
    return (await session.execute(query.execution_options(populate_existing=True))).scalars().all()


async def waiting(
    session: AsyncSession, streets: Collection[str], until: datetime, limit: int
) -> Sequence[tuple[Patrol, Case]]:
    """Waiting patrols of closed cases in these streets (none: everywhere) that are due by then, the next due first."""
    query = select(Patrol, Case).join(Case, Case.case_id == Patrol.case_id)
    query = query.where(_WAITING, Patrol.due_at <= until, Case.closed_at.is_not(None))
    if streets:
        query = query.where(Patrol.street_code.in_(streets))
    rows = await session.execute(query.order_by(Patrol.due_at, Patrol.patrol_id).limit(limit))
    return [(row[0], row[1]) for row in rows]


async def done_by(session: AsyncSession, user_id: UUID, limit: int) -> Sequence[tuple[Patrol, Case]]:
    """The patrols that this person did, the last first."""
    query = select(Patrol, Case).join(Case, Case.case_id == Patrol.case_id).where(Patrol.done_by_id == user_id)
    rows = await session.execute(query.order_by(Patrol.done_at.desc()).limit(limit))
    return [(row[0], row[1]) for row in rows]


async def last_series(session: AsyncSession, case_id: UUID) -> int:
    """How often patrols were planned for a case."""
    query = select(func.coalesce(func.max(Patrol.series), 0)).where(Patrol.case_id == case_id)
    return (await session.execute(query)).scalar_one()


async def make_move(session: AsyncSession, patrol: Patrol, state: PatrolState, **changes: Any) -> Patrol | None:
    """Compare-and-set from the version in which `patrol` was read; None when somebody was first."""
    query = update(Patrol).where(Patrol.patrol_id == patrol.patrol_id, Patrol.version == patrol.version)
    query = query.values(state=state.value, version=patrol.version + 1, **changes).returning(Patrol)
    return (
        await session.execute(query.execution_options(populate_existing=True, synchronize_session=False))
    ).scalar_one_or_none()


async def beat_of(session: AsyncSession, user_id: UUID) -> list[str]:
    """The streets that this person walks."""
    query = select(PatrolBeat.street_code).where(PatrolBeat.user_id == user_id).order_by(PatrolBeat.street_code)
    return list((await session.execute(query)).scalars())


async def set_beat(session: AsyncSession, user_id: UUID, streets: Collection[str]) -> None:
    """Let this person walk these streets and no others."""
    await session.execute(delete(PatrolBeat).where(PatrolBeat.user_id == user_id))
    session.add_all([PatrolBeat(user_id=user_id, street_code=code) for code in sorted(set(streets))])


async def reported_by(session: AsyncSession, user_id: UUID, limit: int) -> Sequence[Case]:
    """The cases that this person reported on patrol, the newest first."""
    query = select(Case).where(Case.filed_by_id == user_id, Case.channel == PATROL)
    return (await session.execute(query.order_by(Case.filed_at.desc(), Case.case_id).limit(limit))).scalars().all()
