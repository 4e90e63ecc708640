"""The queries of the map: open cases are few, so they are counted where they are, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.cases.list_repository import CaseFilter, fitting, run_out
from backend.cases.map_schemas import MapLevel
from backend.cases.models import Case
from backend.kernel.queries import plan_for_this

_CODES = {
    MapLevel.STREET: Case.street_code,
    MapLevel.COMMUNITY: Case.community_code,
    MapLevel.UNIT_GRID: Case.unit_grid_code,
}


async def counts_by_area(
    session: AsyncSession, wanted: CaseFilter, level: MapLevel, now: datetime
) -> Sequence[tuple[str | None, int, int]]:
    """How many open cases of the filter lie in each area, and how many of them are overdue; None is no known area."""
    await plan_for_this(session)
    late = _late(now)
    code = _CODES[level]
    query: Any = select(code, func.count(), func.count(late.c.case_id)).where(Case.closed_at.is_(None))
    query = fitting(query.select_from(Case).outerjoin(late, late.c.case_id == Case.case_id), wanted).group_by(code)
    return [(row[0], row[1], row[2]) for row in await session.execute(query)]


async def points(session: AsyncSession, wanted: CaseFilter, now: datetime, most: int) -> Sequence[RowMapping]:
    """Open cases of the filter whose point is known: overdue ones first, then the newest."""
    late = _late(now)
    overdue = late.c.case_id.is_not(None)
    query: Any = select(
        Case.case_id, Case.number, Case.what, Case.class_name, Case.urgency, Case.status, Case.longitude, Case.latitude,
        overdue.label("overdue"),
    ).where(Case.closed_at.is_(None), Case.longitude.is_not(None))  # fmt: skip
    query = fitting(query.select_from(Case).outerjoin(late, late.c.case_id == Case.case_id), wanted)
    query = query.order_by(overdue.desc(), Case.filed_at.desc(), Case.case_id.desc()).limit(most)
    found: Sequence[RowMapping] = (await session.execute(query)).mappings().all()
    return found


def _late(now: datetime) -> Any:
    return run_out(now).distinct().subquery("late")
