"""The queries about recognition."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Row, and_, cast, exists, func, or_, select, tuple_

from backend.calls.hearing import LOW_SCORE
from backend.calls.models import Call, Recording, Transcript
from backend.cases.models import Case
from backend.kernel.database import Transaction
from backend.kernel.grams import as_prefix


async def heard_since(tx: Transaction, since: datetime) -> tuple[int, int, int]:
    """What was heard since then: recordings, ms of audio, ms of CPU; only those whose cost is known."""
    query = select(func.count(), func.sum(Transcript.audio_ms), func.sum(Transcript.cpu_ms)).where(
        Transcript.created_at >= since, Transcript.cpu_ms.is_not(None)
    )
    count, audio_ms, cpu_ms = (await tx.session.execute(query)).one()
    return count, int(audio_ms or 0), int(cpu_ms or 0)


async def newest_model(tx: Transaction) -> str | None:
    """The model of the newest text."""
    query = select(Transcript.model).where(Transcript.state == "ready").order_by(Transcript.created_at.desc()).limit(1)
    return (await tx.session.execute(query)).scalar_one_or_none()


async def failed_count(tx: Transaction) -> int:
    """How many calls have no text because they could not be heard."""
    query = select(func.count()).select_from(Transcript).where(Transcript.state == "failed")
    return (await tx.session.execute(query)).scalar_one()


async def failed(tx: Transaction, limit: int) -> Sequence[Row[Call, Transcript]]:
    """The calls that could not be heard, the newest failure first."""
    query = (
        select(Call, Transcript)
        .join(Transcript, Transcript.call_id == Call.call_id)
        .where(Transcript.state == "failed", Call.transcript_state == "failed")
        .order_by(Transcript.created_at.desc(), Call.call_id)
        .limit(limit)
    )
    return (await tx.session.execute(query)).all()


async def calls(tx: Transaction, call_ids: Collection[str]) -> Sequence[Row[Call, bool]]:
    """These calls, and whether they have a text; locked, so that two people do not start the same one twice."""
    has_text = exists().where(Transcript.call_id == Call.call_id, Transcript.state == "ready")
    query = select(Call, has_text).where(Call.call_id.in_(call_ids)).order_by(Call.call_id).with_for_update(of=Call)
    return (await tx.session.execute(query)).all()


async def discontent_waiting(tx: Transaction, since: datetime) -> list[str]:
    """Calls since then with a low score that still wait for their transcript."""
    query = select(Call.call_id).where(
        Call.transcript_state == "pending", Call.ended_at >= since, Call.survey_score >= LOW_SCORE
    )
    return list((await tx.session.execute(query)).scalars())


async def complaints_waiting(tx: Transaction, classes: Sequence[str], since: datetime) -> list[str]:
    """Calls whose case was filed since then under one of these classes, and that still wait for their transcript."""
    query = (
        select(Call.call_id)
        .join(Case, Case.call_id == Call.call_id)
        .where(
            Case.filed_at >= since,
            Call.transcript_state == "pending",
            or_(*(Case.class_code.like(as_prefix(each)) for each in classes)),
        )
    )
    return list((await tx.session.execute(query)).scalars())


async def to_renew(
    tx: Transaction,
    first: datetime,
    end: datetime,
    unlike: dict[str, Any] | None,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Row[datetime, str, int]]:
    """Calls that came in this time and have a recording that was heard, or failed to be: when, id, ms of recording.

    Those that wait already are left out, and with `unlike` those whose text was heard by just this engine, model and
    setting. Oldest first, only those `after` the one given.
    """
    query = (
        select(Call.arrived_at, Call.call_id, func.coalesce(Recording.duration_ms, cast(0, Integer)))
        .join(Recording, and_(Recording.call_id == Call.call_id, Recording.state == "stored"))
        .join(Transcript, Transcript.call_id == Call.call_id)
        .where(Call.arrived_at >= first, Call.arrived_at < end, Call.transcript_state.in_(("ready", "failed")))
        .order_by(Call.arrived_at, Call.call_id)
        .limit(limit)
    )
    if unlike is not None:
        query = query.where(Transcript.settings != unlike)
    if after is not None:
        query = query.where(tuple_(Call.arrived_at, Call.call_id) > tuple_(*after))
    return (await tx.session.execute(query)).all()
