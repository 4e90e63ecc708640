"""Every query about groups of cases 群诉: which case goes on under which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.cases.models import Case, CaseChild
from backend.cases.schemas import GroupMark


async def link_of(session: AsyncSession, child_id: UUID) -> CaseChild | None:
    """Under which case this one goes on."""
    return await session.get(CaseChild, child_id, populate_existing=True)


async def forget_link(session: AsyncSession, child_id: UUID) -> None:
    """The case goes on under no other any more."""
    await session.execute(delete(CaseChild).where(CaseChild.child_id == child_id))


async def children_of(session: AsyncSession, parent_id: UUID) -> Sequence[Case]:
    """The cases that go on under this one, in the order of filing."""
    query = select(Case).join(CaseChild, CaseChild.child_id == Case.case_id).where(CaseChild.parent_id == parent_id)
    return (await session.execute(query.order_by(Case.filed_at, Case.case_id))).scalars().all()


def in_group() -> ColumnElement[bool]:
    """Whether a case goes on under another one or has others under it, as a column of any query of cases."""
    return or_(exists().where(CaseChild.child_id == Case.case_id), exists().where(CaseChild.parent_id == Case.case_id))


async def marks(session: AsyncSession, case_ids: Collection[UUID]) -> dict[UUID, GroupMark]:
    """What each of these cases is in a group; one that is in none is left out."""
    if not case_ids:
        return {}
    child, parent = aliased(Case), aliased(Case)
    query = (
        select(CaseChild.child_id, CaseChild.parent_id, parent.number, child.caller_e164, parent.caller_e164)
        .join(child, child.case_id == CaseChild.child_id)
        .join(parent, parent.case_id == CaseChild.parent_id)
        .where(or_(CaseChild.child_id.in_(case_ids), CaseChild.parent_id.in_(case_ids)))
    )
    found: dict[UUID, GroupMark] = {}
    callers: dict[UUID, set[str]] = {}
    children: Counter[UUID] = Counter()
    for child_id, parent_id, number, childs, parents in await session.execute(query):
        # who left no number is somebody else each time
        callers.setdefault(parent_id, {parents or str(parent_id)}).add(childs or str(child_id))
        children[parent_id] += 1
        found[child_id] = GroupMark(parent_id=parent_id, parent_number=number)
    wanted = set(case_ids)
    for parent_id in children.keys() & wanted:
        found[parent_id] = GroupMark(children=children[parent_id], callers=len(callers[parent_id]))
    return {case_id: mark for case_id, mark in found.items() if case_id in wanted}


async def mark_of(session: AsyncSession, case_id: UUID) -> GroupMark | None:
    """What this case is in a group."""
    return (await marks(session, [case_id])).get(case_id)
