"""Exports of what a filter of the case list finds: asked for by a person, written by a job, gone after a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from backend.cases import list_repository
from backend.cases.errors import ExportGone, ExportNotYours, ExportTooLarge, NothingToExport, ReasonNotGiven
from backend.cases.export_states import ExportMove, ExportState, move
from backend.cases.list_models import CaseExport
from backend.cases.list_schemas import CaseFilterContent, CaseQuestion, ExportAsked, ExportView
from backend.cases.listing import filter_of
from backend.identity import audit
from backend.identity.errors import NotPermitted
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.schemas import Problem

EXPORT_CASES = "export_cases"
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """How many rows an export may have, and how long its file is kept."""

    most_rows: int
    kept: timedelta


async def ask_for_export(
    tx: Transaction, who: Principal, asked: ExportAsked, limits: ExportLimits, now: datetime
) -> ExportView:
    """Ask for an export; what was asked, by whom and for how many rows goes to the audit log.

    The same `export_id` asks once, however often it comes. Raises `ExportTooLarge`, `NothingToExport`, `NotPermitted`
    for whole numbers, `ReasonNotGiven`.
    """
    if asked.whole_numbers:
        if not who.may("numbers.reveal"):
            raise NotPermitted("numbers.reveal")
        if not asked.reason.strip():
            raise ReasonNotGiven("Whole numbers need a reason.", next_step="Write why you need them.", field="reason")
    names = who.may("numbers.reveal")
    question = CaseQuestion(**asked.content.model_dump())
    wanted = await filter_of(tx, who.user_id, question, now, names=names)
    total = await list_repository.count_up_to(tx.session, wanted, limits.most_rows + 1)
    if total > limits.most_rows:
        raise ExportTooLarge(limits.most_rows)
    if not total:
        raise NothingToExport("No case fits the filter.", next_step="Widen the filter.")
    fresh = insert(CaseExport).values(
        export_id=asked.export_id,
        user_id=who.user_id,
        state=ExportState.WAITING.value,
        content=asked.content.model_dump(mode="json", exclude_defaults=True),
        names=names,
        whole_numbers=asked.whole_numbers,
        total=total,
        rows=0,
        requested_at=now,
    )
    if (await tx.session.execute(fresh.on_conflict_do_nothing().returning(CaseExport.export_id))).scalar() is not None:
        await tx.enqueue(EXPORT_CASES, {"export_id": str(asked.export_id)}, dedupe_key=f"export:{asked.export_id}")
        detail = {
            "filter": asked.content.model_dump(mode="json", exclude_defaults=True),
            "rows": total,
            "whole_numbers": asked.whole_numbers,
            "reason": asked.reason.strip(),
        }
        await audit.record(tx, who, "cases_exported", "export", asked.export_id, detail, at=now)
    return export_view(await own_export(tx, who, asked.export_id))


async def exports_of(tx: Transaction, who: Principal) -> list[ExportView]:
    """This person's last exports, the newest first."""
    query = select(CaseExport).where(CaseExport.user_id == who.user_id).order_by(CaseExport.requested_at.desc())
    return [export_view(row) for row in (await tx.session.execute(query.limit(_SHOWN))).scalars()]


async def own_export(tx: Transaction, who: Principal, export_id: UUID) -> CaseExport:
    """The export; raises `ExportNotYours`."""
    row = await tx.session.get(CaseExport, export_id)
    if row is None or row.user_id != who.user_id:
        raise ExportNotYours("There is no such export of yours.", next_step="Look at the list of your exports.")
    return row


async def file_of(tx: Transaction, who: Principal, export_id: UUID, now: datetime) -> CaseExport:
    """The export whose file is handed out now, which is audited. Raises `ExportNotYours` and `ExportGone`."""
    row = await own_export(tx, who, export_id)
    if row.state != ExportState.DONE.value or row.expires_at is None or row.expires_at <= now:
        raise ExportGone(
            f"The file of this export is not there: it is {row.state}.", next_step="Wait for it, or export anew."
        )
    await audit.record(tx, who, "export_downloaded", "export", export_id, {"rows": row.rows}, at=now)
    return row


async def make_move(tx: Transaction, row: CaseExport, by: ExportMove, **changes: Any) -> bool:
    """Compare-and-set from the state in which `row` was read, and tell its owner; False when somebody was first."""
    after = move(ExportState(row.state), by)
    query = update(CaseExport).where(CaseExport.export_id == row.export_id, CaseExport.state == row.state)
    query = query.values(state=after.value, **changes).returning(CaseExport)
    moved = (
        await tx.session.execute(query.execution_options(populate_existing=True, synchronize_session=False))
    ).scalar()
    if moved is not None:
        tell(tx, moved)
    return moved is not None


def tell(tx: Transaction, row: CaseExport) -> None:
    """Tell the owner how the export stands."""
    view = export_view(row)
    tx.emit(
        "export_changed",
        entity=str(row.export_id),
        audience=[f"user:{row.user_id}"],
        payload=view.model_dump(mode="json"),
    )


def export_view(row: CaseExport) -> ExportView:
    """An export as its owner sees it."""
    return ExportView(
        export_id=row.export_id,
        state=ExportState(row.state),
        content=CaseFilterContent.model_validate(row.content),
        whole_numbers=row.whole_numbers,
        total=row.total,
        rows=row.rows,
        problem=None if row.problem is None else Problem.kept_as(row.problem, row.cause),
        requested_at=row.requested_at,
        expires_at=row.expires_at,
    )
