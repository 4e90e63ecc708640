"""Every query about special lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.grid.beat import Beat
from backend.kernel.queries import holding, plan_for_this
from backend.rectification.models import SpecialEntry, SpecialEvent
from backend.rectification.rules import Sight
from backend.rectification.schemas import SpecialState

Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; None, "" and () leave a part open. `late_on` asks for those overdue on that day."""

    sight: Sight
    words: tuple[str, ...] = ()
    kind: str = ""
    state: SpecialState | None = None
    street: str = ""
    community: str = ""
    unit: str = ""
    late_on: date | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """So many entries of one kind in one state; so many of them are overdue."""

    kind: str
    state: str
    count: int
    overdue: int


async def entry_by_id(session: AsyncSession, entry_id: UUID) -> SpecialEntry | None:
    """The entry."""
    return (await session.execute(select(SpecialEntry).where(SpecialEntry.entry_id == entry_id))).scalar_one_or_none()


async def entries_by_ref(session: AsyncSession, refs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The fingerprints of the entries with these kinds and refs."""
    query = select(SpecialEntry.kind_code, SpecialEntry.ref, SpecialEntry.fingerprint).where(
        tuple_(SpecialEntry.kind_code, SpecialEntry.ref).in_(refs)
    )
    return {(row.kind_code, str(row.ref)): row.fingerprint for row in await session.execute(query)}


async def lock_entry(session: AsyncSession, entry_id: UUID) -> SpecialEntry | None:
    """The entry as it stands, kept from others until the transaction ends."""
    query = select(SpecialEntry).where(SpecialEntry.entry_id == entry_id).with_for_update()
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def steps_of(session: AsyncSession, entry_id: UUID) -> Sequence[SpecialEvent]:
    """The history of an entry, oldest first."""
    query = select(SpecialEvent).where(SpecialEvent.entry_id == entry_id).order_by(SpecialEvent.event_id)
    return (await session.execute(query)).scalars().all()


async def page(session: AsyncSession, wanted: Wanted, before: Place | None, limit: int) -> Sequence[SpecialEntry]:
    """Entries, the last entered first, from just before a moment and an id."""
    await plan_for_this(session)
    query = select(SpecialEntry).where(*_conditions(wanted))
    if before is not None:
        query = query.where(tuple_(SpecialEntry.entered_at, SpecialEntry.entry_id) < before)
    query = query.order_by(SpecialEntry.entered_at.desc(), SpecialEntry.entry_id.desc()).limit(limit)
    return (await session.execute(query)).scalars().all()


async def counts(session: AsyncSession, wanted: Wanted, today: date) -> list[Counted]:
    """The entries of a filter by kind and state; lists of a district have thousands of entries, so all are counted."""
    await plan_for_this(session)
    query = (
        select(SpecialEntry.kind_code, SpecialEntry.state, func.count(), func.count().filter(_late(today)))
        .where(*_conditions(wanted))
        .group_by(SpecialEntry.kind_code, SpecialEntry.state)
        .order_by(SpecialEntry.kind_code, SpecialEntry.state)
    )
    return [Counted(*row) for row in await session.execute(query)]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [_seen(wanted.sight)]
    equal = (
        (SpecialEntry.kind_code, wanted.kind),
        (SpecialEntry.state, wanted.state and wanted.state.value),
        (SpecialEntry.street_code, wanted.street),
        (SpecialEntry.community_code, wanted.community),
        (SpecialEntry.unit_code, wanted.unit),
    )
    conditions += [column == value for column, value in equal if value]
    if wanted.late_on is not None:
        conditions.append(_late(wanted.late_on))
    return [*conditions, *holding(wanted.words, SpecialEntry.grams, SpecialEntry.document)]


def _seen(sight: Sight) -> ColumnElement[bool]:
    if sight.everything:
        return true()
    parts: list[ColumnElement[bool]] = [false()]
    if sight.unit is not None:
        parts.append(SpecialEntry.unit_code == sight.unit)
    if sight.beat is not None:
        parts.append(_in_beat(sight.beat))
    return or_(*parts)


def _in_beat(beat: Beat) -> ColumnElement[bool]:
    columns: tuple[tuple[Any, str], ...] = (
        (SpecialEntry.street_code, beat.street),
        (SpecialEntry.community_code, beat.community),
    )
    return and_(true(), *(column == code for column, code in columns if code))


def _late(today: date) -> ColumnElement[bool]:
    return and_(SpecialEntry.state == SpecialState.ASSIGNED.value, SpecialEntry.due_on < today)
