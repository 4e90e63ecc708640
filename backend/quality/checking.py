"""The job `check_call`: the rules of the day of the call over its transcript, and the hits that stand from then on.

It may be killed at any instant or run twice: hits are replaced in one transaction, by compare-and-set on the version of
the call's check, and only while the transcript that was read is still the one that stands. The same transcript, rules
and facts give the same hits under the same ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from asr.audio import Leg
from asr.checks import CallFacts, CaseFacts, Hit, check
from asr.transcript import EngineInfo, Stretch, Turn
from asr.transcript import Transcript as Heard
from backend.calls.models import Call, Transcript
from backend.calls.outcomes import CHECK_CALL, check_key
from backend.cases.models import Case
from backend.cases.repository import cases_of_calls
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.jobs import INNOCENT_DEATHS, JobKind
from backend.kernel.versions import InForce
from backend.quality import repository, rule_repository
from backend.quality.course import Step, course_of
from backend.quality.errors import CheckOvertaken
from backend.quality.repository import HitsChanged
from backend.quality.rules import OrderedRules, RuleBook, rules_in_force, rules_ordered

_HITS = UUID("6d1c5a52-3c0e-4d0e-9a55-1f6f0b9f7f6e")
_ATTEMPTS = 5
_ENDED_BY: dict[str, Literal["", "caller", "seat"]] = {"caller": "caller", "seat": "seat", "unknown": ""}
_OVERDUE_AFTER = timedelta(minutes=2)
_LOOKED_BACK = timedelta(days=40)
_SWEPT_AT_ONCE = 200


@dataclass(frozen=True)
class Grounds:
    """All that a check goes by. `seen` is the version of the check that stands, None when the call has none;
    `recheck_id` the order whose rules these are, None for those of the day of the call."""

    call_id: str
    transcript_revision: int
    heard: Heard
    facts: CallFacts
    book: RuleBook
    seen: int | None
    recheck_id: UUID | None = None


class CallChecker:
    """Checks calls whose transcript is there."""

    def __init__(
        self, database: Database, rules: InForce[RuleBook] | None = None, *, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._database = database
        self._rules = rules or rules_in_force()
        self._now = now

    @property
    def job(self) -> JobKind:
        """The job as a worker runs it."""
        return JobKind(CHECK_CALL, self.check, deaths=INNOCENT_DEATHS)

    async def check(self, payload: dict[str, Any]) -> None:
        """Check the call `payload["call_id"]`; one without a transcript is left alone."""
        call_id = str(payload["call_id"])
        for _ in range(_ATTEMPTS):
            async with self._database.transaction() as tx:
                grounds = await grounds_of(tx, call_id, self._rules)
            if grounds is None:
                return
            # in a thread: it costs CPU time, and the heartbeat of the worker must go on
            hits = await asyncio.to_thread(check, grounds.heard, grounds.book.rules, grounds.facts)
            async with self._database.transaction() as tx:
                if await store(tx, grounds, hits, self._now()) is not None:
                    return
        raise CheckOvertaken(f"The call {call_id} changed while it was checked.", next_step="It is tried again.")

    async def sweep(self, tx: Transaction) -> None:
        """Ask for the checks that a crash lost, or that nobody asked for before there were rules, and anew for calls of
        today that were checked by other rules than those of today."""
        now = self._now()
        missing = await repository.unchecked(
            tx, since=now - _LOOKED_BACK, before=now - _OVERDUE_AFTER, limit=_SWEPT_AT_ONCE
        )
        today = clock.day_begins(clock.beijing(now).date())
        book = await self._rules.at(tx.session, now)
        others = await rule_repository.checked_by_others(tx, today, book.digest, _SWEPT_AT_ONCE)
        for call_id in (*missing, *others):
            await tx.enqueue(CHECK_CALL, {"call_id": call_id}, dedupe_key=check_key(call_id, "sweep"))


async def grounds_of(
    tx: Transaction, call_id: str, rules: InForce[RuleBook], ordered: OrderedRules | None = None
) -> Grounds | None:
    """What a check of this call goes by, None while there is no transcript: the rules that are `ordered` now, or were
    for this call before; else those of its day."""
    found = await repository.call_and_transcript(tx, call_id)
    if found is None:
        return None
    call, transcript, recorded_ms = found
    before = await repository.check_of(tx, call_id)
    if ordered is None and before is not None and before.recheck_id is not None:
        ordered = await rules_ordered(tx, before.recheck_id)
    return Grounds(
        call_id=call_id,
        transcript_revision=transcript.revision,
        heard=heard_of(transcript, recorded_ms),
        facts=await _facts_of(tx, call),
        book=await rules.at(tx.session, call.arrived_at) if ordered is None else ordered.book,
        seen=None if before is None else before.version,
        recheck_id=None if ordered is None else ordered.recheck_id,
    )


async def store(tx: Transaction, grounds: Grounds, hits: tuple[Hit, ...], at: datetime) -> HitsChanged | None:
    """Let these be the hits of the call and tell what that changed; None, and nothing, when what they go by changed
    meanwhile."""
    noted = {
        "call_id": grounds.call_id,
        "transcript_revision": grounds.transcript_revision,
        "rules": grounds.book.digest,
        "checked_at": at,
        "recheck_id": grounds.recheck_id,
    }
    if not await repository.note_check(tx, grounds.seen, noted):
        return None
    rows = [_row(grounds, hit, at) for hit in hits]
    changed = await repository.replace_hits(tx, grounds.call_id, rows, check=(grounds.seen or 0) + 1, at=at)
    if grounds.seen is None or changed.found or changed.gone:
        tx.emit(
            "call_checked",
            entity=grounds.call_id,
            audience=["permission:quality.read"],
            payload={"call_id": grounds.call_id, "hits": len(hits)},
            at=at,
        )
    return changed


def heard_of(transcript: Transcript, recorded_ms: int | None) -> Heard:
    """A stored transcript as the rules read it."""
    turns = tuple(Turn.model_validate(turn) for turn in transcript.turns)
    last = max((turn.end_ms for turn in turns), default=0)
    return Heard(
        turns=turns,
        speech={Leg(leg): tuple(map(Stretch.model_validate, held)) for leg, held in transcript.speech.items()},
        duration_ms=max(last, recorded_ms or 0),
        heard_by=EngineInfo.model_validate(transcript.settings),
        flaw=transcript.problem,
    )


async def _facts_of(tx: Transaction, call: Call) -> CallFacts:
    filed = await cases_of_calls(tx.session, [call.call_id])
    steps = await rule_repository.steps_of_calls(tx, [call.call_id])
    return facts_from(call, steps.get(call.call_id, ()), filed)


def facts_from(call: Call, steps: Sequence[Step], filed: Sequence[Case]) -> CallFacts:
    """What is known of a call beside its sound; `filed` are the cases that were filed in it, in order."""
    course = course_of(steps, call.ended_at)
    cases = [_case_facts(case) for case in filed]
    return CallFacts(
        direction="outbound" if call.direction == "outbound" else "inbound",
        holds=course.holds,
        pauses=course.pauses,
        others=course.others,
        case=cases[0] if cases else None,
        further=tuple(cases[1:]),
        ended_by=_ENDED_BY.get(call.hung_up_by or "", "line") if call.hung_up_by else "",
        citizen_number="".join(sign for sign in call.caller_e164 or call.caller_number if sign.isdecimal()),
    )


def _case_facts(case: Case) -> CaseFacts:
    return CaseFacts(
        what=case.what,
        address=case.address,
        class_names=tuple(case.class_path),
        secret=case.identity_secret,
        urgent=case.urgency != "normal",
        answered_at_once=case.answered_at_once,
    )


def _row(grounds: Grounds, hit: Hit, at: datetime) -> dict[str, Any]:
    place = (grounds.call_id, hit.rule_id, hit.rule_version, hit.leg.value, hit.from_ms, hit.to_ms, hit.text)
    return {
        "hit_id": uuid5(_HITS, "\n".join(map(str, place))),
        "call_id": grounds.call_id,
        "rule_id": hit.rule_id,
        "rule_version": hit.rule_version,
        "kind": hit.kind,
        "leg": hit.leg.value,
        "from_ms": hit.from_ms,
        "to_ms": hit.to_ms,
        "text": hit.text,
        "severity": hit.severity.value,
        "sure": hit.sure,
        "points": hit.points,
        "transcript_revision": grounds.transcript_revision,
        "found_at": at,
    }
