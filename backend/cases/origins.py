"""What a case grew out of where nobody called: an entry of a diary, a ledger or a special list.

An entry becomes a case once; the case names the entry, and the entry shows what became of the case.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from backend.cases.models import Case, CaseEvent
from backend.cases.schemas import CaseOriginView, CaseStatus, GrownCase, GrownCaseStep, OriginKind
from backend.kernel.database import Base, Transaction


class CaseOrigin(Base):
    """The entry that a case grew out of; the database itself refuses a second case of one entry."""

    __tablename__ = "case_origins"
    __table_args__ = (
        CheckConstraint("kind IN ('diary', 'ledger', 'special')", name="kind"),
        UniqueConstraint("kind", "entry_id"),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), primary_key=True)
    kind: Mapped[str]
    entry_id: Mapped[UUID]


@dataclass(frozen=True, slots=True)
class Origin:
    """The entry that becomes a case; its kind is the channel of the case."""

    kind: OriginKind
    entry_id: UUID


def keep_origin(tx: Transaction, case_id: UUID, origin: Origin) -> None:
    """Let the case name its entry."""
    tx.session.add(CaseOrigin(case_id=case_id, kind=origin.kind.value, entry_id=origin.entry_id))


async def origin_of(tx: Transaction, case_id: UUID) -> CaseOriginView | None:
    """The entry that a case grew out of, if out of one."""
    found = await tx.session.get(CaseOrigin, case_id)
    return CaseOriginView.model_validate(found) if found is not None else None


async def grown_cases(tx: Transaction, kind: OriginKind, entry_ids: Collection[UUID]) -> dict[UUID, GrownCase]:
    """How the cases stand that grew out of these entries, by entry; an entry that became none is left out."""
    if not entry_ids:
        return {}
    query = (
        select(CaseOrigin.entry_id, Case.case_id, Case.number, Case.status, Case.filed_at, Case.closed_at)
        .join(Case, Case.case_id == CaseOrigin.case_id)
        .where(CaseOrigin.kind == kind.value, CaseOrigin.entry_id.in_(entry_ids))
    )
    return {
        row.entry_id: GrownCase(
            case_id=row.case_id,
            number=row.number,
            status=CaseStatus(row.status),
            filed_at=row.filed_at,
            closed_at=row.closed_at,
        )
        for row in await tx.session.execute(query)
    }


async def steps_of(tx: Transaction, case_id: UUID) -> list[GrownCaseStep]:
    """What was done with a case, step by step, without a word that somebody wrote: for who may not read cases."""
    query = select(CaseEvent.at, CaseEvent.kind).where(CaseEvent.case_id == case_id).order_by(CaseEvent.event_id)
    return [GrownCaseStep(at=row.at, kind=row.kind) for row in await tx.session.execute(query)]
