"""Every query about drafts and cases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.cases.models import Case, CaseAddition, CaseEvent, CaseNumberDay, Draft
from backend.cases.schemas import CaseStatus
from backend.cases.states import CaseMove
from backend.kernel.pipeline import Statement, driver_sql

_CASES_OF_NUMBERS = driver_sql(
    text(
        "SELECT caller_e164, case_id, number, what, class_name, street_name, community_name, urgency, status, filed_at,"
        " filed_by, call_id, channel FROM (SELECT *, row_number() OVER (PARTITION BY caller_e164"
        " ORDER BY closed_at IS NOT NULL, filed_at DESC, case_id) AS place FROM cases WHERE caller_e164 = ANY(:numbers)"
        ") AS ranked WHERE place <= :most ORDER BY caller_e164, place"
    )
)


# ---- drafts -------------------------------------------------------------------------------------------------------


async def draft_for_update(session: AsyncSession, draft_id: UUID) -> Draft | None:
    """The draft, locked until the transaction ends."""
    query = select(Draft).where(Draft.draft_id == draft_id).with_for_update()
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def insert_draft(session: AsyncSession, draft: Draft) -> bool:
    """Store a new draft; False when one of this id was stored meanwhile."""
    columns = (column.key for column in Draft.__mapper__.column_attrs)
    statement = insert(Draft).values({key: getattr(draft, key) for key in columns})
    stored = await session.execute(statement.on_conflict_do_nothing().returning(Draft.draft_id))
    return stored.scalar_one_or_none() is not None


async def drafts_of_user(session: AsyncSession, user_id: UUID) -> Sequence[Draft]:
    """A person's drafts, the last saved first."""
    query = select(Draft).where(Draft.user_id == user_id).order_by(Draft.saved_at.desc(), Draft.draft_id)
    return (await session.execute(query)).scalars().all()


async def drafts_of_calls(session: AsyncSession, call_ids: Collection[str]) -> Sequence[Draft]:
    """Everybody's drafts for these calls, the last saved first."""
    if not call_ids:
        return []
    query = select(Draft).where(Draft.call_id.in_(call_ids)).order_by(Draft.saved_at.desc(), Draft.draft_id)
    return (await session.execute(query)).scalars().all()


# ---- filing -------------------------------------------------------------------------------------------------------


