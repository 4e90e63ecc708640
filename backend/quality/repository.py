"""The queries of quality checks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, func, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from backend.calls.models import Call, Recording, Transcript
from backend.calls.schemas import HitCounts
from backend.kernel.database import Transaction
from backend.kernel.versions import DataVersion
from backend.quality.models import CallCheck, EarlierHit, QualityHit, RuleRow
from backend.seats.models import SeatChange

_HITS: Table = QualityHit.__table__  # type: ignore[assignment]
"""Past the ORM, which costs more than the insert: every call that is heard is checked."""


@dataclass(frozen=True, slots=True)
class HitsChanged:
    """How many hits a check found that did not stand before, and how many that stood are gone."""

    found: int
    gone: int


async def hits_of(tx: Transaction, call_id: str) -> Sequence[QualityHit]:
    """What the last check found in a call, by time."""
    query = select(QualityHit).where(QualityHit.call_id == call_id)
    query = query.order_by(QualityHit.from_ms, QualityHit.to_ms, QualityHit.rule_id, QualityHit.hit_id)
    return (await tx.session.execute(query)).scalars().all()


async def who_sat(tx: Transaction, call_id: str) -> list[tuple[str, datetime, UUID]]:
    """Who began to talk in a call: at which seat, when, who; in order."""
    query = select(SeatChange.seat, SeatChange.at, SeatChange.user_id).where(
        SeatChange.call_id == call_id, SeatChange.to_state == "talking", SeatChange.user_id.is_not(None)
    )
    rows = await tx.session.execute(query.order_by(SeatChange.id))
    return [(row[0], row[1], row[2]) for row in rows if row[2] is not None]


async def check_of(tx: Transaction, call_id: str) -> CallCheck | None:
    """On what grounds a call was checked last, if it was: as it stands now, also for who has read it before."""
    return await tx.session.get(CallCheck, call_id, populate_existing=True)


async def call_and_transcript(tx: Transaction, call_id: str) -> tuple[Call, Transcript, int | None] | None:
    """A call with its transcript, if that is ready, and how many ms its recording is long: as they stand now, also for
    who has read them before."""
    query = (
        select(Call, Transcript, Recording.duration_ms)
        .join(Transcript, Transcript.call_id == Call.call_id)
        .outerjoin(Recording, Recording.call_id == Call.call_id)
        .where(Call.call_id == call_id, Transcript.state == "ready")
    )
    row = (await tx.session.execute(query, execution_options={"populate_existing": True})).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def note_check(tx: Transaction, seen: int | None, row: dict[str, Any]) -> bool:
    """Write down that a call was checked, if nobody checked it since its version was `seen` (None: never checked) and
    the transcript is still the one that was."""
    same = select(Transcript.call_id).where(
        Transcript.call_id == row["call_id"], Transcript.revision == row["transcript_revision"]
    )
    if (await tx.session.execute(same.with_for_update(read=True))).one_or_none() is None:
        return False
    if seen is None:
        statement = insert(CallCheck).values(row | {"version": 1}).on_conflict_do_nothing().returning(CallCheck.call_id)
        return (await tx.session.execute(statement)).one_or_none() is not None
    kept = (CallCheck.call_id == row["call_id"], CallCheck.version == seen)
    moved = update(CallCheck).where(*kept).values(row | {"version": seen + 1}).returning(CallCheck.call_id)
    return (await tx.session.execute(moved)).one_or_none() is not None


async def replace_hits(
    tx: Transaction, call_id: str, rows: Sequence[dict[str, Any]], *, check: int, at: datetime
) -> HitsChanged:
    """Let these be the hits of a call, found by its `check`th check. One that stood before keeps the moment at which it
    was found first; one that is there no longer goes among the earlier ones."""
    ids = [row["hit_id"] for row in rows]
    stood = select(QualityHit.hit_id).where(QualityHit.call_id == call_id)
    before = set((await tx.session.execute(stood)).scalars())
    if gone := before - set(ids):
        await _keep_earlier_hits(tx, gone, check, at)
    if rows:
        statement = insert(_HITS)
        again = {name: statement.excluded[name] for name in rows[0] if name not in {"hit_id", "call_id", "found_at"}}
        await tx.session.execute(statement.on_conflict_do_update(index_elements=["hit_id"], set_=again), list(rows))
    return HitsChanged(found=len(set(ids) - before), gone=len(gone))


async def _keep_earlier_hits(tx: Transaction, hit_ids: Collection[UUID], check: int, at: datetime) -> None:
    columns = [column for column in QualityHit.__table__.columns if column.key in EarlierHit.__table__.columns]
    old = select(*columns, literal(check), literal(at)).where(QualityHit.hit_id.in_(hit_ids))
    names = [*(column.key for column in columns), "replaced_by", "replaced_at"]
    await tx.session.execute(insert(EarlierHit).from_select(names, old))
    gone = delete(QualityHit).where(QualityHit.hit_id.in_(hit_ids))
    await tx.session.execute(gone.execution_options(synchronize_session=False))


async def earlier_hits_of(tx: Transaction, call_id: str) -> Sequence[EarlierHit]:
    """What earlier checks had found in a call and later ones no longer, the last that went first."""
    query = select(EarlierHit).where(EarlierHit.call_id == call_id)
    query = query.order_by(EarlierHit.replaced_at.desc(), EarlierHit.from_ms, EarlierHit.hit_id)
    return (await tx.session.execute(query)).scalars().all()


async def unchecked(tx: Transaction, *, since: datetime, before: datetime, limit: int) -> Sequence[str]:
    """Calls of this time whose transcript was never checked, or was replaced after its check, the oldest first."""
    query = (
        select(Transcript.call_id)
        .outerjoin(CallCheck, CallCheck.call_id == Transcript.call_id)
        .where(Transcript.state == "ready", Transcript.created_at.between(since, before))
        .where(or_(CallCheck.call_id.is_(None), CallCheck.transcript_revision != Transcript.revision))
        .order_by(Transcript.created_at)
        .limit(limit)
    )
    return (await tx.session.execute(query)).scalars().all()


async def hit_counts(tx: Transaction, call_ids: Sequence[str]) -> dict[str, HitCounts]:
    """How many hits each of these calls has; those without any are left out."""
    if not call_ids:
        return {}
    praise, fatal = QualityHit.severity == "praise", QualityHit.severity == "fatal"
    query = (
        select(QualityHit.call_id, func.count(), func.count().filter(fatal), func.count().filter(praise))
        .where(QualityHit.call_id.in_(call_ids))
        .group_by(QualityHit.call_id)
    )
    return {
        row[0]: HitCounts(faults=row[1] - row[3], fatal=row[2], praise=row[3])
        for row in await tx.session.execute(query)
    }


async def titles_of(tx: Transaction, rules: Collection[tuple[str, int]]) -> dict[tuple[str, int], dict[str, str]]:
    """What these rules, by id and version, are called in each language."""
    wanted = tuple_(RuleRow.code, RuleRow.rule_version).in_(list(rules))
    query = select(RuleRow.code, RuleRow.rule_version, RuleRow.content["title"]).where(wanted)
    return {(row[0], row[1]): row[2] for row in await tx.session.execute(query)} if rules else {}


async def loaded_at(
    tx: Transaction, versions: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[datetime, str]]:
    """When these versions of sets of data were loaded, and from which file."""
    if not versions:
        return {}
    query = select(DataVersion).where(tuple_(DataVersion.dataset, DataVersion.version).in_(list(versions)))
    found = (await tx.session.execute(query)).scalars()
    return {(each.dataset, each.version): (each.loaded_at, each.source) for each in found}
