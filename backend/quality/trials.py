"""Trying a draft on the past: the job `try_rule` runs it over the calls of some days and stores no hit of any call.

It may be killed at any instant and then begins anew. How far it has come is told after each batch; the sample of hits
to listen to is drawn by a seed from all of them, so the same trial gives the same ten.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from asr.checks import CallFacts, Hit, check
from asr.checks.kinds import AnyRule
from asr.checks.proving import anchors_of
from asr.checks.talk import Talk
from asr.transcript import Transcript as Heard
from backend.cases.models import Case
from backend.cases.repository import cases_of_calls
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.errors import HotlineError
from backend.kernel.jobs import JobKind
from backend.kernel.queries import insert_new
from backend.kernel.schemas import Problem
from backend.quality import drafts, rule_repository
from backend.quality.checking import facts_from, heard_of
from backend.quality.errors import DaysNotSensible, RuleUnknown
from backend.quality.file import rule_of
from backend.quality.models import RuleTrial
from backend.quality.rules import rules_on
from backend.quality.schemas import TrialAgent, TrialAsked, TrialHit, TrialResult, TrialState, TrialView

TRY_RULE = "try_rule"
_LONGEST = timedelta(days=92)
_SAMPLE = 10
_BATCH = 100
_OPEN = (TrialState.WAITING.value, TrialState.RUNNING.value)


@dataclass(frozen=True)
class PastCall:
    """One call of the past as a trial looks at it."""

    call_id: str
    arrived_at: datetime
    agent_id: UUID | None
    agent_name: str
    heard: Heard
    facts: CallFacts


@dataclass
class Tally:
    """What a trial found so far. `concerned` are the calls for which the rule is at all: a rule for calls of citizens
    says nothing of callbacks, and would look rarer than it is if those were counted with it."""

    seed: int
    checked: int = 0
    concerned: int = 0
    calls_hit: int = 0
    hits: int = 0
    sure: int = 0
    agents: dict[UUID | None, TrialAgent] = field(default_factory=dict)
    sample: list[TrialHit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - the same seed is to draw the same sample

    def add(self, call: PastCall, hits: Sequence[Hit] | None) -> None:
        """Count a call and what was found in it, None when the rule is not for such a call."""
        self.checked += 1
        if hits is None:
            return
        nothing = TrialAgent(agent_name=call.agent_name, calls=0, calls_hit=0, hits=0)
        before = self.agents.get(call.agent_id, nothing)
        self.agents[call.agent_id] = TrialAgent(
            agent_name=call.agent_name,
            calls=before.calls + 1,
            calls_hit=before.calls_hit + bool(hits),
            hits=before.hits + len(hits),
        )
        self.concerned += 1
        self.calls_hit += bool(hits)
        for hit in hits:
            self.hits += 1
            self.sure += hit.sure
            self._draw(call, hit)

    def _draw(self, call: PastCall, hit: Hit) -> None:
        """Each hit has the same chance to stand in the sample, however many there will be."""
        place = len(self.sample) if len(self.sample) < _SAMPLE else self._chance.randrange(self.hits)
        if place >= _SAMPLE:
            return
        shown = TrialHit(
            call_id=call.call_id,
            arrived_at=call.arrived_at,
            agent_name=call.agent_name or None,
            leg=hit.leg,
            from_ms=hit.from_ms,
            to_ms=hit.to_ms,
            text=hit.text,
            sure=hit.sure,
        )
        self.sample[place : place + 1] = [shown]

    def result(self) -> TrialResult:
        """The same as it is stored: agents with the most hits first."""
        agents = sorted(self.agents.values(), key=lambda each: (-each.hits, each.agent_name))
        sample = sorted(self.sample, key=lambda each: (each.arrived_at, each.call_id, each.from_ms))
        return TrialResult(
            checked=self.checked,
            concerned=self.concerned,
            calls_hit=self.calls_hit,
            hits=self.hits,
            sure=self.sure,
            agents=agents,
            sample=sample,
        )


async def ask_for_trial(tx: Transaction, who: Principal, draft_id: UUID, asked: TrialAsked, now: datetime) -> TrialView:
    """Enqueue a trial of a draft as it was read; asked twice under one id it is the same trial."""
    today = clock.beijing(now).date()
    if asked.from_day > asked.to_day or asked.to_day > today or asked.to_day - asked.from_day > _LONGEST:
        raise DaysNotSensible(
            "A trial goes over at most 92 days, none of which lies ahead.",
            next_step="Choose other days.",
            field="to_day",
        )
    known = await tx.session.get(RuleTrial, asked.trial_id)
    if known is not None:
        return await trial_view(tx, known, draft_revision=None)
    draft = await drafts.draft_of(tx, draft_id)
    draft = await drafts.mark_tried(tx, who, draft, asked.revision, now)
    start, end = _span(asked.from_day, asked.to_day)
    trial = RuleTrial(
        trial_id=asked.trial_id,
        draft_id=draft_id,
        draft_revision=draft.revision,
        content=draft.content,
        state=TrialState.WAITING.value,
        from_day=asked.from_day,
        to_day=asked.to_day,
        seed=asked.trial_id.int % 1_000_000,
        total=await rule_repository.count_heard(tx, start, end),
        result=TrialResult().model_dump(mode="json"),
        problem=None,
        cause=None,
        requested_at=now,
        requested_by_id=who.user_id,
        requested_by=who.display_name,
    )
    await insert_new(tx.session, trial)
    detail = {"trial_id": str(asked.trial_id), "from_day": f"{asked.from_day}", "to_day": f"{asked.to_day}"}
    await audit.record(tx, who, "rule_tried", "quality_rule", draft.rule_id, detail, at=now)
    await tx.enqueue(TRY_RULE, {"trial_id": str(asked.trial_id)}, dedupe_key=f"{TRY_RULE}:{asked.trial_id}")
    return await trial_view(tx, await tx.session.get_one(RuleTrial, asked.trial_id), draft_revision=draft.revision)


async def read_trial(tx: Transaction, who: Principal, trial_id: UUID) -> TrialView:
    """A trial with its sample of what was said; looking at it once it is done is audited. Raises `RuleUnknown`."""
    row = await tx.session.get(RuleTrial, trial_id)
    if row is None:
        raise RuleUnknown("There is no such trial.", next_step="Load the page anew.")
    view = await trial_view(tx, row, draft_revision=None)
    if view.state is TrialState.DONE:
        await audit.record(tx, who, "trial_read", "quality_trial", trial_id, {"sample": len(view.result.sample)})
    return view


async def trial_view(tx: Transaction, row: RuleTrial, *, draft_revision: int | None) -> TrialView:
    """A trial as it is shown."""
    standing = draft_revision or (await drafts.draft_of(tx, row.draft_id)).revision
    return TrialView(
        trial_id=row.trial_id,
        draft_id=row.draft_id,
        state=TrialState(row.state),
        from_day=row.from_day,
        to_day=row.to_day,
        seed=row.seed,
        total=row.total,
        result=TrialResult.model_validate(row.result),
        problem=None if row.problem is None else Problem.kept_as(row.problem, row.cause),
        requested_at=row.requested_at,
        requested_by=row.requested_by,
        current=row.draft_revision == standing,
    )


class RuleTrier:
    """Runs trials."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] = clock.now) -> None:
        self._database = database
        self._now = now

    @property
    def job(self) -> JobKind:
        """The job as a worker runs it; one at a time: the calls of today are not to wait for those of a month."""
        return JobKind(TRY_RULE, self.run, at_once=1, on_parked=self.give_up)

    async def run(self, payload: dict[str, Any]) -> None:
        """Run the trial `payload["trial_id"]`; one that is done or was given up is left alone."""
        trial_id = UUID(str(payload["trial_id"]))
        async with self._database.transaction() as tx:
            trial = await rule_repository.move_trial(tx, trial_id, _OPEN, state=TrialState.RUNNING.value)
            if trial is None:
                return
            rule, days, seed = rule_of(trial.content), (trial.from_day, trial.to_day), trial.seed
            names = await rule_repository.names_of_people(tx)
            standing = (await rules_on(tx.session, clock.beijing(self._now()).date())).rules
        rules = (rule, *anchors_of(rule, standing))
        tally = Tally(seed)
        after: tuple[datetime, str] | None = None
        while calls := await self._page(days, after, names):
            # in a thread: it costs CPU time, and the heartbeat of the worker must go on
            await asyncio.to_thread(count, tally, rule, rules, calls)
            after = calls[-1].arrived_at, calls[-1].call_id
            await self._tell(trial_id, TrialState.RUNNING, tally)
        await self._tell(trial_id, TrialState.DONE, tally)

    async def give_up(self, payload: dict[str, Any], reason: HotlineError) -> None:
        """Say that the trial came to nothing, and why."""
        async with self._database.transaction() as tx:
            trial_id, told = UUID(str(payload["trial_id"])), {"problem": reason.message, "cause": reason.cause}
            await rule_repository.move_trial(tx, trial_id, _OPEN, state=TrialState.FAILED.value, **told)

    async def _page(
        self, days: tuple[date, date], after: tuple[datetime, str] | None, names: Mapping[UUID, str]
    ) -> list[PastCall]:
        start, end = _span(*days)
        async with self._database.transaction() as tx:
            rows = await rule_repository.heard_page(tx, start, end, after, _BATCH)
            ids = [call.call_id for call, _, _ in rows]
            steps = await rule_repository.steps_of_calls(tx, ids)
            filed: defaultdict[str | None, list[Case]] = defaultdict(list)
            for case in await cases_of_calls(tx.session, ids):
                filed[case.call_id].append(case)
            return [
                PastCall(
                    call_id=call.call_id,
                    arrived_at=call.arrived_at,
                    agent_id=call.user_id,
                    agent_name=(names.get(call.user_id) if call.user_id else None) or call.agent_name or "",
                    heard=heard_of(transcript, recorded_ms),
                    facts=facts_from(call, steps.get(call.call_id, ()), filed[call.call_id]),
                )
                for call, transcript, recorded_ms in rows
            ]

    async def _tell(self, trial_id: UUID, state: TrialState, tally: Tally) -> None:
        result = tally.result().model_dump(mode="json")
        async with self._database.transaction() as tx:
            row = await rule_repository.move_trial(
                tx, trial_id, (TrialState.RUNNING.value,), state=state.value, result=result
            )
            if row is not None:
                tx.emit(
                    "trial_changed",
                    entity=str(trial_id),
                    audience=["permission:quality.try"],
                    payload={"trial_id": str(trial_id), "state": state.value, "checked": tally.checked},
                )


def count(tally: Tally, rule: AnyRule, rules: Sequence[AnyRule], calls: Sequence[PastCall]) -> None:
    """Run the rule, with those that it is anchored to, over these calls."""
    for call in calls:
        if rule.applies(Talk(call.heard, call.facts)):
            found = check(call.heard, rules, call.facts)
            tally.add(call, [hit for hit in found if hit.rule_id == rule.id])
        else:
            tally.add(call, None)


def _span(first: date, last: date) -> tuple[datetime, datetime]:
    """From the beginning of the first day to the end of the last, in Beijing."""
    return clock.day_begins(first), clock.day_ends(last)
