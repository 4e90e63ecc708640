"""How recognition stands, and trying again by hand what failed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from backend.calls import outcomes
from backend.calls.hearing import TRANSCRIBE_CALL, HearingOrder, ask_to_hear, hearing_key, order_of
from backend.calls.models import Call
from backend.calls.recordings import STORE_RECORDING, ask_to_store, job_key
from backend.calls.schemas import RecordingState
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.parked import ParkedJob, parked_jobs
from backend.kernel.schemas import Problem
from backend.kernel.waiting import WaitingJobs, forget_parked, waiting_by_priority, what_is_away
from backend.recognition import repository
from backend.recognition.schemas import (
    MOST_AT_ONCE,
    FailedHearing,
    RecognitionStatus,
    RetryDone,
    SpeedView,
    WaitingKind,
    WaitingView,
)

_SPEED_OF = timedelta(hours=1)
_PARKED_LOOKED_AT = 10_000
_ORDERS = {
    WaitingKind.FIRST: HearingOrder.FIRST,
    WaitingKind.NORMAL: HearingOrder.NORMAL,
    WaitingKind.AGAIN: HearingOrder.AGAIN,
}


async def status(tx: Transaction, now: datetime) -> RecognitionStatus:
    """What waits, how fast it went in the last hour, and what failed."""
    count, audio_ms, cpu_ms = await repository.heard_since(tx, now - _SPEED_OF)
    away = await what_is_away(tx, (TRANSCRIBE_CALL, STORE_RECORDING))
    return RecognitionStatus(
        waiting=waiting_views(await waiting_by_priority(tx, TRANSCRIBE_CALL)),
        away=None if away is None else Problem(error=away.error, message=away.reason),
        speed=SpeedView(
            recordings=count,
            audio_s=audio_ms / 1000,
            cpu_s=cpu_ms / 1000,
            per_cpu_s=round(audio_ms / cpu_ms, 1) if cpu_ms else None,
        ),
        model=await repository.newest_model(tx),
        failed_total=await repository.failed_count(tx),
        failed=await _failed(tx),
        as_of=now,
    )


def waiting_views(jobs: Iterable[WaitingJobs]) -> list[WaitingView]:
    """The jobs by kind, those that go first first; a priority between two kinds counts with the lower one."""
    held: dict[WaitingKind, list[WaitingJobs]] = {kind: [] for kind in _ORDERS}
    for each in jobs:
        held[_kind_of(each.priority)].append(each)
    return [
        WaitingView(
            kind=kind,
            waiting=sum(each.waiting for each in within),
            running=sum(each.running for each in within),
            oldest_at=min((each.oldest_at for each in within if each.oldest_at is not None), default=None),
        )
        for kind, within in held.items()
    ]


def _kind_of(priority: int) -> WaitingKind:
    return next((kind for kind, least in _ORDERS.items() if priority >= least), WaitingKind.AGAIN)


async def retry(tx: Transaction, who: Principal, call_ids: Iterable[str]) -> RetryDone:
    """Ask once more for what failed: the recording if that is what is missing, else its transcript."""
    parked = {call_id for job in await _parked(tx) if (call_id := _call_of(job))}
    asked = []
    for call, has_text in await repository.calls(tx, set(call_ids)):
        if await _ask_again(tx, call, renewal=has_text, parked=call.call_id in parked):
            asked.append(call.call_id)
            await audit.record(tx, who, "recognition_retried", "call", call.call_id)
    return RetryDone(asked=asked)


async def _ask_again(tx: Transaction, call: Call, *, renewal: bool, parked: bool) -> bool:
    if call.recording_state == "failed":
        await forget_parked(tx, [job_key(STORE_RECORDING, call.call_id)])
        await ask_to_store(tx, call.call_id, call.host)
        return True
    if call.recording_state != "stored" or not (parked or call.transcript_state == "failed"):
        return False
    await forget_parked(tx, [hearing_key(call.call_id)])
    await outcomes.transcript_asked_again(tx, call.call_id)
    await ask_to_hear(tx, call.call_id, order_of(call.survey_score, again=renewal))
    return True


async def _failed(tx: Transaction) -> list[FailedHearing]:
    """Calls without a text, and calls whose new hearing failed while the old text stands: as many as can be tried again
    together."""
    parked = {call_id: job for job in await _parked(tx) if (call_id := _call_of(job))}
    found = [
        _view(
            call,
            transcript.created_at,
            Problem.kept_as(transcript.problem or "", transcript.cause),
            parked=call.call_id in parked,
            has_text=False,
        )
        for call, transcript in await repository.failed(tx, MOST_AT_ONCE)
    ]
    shown = {each.call_id for each in found}
    for call, has_text in await repository.calls(tx, parked.keys() - shown):
        if has_text and call.transcript_state == "ready":
            job = parked[call.call_id]
            found.append(
                _view(call, job.enqueued_at, Problem(error=job.error, message=job.reason), parked=True, has_text=True)
            )
    return sorted(found, key=lambda each: each.failed_at, reverse=True)[:MOST_AT_ONCE]


def _view(call: Call, failed_at: datetime, reason: Problem, *, parked: bool, has_text: bool) -> FailedHearing:
    return FailedHearing(
        call_id=call.call_id,
        arrived_at=call.arrived_at,
        agent_name=call.agent_name,
        failed_at=failed_at,
        reason=reason,
        parked=parked,
        has_text=has_text,
        recording=RecordingState(call.recording_state),
    )


async def _parked(tx: Transaction) -> list[ParkedJob]:
    jobs = await parked_jobs(tx, most=_PARKED_LOOKED_AT)
    return [job for job in jobs if job.kind.partition("@")[0] in (TRANSCRIBE_CALL, STORE_RECORDING)]


def _call_of(job: ParkedJob) -> str | None:
    call_id = job.payload.get("call_id")
    return None if call_id is None else str(call_id)
