"""The queries of whoever reads the record of calls; the recorder's own stand in `hot`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, insert, literal, or_, select, tuple_
from sqlalchemy.orm import defer

from backend.calls.models import Call, CallFact, EarlierTranscript, Recording, Transcript
from backend.citizens.models import Citizen
from backend.kernel.database import Transaction


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """What the jobs need to know of a call: where its recording lies, and how far it has come."""

    arrived_at: datetime
    recording_file: str | None
    recording_state: str
    transcript_state: str
    survey_score: int | None
    key: str | None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls are listed; None leaves a field out. `number_ends` are digits, `e164` the same as a whole number."""

    user_id: UUID | None = None
    seat: str | None = None
    outcome: str | None = None
    score: int | None = None
    number_ends: str | None = None
    e164: str | None = None


async def newest_recordings(tx: Transaction, limit: int) -> Sequence[str]:
    """The keys of the stored recordings of the last calls."""
    query = select(Recording.key).join(Call, Call.call_id == Recording.call_id)
    query = query.where(Recording.state == "stored", Recording.key.is_not(None)).order_by(Call.arrived_at.desc())
    return [str(key) for key in (await tx.session.execute(query.limit(limit))).scalars()]


async def recorded_call(tx: Transaction, call_id: str) -> RecordedCall | None:
    """The call with the key under which its recording is stored, if it is."""
    query = (
        select(
            Call.arrived_at,
            Call.recording_file,
            Call.recording_state,
            Call.transcript_state,
            Call.survey_score,
            Recording.key,
        )
        .outerjoin(Recording, Recording.call_id == Call.call_id)
        .where(Call.call_id == call_id)
    )
    row = (await tx.session.execute(query)).one_or_none()
    return None if row is None else RecordedCall(*row)


async def call_with_name(tx: Transaction, call_id: str) -> Row[Call, str | None] | None:
    """The call, and the name under which its number is known."""
    return (await tx.session.execute(_with_name().where(Call.call_id == call_id))).one_or_none()


async def page(
    tx: Transaction, chosen: CallFilter, *, before: tuple[datetime, str] | None, limit: int
) -> Sequence[Row[Call, str | None]]:
    """Calls with the name under which their number is known, newest first, those before `before` only."""
    query = _with_name().where(*_conditions(chosen))
    if before is not None:
        query = query.where(tuple_(Call.arrived_at, Call.call_id) < tuple_(*before))
    query = query.order_by(Call.arrived_at.desc(), Call.call_id.desc()).limit(limit)
    return (await tx.session.execute(query)).all()


async def facts(tx: Transaction, call_id: str) -> Sequence[CallFact]:
    """The facts of the call in order."""
    query = select(CallFact).where(CallFact.call_id == call_id).order_by(CallFact.n)
    return (await tx.session.execute(query)).scalars().all()


async def other_parts(tx: Transaction, call: Call) -> Sequence[Call]:
    """What this citizen's call was at other PBX hosts, in order: what it continues, and what continued it."""
    first = call.continues or call.call_id
    query = select(Call).where(or_(Call.call_id == first, Call.continues.in_({first, call.call_id})))
    query = query.where(Call.call_id != call.call_id).order_by(Call.arrived_at, Call.call_id)
    return (await tx.session.execute(query)).scalars().all()


async def recording(tx: Transaction, call_id: str) -> Recording | None:
    """How the recording came out, if it has."""
    return await tx.session.get(Recording, call_id)


async def transcript(tx: Transaction, call_id: str) -> Transcript | None:
    """How the transcript came out, if it has."""
    return await tx.session.get(Transcript, call_id)


async def keep_earlier_transcript(tx: Transaction, call_id: str, at: datetime) -> int:
    """Put the call's text, if it has one, among the earlier ones; returns its revision, 0 for none."""
    kept = (
        Transcript.call_id,
        Transcript.revision,
        Transcript.model,
        Transcript.settings,
        Transcript.turns,
        Transcript.speech,
        Transcript.text,
        Transcript.problem,
        Transcript.created_at,
    )
    texts = select(*kept, literal(at)).where(Transcript.call_id == call_id, Transcript.state == "ready")
    names = [*(column.key for column in kept), "replaced_at"]
    statement = insert(EarlierTranscript).from_select(names, texts).returning(EarlierTranscript.revision)
    return (await tx.session.execute(statement)).scalar_one_or_none() or 0


async def earlier_transcripts(tx: Transaction, call_id: str) -> Sequence[EarlierTranscript]:
    """The texts that the call had before, the last first; their turns are read only where they are asked for."""
    query = select(EarlierTranscript).where(EarlierTranscript.call_id == call_id)
    query = query.options(defer(EarlierTranscript.turns), defer(EarlierTranscript.speech))
    return (await tx.session.execute(query.order_by(EarlierTranscript.revision.desc()))).scalars().all()


async def earlier_transcript(tx: Transaction, call_id: str, revision: int) -> EarlierTranscript | None:
    """One text that the call had before."""
    return await tx.session.get(EarlierTranscript, (call_id, revision))


async def has_text(tx: Transaction, call_id: str) -> bool:
    """Whether the call has a text that can be read, be it asked for anew or not."""
    query = select(Transcript.call_id).where(Transcript.call_id == call_id, Transcript.state == "ready")
    return (await tx.session.execute(query)).first() is not None


async def unfinished(
    tx: Transaction, ended_before: datetime, limit: int
) -> Sequence[Row[str, str, str, int | None, bool]]:
    """Ended calls that still wait for recording or transcript, oldest first: id, host, recording state, score, and
    whether they have a text already and wait for a new one. Those come last: thousands of them may wait for days."""
    has_text = Transcript.state.is_not_distinct_from("ready")
    query = (
        select(
            Call.call_id,
            Call.host,
            Call.recording_state,
            Call.survey_score,
            has_text,
        )
        .outerjoin(Transcript, Transcript.call_id == Call.call_id)
        .where(or_(Call.recording_state == "pending", Call.transcript_state == "pending"), Call.ended_at < ended_before)
        .order_by(has_text, Call.ended_at)
        .limit(limit)
    )
    return (await tx.session.execute(query)).all()


def _with_name() -> Select[Call, str | None]:
    return select(Call, Citizen.name).outerjoin(Citizen, Citizen.e164 == Call.caller_e164)


def _conditions(chosen: CallFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    equal: dict[Any, Any] = {
        Call.user_id: chosen.user_id,
        Call.seat: chosen.seat,
        Call.outcome: chosen.outcome,
        Call.survey_score: chosen.score,
    }
    conditions += [column == value for column, value in equal.items() if value is not None]
    if chosen.number_ends is not None:
        ends = func.reverse(Call.caller_e164).startswith(chosen.number_ends[::-1], autoescape=True)
        conditions.append(ends if chosen.e164 is None else or_(ends, Call.caller_e164 == chosen.e164))
    return conditions
