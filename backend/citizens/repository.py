"""Every query about citizens."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.citizens.models import Citizen
from backend.kernel.ids import new_id
from backend.kernel.pipeline import Statement, driver_sql

_NAMES = driver_sql(text("SELECT e164, name FROM citizens WHERE e164 = ANY(:numbers)"))


async def by_number(session: AsyncSession, e164: str) -> Citizen | None:
    """The citizen known under this number."""
    return (await session.execute(select(Citizen).where(Citizen.e164 == e164))).scalar_one_or_none()


async def names(session: AsyncSession, numbers: Iterable[str]) -> dict[str, str]:
    """The names known for these numbers."""
    wanted = set(numbers)
    if not wanted:
        return {}
    rows = await session.execute(select(Citizen.e164, Citizen.name).where(Citizen.e164.in_(wanted)))
    return {row.e164: row.name for row in rows}


def names_statement(numbers: Collection[str]) -> Statement:
    """The same (e164, name) for a pop-up that is waited for."""
    return Statement(_NAMES, {"numbers": sorted(numbers)})


async def save_name(session: AsyncSession, e164: str, name: str, now: datetime) -> None:
    """The name for this number from now on; of two at once the later moment wins."""
    statement = insert(Citizen).values(citizen_id=new_id(), e164=e164, name=name, updated_at=now)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Citizen.e164],
            set_={"name": statement.excluded.name, "updated_at": statement.excluded.updated_at},
            where=Citizen.updated_at <= statement.excluded.updated_at,
        )
    )
