"""The queries of rules: their versions, drafts, trials, history, and what they found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, func, or_, select, tuple_, update
from sqlalchemy.orm import defer

from backend.calls.models import Call, CallFact, Recording, Transcript
from backend.identity.models import User
from backend.identity.names import told_apart
from backend.kernel.database import Transaction
from backend.quality.course import KINDS, Step
from backend.quality.models import CallCheck, QualityHit, Recheck, RuleDraft, RuleEvent, RuleRow, RuleTrial

_OPEN = ("draft", "trial")


async def all_versions(tx: Transaction, rule_id: str | None = None) -> Sequence[RuleRow]:
    """The versions of every rule, or of one, each rule's last one last."""
    query = select(RuleRow).order_by(RuleRow.code, RuleRow.valid_from, RuleRow.row_id)
    if rule_id is not None:
        query = query.where(RuleRow.code == rule_id)
    return (await tx.session.execute(query)).scalars().all()


async def open_drafts(tx: Transaction, rule_id: str | None = None) -> Sequence[RuleDraft]:
    """The drafts that are being written or tried."""
    query = select(RuleDraft).where(RuleDraft.state.in_(_OPEN)).order_by(RuleDraft.rule_id)
    if rule_id is not None:
        query = query.where(RuleDraft.rule_id == rule_id)
    return (await tx.session.execute(query)).scalars().all()


async def change_draft(tx: Transaction, draft_id: UUID, seen: int, changes: dict[str, Any]) -> RuleDraft | None:
    """Change a draft that is still at the revision that was seen; None when it is not."""
    moved = update(RuleDraft).where(RuleDraft.draft_id == draft_id, RuleDraft.revision == seen)
    moved = moved.values(changes | {"revision": seen + 1}).returning(RuleDraft)
    return (await tx.session.execute(moved, execution_options={"populate_existing": True})).scalar_one_or_none()


async def retire_draft(tx: Transaction, rule_id: str, rule_version: int) -> None:
    """Say of the draft that this version came from that it is no more in force."""
    gone = update(RuleDraft).where(RuleDraft.rule_id == rule_id, RuleDraft.rule_version == rule_version)
    await tx.session.execute(gone.where(RuleDraft.state == "active").values(state="retired"))


async def end_rule(tx: Transaction, rule_id: str, day: date, rule_version: int | None = None) -> RuleRow | None:
    """End the standing version of a rule before a day; None when none stands, or not the one that was seen."""
    ended = update(RuleRow).where(RuleRow.code == rule_id, RuleRow.valid_to.is_(None))
    if rule_version is not None:
        ended = ended.where(RuleRow.rule_version == rule_version)
    ended = ended.values(valid_to=func.greatest(RuleRow.valid_from, day)).returning(RuleRow)
    return (await tx.session.execute(ended, execution_options={"populate_existing": True})).scalar_one_or_none()


async def last_trial(tx: Transaction, draft_id: UUID) -> RuleTrial | None:
    """The newest trial of a draft."""
    query = select(RuleTrial).where(RuleTrial.draft_id == draft_id).order_by(RuleTrial.requested_at.desc()).limit(1)
    return (await tx.session.execute(query)).scalar_one_or_none()


async def move_trial(tx: Transaction, trial_id: UUID, states: Collection[str], **changes: Any) -> RuleTrial | None:
    """Change a trial that stands in one of these states; None when it does not."""
    moved = update(RuleTrial).where(RuleTrial.trial_id == trial_id, RuleTrial.state.in_(states))
    moved = moved.values(**changes).returning(RuleTrial)
    return (await tx.session.execute(moved, execution_options={"populate_existing": True})).scalar_one_or_none()


async def last_rechecks(tx: Transaction, limit: int) -> Sequence[Row[Recheck, int]]:
    """The last orders to check calls anew, the newest first, each with how many rules it has but without them."""
    query = select(Recheck, func.jsonb_array_length(Recheck.rules)).options(defer(Recheck.rules))
    query = query.order_by(Recheck.requested_at.desc(), Recheck.recheck_id).limit(limit)
    return (await tx.session.execute(query)).all()


async def move_recheck(tx: Transaction, recheck_id: UUID, states: Collection[str], **changes: Any) -> Recheck | None:
    """Change an order that stands in one of these states; None when it does not."""
    moved = update(Recheck).where(Recheck.recheck_id == recheck_id, Recheck.state.in_(states))
    moved = moved.values(**changes).returning(Recheck)
    return (await tx.session.execute(moved, execution_options={"populate_existing": True})).scalar_one_or_none()


async def advance_recheck(
    tx: Transaction, recheck_id: UUID, seen: tuple[datetime, str] | None, to: tuple[datetime, str] | None
) -> Recheck | None:
    """Let an order that runs go on behind `to`; None when it no longer stands where it was seen."""
    (seen_at, seen_call), (at, call_id) = seen or (None, None), to or (None, None)
    moved = update(Recheck).where(
        Recheck.recheck_id == recheck_id,
        Recheck.state == "running",
        Recheck.after_at.is_not_distinct_from(seen_at),
        Recheck.after_call.is_not_distinct_from(seen_call),
    )
    moved = moved.values(after_at=at, after_call=call_id).returning(Recheck)
    return (await tx.session.execute(moved, execution_options={"populate_existing": True})).scalar_one_or_none()