async def serialise_request(session: AsyncSession, request_id: UUID) -> None:
    """Until the transaction ends, nobody else works on this request."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"file-case:{request_id}"}
    )


async def case_by_request(session: AsyncSession, request_id: UUID) -> Case | None:
    """The case that this request filed."""
    return (await session.execute(select(Case).where(Case.request_id == request_id))).scalar_one_or_none()


async def case_by_draft(session: AsyncSession, draft_id: UUID) -> Case | None:
    """The case that this draft became, or to which it was added."""
    filed = select(Case).where(Case.draft_id == draft_id).limit(1)
    added = select(Case).join(CaseAddition, CaseAddition.case_id == Case.case_id)
    for query in (filed, added.where(CaseAddition.draft_id == draft_id).limit(1)):
        found = (await session.execute(query)).scalar_one_or_none()
        if found is not None:
            return found
    return None


async def next_count(session: AsyncSession, prefix: str, day: date) -> int:
    """The next count of a day. Others wait for this transaction, and a roll-back gives the count back: no gaps."""
    statement = insert(CaseNumberDay).values(prefix=prefix, day=day, last=1)
    statement = statement.on_conflict_do_update(
        index_elements=[CaseNumberDay.prefix, CaseNumberDay.day], set_={"last": CaseNumberDay.last + 1}
    )
    return (await session.execute(statement.returning(CaseNumberDay.last))).scalar_one()


async def set_status(
    session: AsyncSession,
    case_id: UUID,
    version: int,
    status: CaseStatus,
    closed_at: datetime | None,
    *,
    urgency: str | None = None,
) -> Case | None:
    """Compare-and-set: the case at its new version, None when it is not at `version` any more."""
    changes = {"status": status.value, "version": version + 1, "closed_at": closed_at}
    if urgency is not None:
        changes["urgency"] = urgency
    statement = (
        update(Case)
        .where(Case.case_id == case_id, Case.version == version)
        .values(**changes)
        .returning(Case)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def closed_in(
    session: AsyncSession, unit_grids: Collection[str], class_begins: str, since: datetime
) -> Sequence[Case]:
    """Cases of classes that begin so, handled and closed in these unit grids since then, the last closed first."""
    handled = select(CaseEvent.event_id).where(CaseEvent.case_id == Case.case_id, CaseEvent.kind == "closed").exists()
    query = select(Case).where(
        Case.unit_grid_code.in_(unit_grids),
        Case.closed_at >= since,
        Case.class_code.startswith(class_begins, autoescape=True),
        ~Case.answered_at_once,
        handled,
    )
    return (await session.execute(query.order_by(Case.closed_at.desc(), Case.case_id).limit(50))).scalars().all()


async def links_of(session: AsyncSession, case: Case) -> Sequence[Case]:
    """The case of which this one is a recurrence, if it is one, and then its own recurrences, the oldest first."""
    query = select(Case).where(or_(Case.case_id == case.recurs_id, Case.recurs_id == case.case_id))
    return (await session.execute(query.order_by(Case.filed_at, Case.case_id))).scalars().all()


# ---- reading ------------------------------------------------------------------------------------------------------


async def case_by_id(session: AsyncSession, case_id: UUID) -> Case | None:
    """The case."""
    return await session.get(Case, case_id)


async def events_of(session: AsyncSession, case_id: UUID) -> Sequence[CaseEvent]:
    """The time line of a case, oldest first."""
    query = select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.event_id)
    return (await session.execute(query)).scalars().all()


def is_hard() -> ColumnElement[bool]:
    """Whether a case was declared hard 疑难, as a column of any query of cases."""
    return exists().where(CaseEvent.case_id == Case.case_id, CaseEvent.kind == CaseMove.DECLARE_HARD.value)


async def forms_added_to(session: AsyncSession, case_id: UUID) -> Sequence[dict[str, Any]]:
    """The forms that were added to a case, as they were typed, oldest first."""
    query = select(CaseAddition.content).where(CaseAddition.case_id == case_id)
    return (await session.execute(query.order_by(CaseAddition.added_at, CaseAddition.addition_id))).scalars().all()


async def numbers_of(session: AsyncSession, case_ids: Collection[UUID]) -> dict[UUID, str]:
    """The number of each of these cases."""
    if not case_ids:
        return {}
    rows = await session.execute(select(Case.case_id, Case.number).where(Case.case_id.in_(case_ids)))
    return {row.case_id: row.number for row in rows}


async def hard_among(session: AsyncSession, case_ids: Collection[UUID]) -> frozenset[UUID]:
    """Which of these cases were declared hard 疑难: the time line says so, and nothing takes it back."""
    if not case_ids:
        return frozenset()
    query = select(CaseEvent.case_id).where(CaseEvent.kind == CaseMove.DECLARE_HARD.value)
    return frozenset((await session.execute(query.where(CaseEvent.case_id.in_(case_ids)))).scalars())


async def cases_of_numbers(session: AsyncSession, numbers: Collection[str], limit: int) -> Sequence[Case]:
    """For each of these E.164 numbers at most `limit` cases: open ones first, then the newest."""
    if not numbers:
        return []
    order = (Case.closed_at.is_not(None), Case.filed_at.desc(), Case.case_id)
    place = func.row_number().over(partition_by=Case.caller_e164, order_by=order).label("place")
    ranked = select(Case, place).where(Case.caller_e164.in_(numbers)).subquery()
    found = aliased(Case, ranked)
    query = select(found).where(ranked.c.place <= limit).order_by(found.caller_e164, ranked.c.place)
    return (await session.execute(query)).scalars().all()


def cases_statement(numbers: Collection[str], limit: int) -> Statement:
    """The same for a pop-up that is waited for: rows for `backend.cases.views.summary_of`, with their caller_e164."""
    return Statement(_CASES_OF_NUMBERS, {"numbers": sorted(numbers), "most": limit})


async def cases_of_calls(session: AsyncSession, call_ids: Collection[str]) -> Sequence[Case]:
    """The cases filed in these calls, in the order of filing."""
    if not call_ids:
        return []
    query = select(Case).where(Case.call_id.in_(call_ids)).order_by(Case.filed_at, Case.case_id)
    return (await session.execute(query)).scalars().all()


async def caller_numbers(session: AsyncSession, case_ids: Collection[UUID]) -> dict[UUID, str | None]:
    """The caller's number of each of these cases, as the network sent it."""
    query = select(Case.case_id, Case.caller_number).where(Case.case_id.in_(case_ids))
    return {row.case_id: row.caller_number for row in await session.execute(query)}
