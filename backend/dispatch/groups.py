"""Groups of cases 群诉: a case goes on under another one, leaves it, and ends by its own callback."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from backend.cases import group_repository
from backend.cases.errors import CaseNotFound
from backend.cases.models import Case, CaseChild
from backend.cases.schemas import CaseStatus
from backend.cases.service import changed_meanwhile, find_case
from backend.cases.views import case_summary
from backend.citizens.numbers import read_number
from backend.citizens.service import caller_view
from backend.deadlines.rules import Timekeeping
from backend.dispatch import group_moves, repository, service
from backend.dispatch.group_schemas import GroupMember, GroupView
from backend.dispatch.life import Actor, Kin, Occasion
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction

AT_FILING = "at_filing"
"""The reason of a case that was put under another one as it was filed."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Which case is to go on under which, why, and the child as it was seen (None: as it stands)."""

    child_id: UUID
    parent_id: UUID
    reason: str
    version: int | None


async def join(tx: Transaction, who: Principal, wish: Joining, time: Timekeeping, now: datetime) -> Case:
    """Let a case go on under another one; the child as it stands then.

    Raises `CaseNotFound`, `CaseChangedMeanwhile`, or the rule of groups that stands against it.
    """
    # one at a time: two cases that are put under each other at once would each wait for the other's row
    await tx.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('join-cases', 0))"))
    parent = await _locked(tx, wish.parent_id)
    child = await _locked(tx, wish.child_id)
    if wish.version is not None and child.version != wish.version:
        raise await changed_meanwhile(tx, child)
    lives = [await repository.read_life(tx, each) for each in (child, parent)]
    at = Occasion(now, Actor(who.user_id, who.unit_code), time)
    below, above = group_moves.join(lives[0], _kin(child), lives[1], _kin(parent), wish.reason, at)
    link = CaseChild(
        child_id=child.case_id,
        parent_id=parent.case_id,
        reason=wish.reason,
        linked_at=now,
        linked_by_id=who.user_id,
        linked_by=who.display_name,
    )
    tx.session.add(link)
    joined = await service.store(tx, who, child, lives[0], below, time, now)
    await service.store(tx, who, parent, lives[1], above, time, now)
    return joined


async def join_at_filing(
    tx: Transaction, who: Principal, child_id: UUID, parent_id: UUID, time: Timekeeping, now: datetime
) -> None:
    """Put a case that was filed just now under another one; the same filing once more changes nothing."""
    if (await find_case(tx, child_id)).version == 1:
        await join(tx, who, Joining(child_id, parent_id, AT_FILING, 1), time, now)


async def leave(
    tx: Transaction, who: Principal, case_id: UUID, version: int, reason: str, time: Timekeeping, now: datetime
) -> Case:
    """Take a case out of its group, with the reason. Raises as `join`, and `HasNoParent`."""
    case = await service.locked(tx, case_id)
    if case.version != version:
        raise await changed_meanwhile(tx, case)
    before = await repository.read_life(tx, case)
    at = Occasion(now, Actor(who.user_id, who.unit_code), time)
    return await service.store(tx, who, case, before, group_moves.leave(before, reason, at), time, now)


async def look_at_group(tx: Transaction, who: Principal, case_id: UUID, now: datetime) -> GroupView:
    """The group of a case, its own place in it included; the look is audited. Raises `CaseNotFound`.

    Who wishes secrecy is not named here, whoever asks.
    """
    case = await find_case(tx, case_id)
    link = await group_repository.link_of(tx.session, case_id)
    parent = await find_case(tx, link.parent_id) if link is not None else case
    children = await group_repository.children_of(tx.session, parent.case_id)
    mark = await group_repository.mark_of(tx.session, parent.case_id)
    if children:
        await audit.record(tx, who, "group_read", "case", parent.case_id, {"number": parent.number}, at=now)
    return GroupView(
        version=case.version,
        parent=_member(parent) if children else None,
        children=[_member(each) for each in children],
        callers=mark.callers if mark is not None else 0,
    )


async def _locked(tx: Transaction, case_id: UUID) -> Case:
    case = await repository.lock_case(tx.session, case_id)
    if case is None:
        raise CaseNotFound("There is no such case.", next_step="Look for it in the list.", field="parent_id")
    return case


def _kin(case: Case) -> Kin:
    return Kin(case.case_id, case.number, CaseStatus(case.status))


def _member(case: Case) -> GroupMember:
    named = not case.identity_secret and case.caller_number is not None
    return GroupMember(
        case=case_summary(case),
        version=case.version,
        identity_secret=case.identity_secret,
        caller=caller_view(read_number(case.caller_number), case.citizen_name) if named else None,
    )
