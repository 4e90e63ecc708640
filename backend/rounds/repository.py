"""Every query about entries of diary and ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.cases.origins import CaseOrigin
from backend.grid.beat import Beat
from backend.kernel.grams import as_prefix
from backend.kernel.queries import holding, plan_for_this
from backend.rounds.models import RoundEntry
from backend.rounds.schemas import CountedBy, DiaryKind, Journal

MOST_COUNTED = 50_000
_MOST_GROUPS = 400
_MAJOR = 3
"""So many characters of a code of social management name its major class: G03 of G030102."""

Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; None, "" and () leave a part open. `beat` is what the person may see at all."""

    journal: Journal
    beat: Beat
    words: tuple[str, ...] = ()
    street: str = ""
    community: str = ""
    kind: DiaryKind | None = None
    class_code: str = ""
    since: datetime | None = None
    before: datetime | None = None
    with_case: bool | None = None
    written_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """So many entries of one group; `cases` of them became cases."""

    key: str
    name: str
    count: int
    cases: int


async def entry_by_id(session: AsyncSession, journal: Journal, entry_id: UUID) -> RoundEntry | None:
    """The entry of this journal."""
    query = select(RoundEntry).where(RoundEntry.entry_id == entry_id, RoundEntry.journal == journal.value)
    return (await session.execute(query)).scalar_one_or_none()


async def lock_entry(session: AsyncSession, journal: Journal, entry_id: UUID) -> RoundEntry | None:
    """The entry as it stands, kept from others until the transaction ends."""
    query = select(RoundEntry).where(RoundEntry.entry_id == entry_id, RoundEntry.journal == journal.value)
    found = await session.execute(query.with_for_update().execution_options(populate_existing=True))
    return found.scalar_one_or_none()


async def page(session: AsyncSession, wanted: Wanted, before: Place | None, limit: int) -> Sequence[RoundEntry]:
    """Entries, the latest event first, from just before a moment and an id."""
    await plan_for_this(session)
    query = select(RoundEntry).where(*_conditions(wanted))
    if before is not None:
        query = query.where(tuple_(RoundEntry.at, RoundEntry.entry_id) < before)
    query = query.order_by(RoundEntry.at.desc(), RoundEntry.entry_id.desc()).limit(limit)
    return (await session.execute(query)).scalars().all()


async def counts(session: AsyncSession, wanted: Wanted, by: CountedBy) -> tuple[list[Counted], bool]:
    """The entries of a filter by kind, class, community or day; and whether there were more than are counted."""
    await plan_for_this(session)
    key, name = _GROUPS[by]
    grown = exists().where(CaseOrigin.kind == wanted.journal.value, CaseOrigin.entry_id == RoundEntry.entry_id)
    newest = (
        select(key.label("key"), name.label("name"), grown.label("grown"))
        .where(*_conditions(wanted))
        .order_by(RoundEntry.at.desc(), RoundEntry.entry_id.desc())
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    query: Select[Any] = (
        select(newest.c.key, func.max(newest.c.name), func.count(), func.count().filter(newest.c.grown))
        .group_by(newest.c.key)
        .order_by(newest.c.key.desc() if by is CountedBy.DAY else newest.c.key)
        .limit(_MOST_GROUPS)
    )
    found = [Counted(row[0] or "", row[1] or "", row[2], row[3]) for row in await session.execute(query)]
    return found, sum(each.count for each in found) > MOST_COUNTED


_DAY = func.to_char(func.timezone("Asia/Shanghai", RoundEntry.at), "YYYY-MM-DD")
_GROUPS: dict[CountedBy, tuple[ColumnElement[Any], ColumnElement[Any]]] = {
    CountedBy.KIND: (RoundEntry.kind, RoundEntry.kind),  # type: ignore[dict-item]
    CountedBy.CLASS: (func.left(RoundEntry.class_code, _MAJOR), func.left(RoundEntry.class_code, _MAJOR)),
    CountedBy.COMMUNITY: (RoundEntry.community_code, RoundEntry.community_name),  # type: ignore[dict-item]
    CountedBy.DAY: (_DAY, _DAY),
}


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [RoundEntry.journal == wanted.journal.value]
    equal = (
        (RoundEntry.street_code, wanted.beat.street),
        (RoundEntry.community_code, wanted.beat.community),
        (RoundEntry.street_code, wanted.street),
        (RoundEntry.community_code, wanted.community),
        (RoundEntry.kind, wanted.kind and wanted.kind.value),
        (RoundEntry.written_by_id, wanted.written_by),
    )
    conditions += [column == value for column, value in equal if value]
    if wanted.class_code:
        conditions.append(RoundEntry.class_code.like(as_prefix(wanted.class_code)))
    if wanted.since is not None:
        conditions.append(RoundEntry.at >= wanted.since)
    if wanted.before is not None:
        conditions.append(RoundEntry.at < wanted.before)
    if wanted.with_case is not None:
        grown = exists().where(CaseOrigin.kind == wanted.journal.value, CaseOrigin.entry_id == RoundEntry.entry_id)
        conditions.append(grown if wanted.with_case else ~grown)
    return [*conditions, *holding(wanted.words, RoundEntry.grams, RoundEntry.document)]
