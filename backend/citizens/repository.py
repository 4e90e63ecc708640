"""Every query about citizens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.citizens.models import Citizen
from backend.kernel.ids import new_id


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
