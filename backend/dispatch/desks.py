"""The desks of dispatcher, commander and verifier: what waits for this person, what is due next first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from backend.cases.group_repository import marks
from backend.cases.models import Case
from backend.cases.repository import hard_among
from backend.cases.schemas import GroupMark
from backend.cases.views import case_summary
from backend.dispatch import desk_repository as repository
from backend.dispatch.desk_schemas import DeskItem, DeskQueue, Matter
from backend.dispatch.direct import allowed, direct_units
from backend.dispatch.looking import finder, plain_of
from backend.dispatch.schemas import ProposedUnit
from backend.dispatch.views import proposed_units
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.units.directory import UnitDirectory

MOST = 200
MOST_COUNTED = 1000

DISPATCHING: dict[Matter, str] = {
    Matter.DISPATCH: "cases.dispatch",
    Matter.RETURNED: "cases.dispatch",
    Matter.ESCALATED: "cases.dispatch",
    Matter.COORDINATION: "cases.coordinate",
    Matter.EXTENSION: "cases.grant",
    Matter.OVERDUE: "cases.dispatch",
    Matter.APPEAL: "appeals.review",
}
"""What waits at the desk of dispatchers and commanders, and who may act on it."""

VERIFYING: dict[Matter, str] = {
    Matter.VERIFY: "cases.verify",
    Matter.CLOSE: "cases.verify",
    Matter.APPEAL: "appeals.review",
}
"""The same for the desk of the supervision centre."""


async def desk(
    tx: Transaction,
    who: Principal,
    matters: dict[Matter, str],
    only: Matter | None,
    directory: UnitDirectory,
    now: datetime,
) -> DeskQueue:
    """What waits at a desk for this person: all its matters, or only one of them."""
    mine = [matter for matter, needed in matters.items() if who.may(needed)]
    found: list[Any] = []
    counts = {}
    for matter in mine:
        query = repository.waiting(matter, now, who.user_id, who.unit_code)
        counts[matter] = await _count(tx, query)
        if counts[matter] and only in (None, matter):
            found += (await tx.session.execute(query.limit(MOST))).all()
    ids = {row.Case.case_id for row in found}
    hard, groups = await hard_among(tx.session, ids), await marks(tx.session, ids)
    items = [_item(row, directory, groups.get(row.Case.case_id), hard=row.Case.case_id in hard) for row in found]
    return DeskQueue(items=in_order(items)[:MOST], counts=counts, most=MOST_COUNTED)


def in_order(items: Iterable[DeskItem]) -> Sequence[DeskItem]:
    """What is due next first; what has no limit after it; of what is due together, who waits longest first."""
    return sorted(
        items, key=lambda each: (each.due_at is None, each.due_at or each.since, each.since, str(each.case.case_id))
    )


async def _count(tx: Transaction, query: repository.Waiting) -> int:
    rows = query.order_by(None).with_only_columns(Case.case_id).limit(MOST_COUNTED).subquery()
    return (await tx.session.execute(select(func.count()).select_from(rows))).scalar_one()


def _item(row: Any, directory: UnitDirectory, group: GroupMark | None, *, hard: bool) -> DeskItem:
    matter = Matter(row.matter)
    return DeskItem(
        case=case_summary(row.Case, group=group, hard=hard),
        version=row.Case.version,
        matter=matter,
        due_at=row.due,
        since=row.since,
        unit=row.unit,
        detail=row.detail,
        proposal=proposal_of(row.Case, directory, hard=hard) if matter is Matter.DISPATCH else [],
    )


def proposal_of(case: Case, directory: UnitDirectory, *, hard: bool) -> list[ProposedUnit]:
    """Where a case that no unit was asked for goes directly."""
    plain = plain_of(case)
    return proposed_units(allowed(direct_units((), plain, finder(directory)), hard=hard), plain)