async def steps_of(tx: Transaction, rule_id: str) -> Sequence[RuleEvent]:
    """What people did with a rule, in order."""
    query = select(RuleEvent).where(RuleEvent.rule_id == rule_id).order_by(RuleEvent.event_id)
    return (await tx.session.execute(query)).scalars().all()


async def found_since(tx: Transaction, since: datetime, rule_id: str | None = None) -> dict[str, tuple[int, int, int]]:
    """By rule: hits, unsure ones among them, and calls with a hit, of the calls since then."""
    query = (
        select(
            QualityHit.rule_id,
            func.count(),
            func.count(case((QualityHit.sure.is_(False), 1))),
            func.count(QualityHit.call_id.distinct()),
        )
        .join(Call, Call.call_id == QualityHit.call_id)
        .where(Call.arrived_at >= since)
        .group_by(QualityHit.rule_id)
    )
    if rule_id is not None:
        query = query.where(QualityHit.rule_id == rule_id)
    return {row[0]: (row[1], row[2], row[3]) for row in await tx.session.execute(query)}


async def checked_since(tx: Transaction, since: datetime) -> int:
    """How many of the calls since then were checked."""
    query = select(func.count()).select_from(CallCheck).join(Call, Call.call_id == CallCheck.call_id)
    return (await tx.session.execute(query.where(Call.arrived_at >= since))).scalar_one()


async def count_heard(tx: Transaction, start: datetime, end: datetime) -> int:
    """How many calls of this time have a transcript."""
    query = select(func.count()).select_from(Call).join(Transcript, Transcript.call_id == Call.call_id)
    return (await tx.session.execute(query.where(*_heard(start, end)))).scalar_one()


async def heard_page(
    tx: Transaction, start: datetime, end: datetime, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Row[Call, Transcript, int | None]]:
    """Calls of this time with their transcripts, and how many ms their recordings are long, in order."""
    query = (
        select(Call, Transcript, Recording.duration_ms)
        .join(Transcript, Transcript.call_id == Call.call_id)
        .outerjoin(Recording, Recording.call_id == Call.call_id)
        .where(*_heard(start, end))
    )
    if after is not None:
        query = query.where(tuple_(Call.arrived_at, Call.call_id) > tuple_(*after))
    return (await tx.session.execute(query.order_by(Call.arrived_at, Call.call_id).limit(limit))).all()


async def heard_places(
    tx: Transaction, start: datetime, end: datetime, after: tuple[datetime, str] | None, limit: int
) -> list[tuple[datetime, str]]:
    """When calls of this time that have a transcript came, and their ids, in order."""
    query = select(Call.arrived_at, Call.call_id).join(Transcript, Transcript.call_id == Call.call_id)
    query = query.where(*_heard(start, end))
    if after is not None:
        query = query.where(tuple_(Call.arrived_at, Call.call_id) > tuple_(*after))
    rows = await tx.session.execute(query.order_by(Call.arrived_at, Call.call_id).limit(limit))
    return [(row.arrived_at, row.call_id) for row in rows]


async def steps_of_calls(tx: Transaction, call_ids: Collection[str]) -> dict[str, list[Step]]:
    """The facts of these calls that tell their course, in order."""
    mode = CallFact.payload["mode"].astext
    query = select(CallFact.call_id, CallFact.kind, CallFact.at, CallFact.seat, mode.label("mode"))
    query = query.where(CallFact.call_id.in_(call_ids), CallFact.kind.in_(KINDS))
    found: dict[str, list[Step]] = {}
    for row in await tx.session.execute(query.order_by(CallFact.call_id, CallFact.n)):
        found.setdefault(row.call_id, []).append(Step(row.kind, row.at, row.seat, row.mode))
    return found


async def names_of_people(tx: Transaction) -> dict[UUID, str]:
    """What everybody is called, namesakes told apart."""
    rows = await tx.session.execute(select(User.user_id, User.display_name, User.username))
    return told_apart((row[0], row[1], row[2]) for row in rows)


async def checked_by_others(tx: Transaction, since: datetime, rules: str, limit: int) -> Sequence[str]:
    """Calls since then that were checked by other rules than those with this digest."""
    query = select(CallCheck.call_id).join(Call, Call.call_id == CallCheck.call_id)
    query = query.where(Call.arrived_at >= since, CallCheck.rules != rules).limit(limit)
    return (await tx.session.execute(query)).scalars().all()


def _heard(start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Call.arrived_at >= start, Call.arrived_at < end, Transcript.state == "ready")


async def version_taken(tx: Transaction, rule_id: str, rule_version: int, draft_id: UUID) -> bool:
    """Whether a rule of this version, or a later one, stands or stood, or another draft was in force under it."""
    rows = select(RuleRow.row_id).where(RuleRow.code == rule_id, RuleRow.rule_version >= rule_version)
    drafts = select(RuleDraft.draft_id).where(
        RuleDraft.rule_id == rule_id, RuleDraft.draft_id != draft_id, RuleDraft.state.in_(_OPEN)
    )
    query = select(or_(rows.exists(), drafts.exists()))
    return bool((await tx.session.execute(query)).scalar_one())
