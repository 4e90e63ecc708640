"""Reference data in the database: each row says from which day to which day it holds, and no row is ever deleted.

A table of such rows has the mixin `Versioned`. What was in force on a day is `in_force(table, day)`; what is in force
now is kept in memory by an `InForce`, which reads it anew when a version was loaded or a day began. How rows come in
stands in `backend.kernel.loading`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    Select,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel import clock
from backend.kernel.database import Base
from backend.kernel.errors import Unavailable


class DataMissing(Unavailable):
    """Reference data that everything here needs was never loaded."""


class DataVersion(Base):
    """One version of a set of reference data ("units", "taxonomy/hotline"), as it was loaded.

    `number` rises over all sets in the order of loading; within a set `valid_from` never falls with it. `digest` tells
    whether a file that comes under the same version says the same.
    """

    __tablename__ = "data_versions"
    __table_args__ = (Index("uq_data_versions_number", "number", unique=True),)

    dataset: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    valid_from: Mapped[date]
    digest: Mapped[str]
    source: Mapped[str]
    loaded_at: Mapped[datetime]


class Versioned:
    """A row of reference data. It holds from `valid_from` to the day before `valid_to`, which is None while no end is
    known; `version` is the one that brought it, and later ones that say the same leave it as it is."""

    row_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    dataset: Mapped[str]
    version: Mapped[str]
    code: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


KEEPING = frozenset({"row_id", "dataset", "version", "valid_from", "valid_to"})
"""The columns that say which version a row belongs to; all others are what it says."""


def validity(table: str) -> tuple[Any, ...]:
    """What every table of versioned rows holds to: the arguments of its `__table_args__`."""
    return (
        ForeignKeyConstraint(["dataset", "version"], ["data_versions.dataset", "data_versions.version"]),
        CheckConstraint("valid_to >= valid_from", name="validity"),
        Index(f"uq_{table}_standing", "code", unique=True, postgresql_where=text("valid_to IS NULL")),
        Index(f"ix_{table}_validity", "code", "valid_from"),
    )


Row = TypeVar("Row", bound=Versioned)


def in_force(table: type[Row], day: date) -> Select[Row]:
    """The rows that hold on a day, by code."""
    held = or_(table.valid_to.is_(None), table.valid_to > day)
    return select(table).where(table.valid_from <= day, held).order_by(table.code)


async def versions_of(session: AsyncSession, name: str) -> Sequence[DataVersion]:
    """Every version of a set and of its parts ("taxonomy" has "taxonomy/hotline"), the last loaded first."""
    query = select(DataVersion).where(_of(name)).order_by(DataVersion.number.desc())
    return (await session.execute(query)).scalars().all()


async def versions_on(session: AsyncSession, name: str, day: date) -> dict[str, str]:
    """Which version of each part of a set is in force on a day."""
    query = select(DataVersion).where(_of(name), DataVersion.valid_from <= day).order_by(DataVersion.number)
    return {each.dataset: each.version for each in (await session.execute(query)).scalars()}


def _of(name: str) -> Any:
    return func.split_part(DataVersion.dataset, "/", 1) == name


Content = TypeVar("Content")


class InForce(Generic[Content]):
    """What a set of reference data says today, in memory.

    Asked within a transaction it costs one short query; the set itself is read only when a version was loaded, by
    whatever process, or the day changed. So nobody works on with what is out of date, and nobody needs a restart.
    """

    def __init__(self, name: str, read: Callable[[AsyncSession, date], Awaitable[Content]]) -> None:
        self._name = name
        self._read = read
        self._known: tuple[tuple[date, int], Content] | None = None
        self._reading = asyncio.Lock()

    async def at(self, session: AsyncSession, now: datetime) -> Content:
        """What is in force at this moment. Raises `DataMissing` when nothing was ever loaded."""
        day = clock.beijing(now).date()
        query = select(func.max(DataVersion.number)).where(_of(self._name))
        number = (await session.execute(query)).scalar_one()
        if number is None:
            raise DataMissing(
                f"There are no {self._name} in the database.",
                kept="Nothing was changed; what was typed stays on the screen.",
                next_step=f"The administrator loads them: hotline load {self._name}.",
            )
        async with self._reading:
            if self._known is None or self._known[0] != (day, number):
                self._known = ((day, number), await self._read(session, day))
            return self._known[1]
