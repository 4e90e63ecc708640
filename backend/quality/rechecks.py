"""Checking the calls of earlier days anew, by rules that changed since: an order, and the job `recheck_calls`.

Calls of today are checked anew by themselves (`CallChecker.sweep`); those of days that are over only when somebody who
answers for the rules orders it. Each batch is one transaction with how far the order has come, so a worker that is
killed loses a batch that the next one does again, and nothing is counted or found twice. What is no longer found stays
among the earlier hits; reviews hold copies of the hits that they were judged on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from asr.checks import Hit, check
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.errors import HotlineError
from backend.kernel.jobs import JobKind
from backend.kernel.queries import insert_new
from backend.kernel.schemas import Problem
from backend.quality import rule_repository
from backend.quality.checking import Grounds, grounds_of, store
from backend.quality.errors import CheckOvertaken, DaysNotSensible, RuleReasonMissing
from backend.quality.file import said_by
from backend.quality.models import Recheck
from backend.quality.rules import OrderedRules, rules_in_force, rules_on, rules_ordered
from backend.quality.schemas import RecheckAsked, RecheckState, RecheckView

RECHECK_CALLS = "recheck_calls"
_LONGEST = timedelta(days=92)
_BATCH = 50
_ATTEMPTS = 5
_SHOWN = 10
_OPEN = (RecheckState.WAITING.value, RecheckState.RUNNING.value)

Place = tuple[datetime, str]


@dataclass
class Progress:
    """What one batch did: calls that were checked, those with other hits than before, hits found and gone."""

    checked: int = 0
    changed: int = 0
    found: int = 0
    gone: int = 0


async def order(tx: Transaction, who: Principal | None, asked: RecheckAsked, now: datetime) -> RecheckView:
    """Enqueue a new check of these days; asked twice under one id it is the same order. `who` is None for a command.

    Raises `DaysNotSensible` and `RuleReasonMissing`.
    """
    known = await tx.session.get(Recheck, asked.recheck_id)
    if known is not None:
        return _view(known, len(known.rules))
    today = clock.beijing(now).date()
    rules_of = asked.rules_of or today
    _refuse(asked, rules_of, today)
    book = await rules_on(tx.session, rules_of)
    row = Recheck(
        recheck_id=asked.recheck_id,
        from_day=asked.from_day,
        to_day=asked.to_day,
        rules_of=rules_of,
        rules=[said_by(rule) for rule in book.rules],
        state=RecheckState.WAITING.value,
        total=await calls_of(tx, asked.from_day, asked.to_day),
        checked=0,
        changed=0,
        found=0,
        gone=0,
        reason=asked.reason.strip(),
        requested_at=now,
        requested_by_id=who.user_id if who else None,
        requested_by=who.display_name if who else "",
    )
    if not await insert_new(tx.session, row):
        standing = await tx.session.get_one(Recheck, asked.recheck_id)
        return _view(standing, len(standing.rules))
    detail = {"from": f"{asked.from_day}", "to": f"{asked.to_day}", "rules_of": f"{rules_of}", "reason": row.reason}
    await audit.record(tx, who, "recheck_ordered", "quality_recheck", asked.recheck_id, detail, at=now)
    payload = {"recheck_id": str(asked.recheck_id)}
    await tx.enqueue(RECHECK_CALLS, payload, dedupe_key=f"{RECHECK_CALLS}:{asked.recheck_id}")
    return _view(row, len(row.rules))


async def calls_of(tx: Transaction, first: date, last: date) -> int:
    """How many calls of these days have a text that can be checked."""
    return await rule_repository.count_heard(tx, clock.day_begins(first), clock.day_ends(last))


async def last_orders(tx: Transaction) -> list[RecheckView]:
    """The last orders, the newest first."""
    return [_view(row, count) for row, count in await rule_repository.last_rechecks(tx, _SHOWN)]


def _view(row: Recheck, rule_count: int) -> RecheckView:
    return RecheckView(
        recheck_id=row.recheck_id,
        from_day=row.from_day,
        to_day=row.to_day,
        rules_of=row.rules_of,
        rule_count=rule_count,
        state=RecheckState(row.state),
        total=row.total,
        checked=row.checked,
        changed=row.changed,
        found=row.found,
        gone=row.gone,
        problem=None if row.problem is None else Problem.kept_as(row.problem, row.cause),
        reason=row.reason,
        requested_at=row.requested_at,
        requested_by=row.requested_by,
        ended_at=row.ended_at,
    )


class Rechecker:
    """Carries such orders out."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] = clock.now) -> None:
        self._database = database
        self._rules = rules_in_force()
        self._now = now

    @property
    def job(self) -> JobKind:
        """The job as a worker runs it; one at a time: the calls of today are not to wait for those of a month."""
        return JobKind(RECHECK_CALLS, self.run, at_once=1, on_parked=self.give_up)

    async def run(self, payload: dict[str, Any]) -> None:
        """Carry out the order `payload["recheck_id"]` from where it stands; one that is over is left alone."""
        recheck_id = UUID(str(payload["recheck_id"]))
        async with self._database.transaction() as tx:
            row = await rule_repository.move_recheck(tx, recheck_id, _OPEN, state=RecheckState.RUNNING.value)
            if row is None:
                return
            ordered = await rules_ordered(tx, recheck_id)
            days = clock.day_begins(row.from_day), clock.day_ends(row.to_day)
            place = None if row.after_at is None or row.after_call is None else (row.after_at, row.after_call)
        while (done := await self._batch(ordered, days, place)) is not None:
            place = done

    async def give_up(self, payload: dict[str, Any], reason: HotlineError) -> None:
        """Say that the order was not carried out to its end, and why; what was checked stays so."""
        told = {"problem": reason.message, "cause": reason.cause, "ended_at": self._now()}
        async with self._database.transaction() as tx:
            recheck_id = UUID(str(payload["recheck_id"]))
            row = await rule_repository.move_recheck(tx, recheck_id, _OPEN, state=RecheckState.FAILED.value, **told)
            if row is not None:
                _tell(tx, row)

    async def _batch(self, ordered: OrderedRules, days: tuple[datetime, datetime], place: Place | None) -> Place | None:
        """Check the calls behind `place`, and tell where they end; None when there are none, or somebody else goes on
        from there already."""
        async with self._database.transaction() as tx:
            calls = await rule_repository.heard_places(tx, *days, place, _BATCH)
            found = [await grounds_of(tx, call_id, self._rules, ordered) for _, call_id in calls]
            grounds = [each for each in found if each is not None]
        # in a thread: it costs CPU time, and the heartbeat of the worker must go on
        checked = await asyncio.to_thread(_checked, grounds)
        async with self._database.transaction() as tx:
            after = calls[-1] if calls else place
            # first of all, because it makes another worker that has the same order wait, and then find nothing to do
            row = await rule_repository.advance_recheck(tx, ordered.recheck_id, place, after)
            if row is None:
                return None
            done = Progress()
            for each, hits in checked:
                await self._store(tx, ordered, each, hits, done)
            for name, count in vars(done).items():
                setattr(row, name, getattr(row, name) + count)
            if not calls:
                row.state, row.ended_at = RecheckState.DONE.value, self._now()
            _tell(tx, row)
        return after if calls else None

    async def _store(
        self, tx: Transaction, ordered: OrderedRules, grounds: Grounds, hits: Sequence[Hit], done: Progress
    ) -> None:
        current: Grounds | None = grounds
        for _ in range(_ATTEMPTS):
            if current is None:
                return
            changes = await store(tx, current, tuple(hits), self._now())
            if changes is not None:
                done.checked += 1
                done.changed += bool(changes.found or changes.gone)
                done.found += changes.found
                done.gone += changes.gone
                return
            # checked or heard anew since it was read; what is read now stays, its rows are locked from here on
            current = await grounds_of(tx, grounds.call_id, self._rules, ordered)
            if current is not None:
                ((_, hits),) = await asyncio.to_thread(_checked, [current])
        raise CheckOvertaken(
            f"The call {grounds.call_id} changed while it was checked.", next_step="It is tried again."
        )


def _checked(grounds: Sequence[Grounds]) -> list[tuple[Grounds, tuple[Hit, ...]]]:
    return [(each, check(each.heard, each.book.rules, each.facts)) for each in grounds]


def _refuse(asked: RecheckAsked, rules_of: date, today: date) -> None:
    if asked.from_day > asked.to_day or asked.to_day >= today or asked.to_day - asked.from_day > _LONGEST:
        raise DaysNotSensible(
            "At most 92 days are checked anew at once, all of them over; calls of today need no order.",
            next_step="Choose other days.",
            field="to_day",
        )
    if rules_of > today:
        raise DaysNotSensible("Rules of a day that lies ahead may change until then.", field="rules_of")
    if not asked.reason.strip():
        raise RuleReasonMissing("Calls are checked anew for a reason.", next_step="Write it down.", field="reason")


def _tell(tx: Transaction, row: Recheck) -> None:
    tx.emit(
        "recheck_changed",
        entity=str(row.recheck_id),
        audience=["permission:quality.read"],
        payload={"recheck_id": str(row.recheck_id), "state": row.state, "checked": row.checked},
    )
