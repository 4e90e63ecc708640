"""The sink of the telephony link: every batch of facts becomes one transaction.

In it stand the calls, their facts, the seats, the events that the consoles wait for and the jobs for what comes
after; either all of a batch is stored or nothing. The pop-up waits for this commit, so the rows of a batch are read
once, worked out in memory and written in one statement a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid5

import structlog

from backend.calls import hot
from backend.calls.measures import day_start
from backend.calls.reckoning import Reckoning
from backend.calls.recordings import STORE_RECORDING, job_key
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.errors import Unavailable
from backend.seats import repository as seats
from backend.seats.seating import HallTimes, seat_of
from telephony import facts as f

log = structlog.get_logger(__name__)

FROM_CDR = "cdr"


class CallRecorder:
    """Stores the facts of the PBX `host`. Only one process at a time may hold it: whoever leads the link."""

    def __init__(
        self, database: Database, *, host: str, times: HallTimes, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._database = database
        self._host = host
        self._times = times
        self._now = now
        self._share: tuple[datetime, float | None] | None = None

    async def store(self, batch_id: UUID, facts: Sequence[f.Fact], *, source: str | None = None) -> None:
        """Store a batch for good. One that is stored already, because its commit was unclear, changes nothing.

        `source` is for calls that did not become known live (see `backend.calls.models.Call`). A fact that can never
        be stored must not stop all calls: it goes to the log, the others of its batch are stored.
        Raises `DatabaseAway` when nothing could be stored; give the same batch under the same id again then.
        """
        try:
            await self._store_once(batch_id, facts, source)
        except Unavailable:
            raise
        except Exception as error:
            if len(facts) == 1:
                log.exception("fact cannot be stored", kind=facts[0].kind, fact=facts[0].as_payload())
                return
            log.error("batch cannot be stored as a whole", facts=len(facts), error=str(error))
            for number, fact in enumerate(facts):
                await self.store(uuid5(batch_id, str(number)), [fact], source=source)

    async def _store_once(self, batch_id: UUID, facts: Sequence[f.Fact], source: str | None) -> None:
        if not facts:
            return
        share = self._share
        async with self._database.transaction() as tx:
            if not await hot.open_batch(tx, batch_id, facts[-1].at):
                return
            reckoning = await self._reckon(tx, facts, source)
            if reckoning.queue_moved:
                share = await self._tell_queue(tx, self._now(), fresh=reckoning.decided)
        self._share = share
        for stray in reckoning.strays:
            log.warning("fact of a call that never began", kind=stray.kind, fact=stray.as_payload())

    async def _reckon(self, tx: Transaction, facts: Sequence[f.Fact], source: str | None) -> Reckoning:
        ended = {fact.call_id for fact in facts if isinstance(fact, f.CallEnded)}
        # who sits at a seat today says nothing of a call that is found later: only seats still held by it take part
        named = set() if source == FROM_CDR else {seat for fact in facts if (seat := seat_of(fact))}
        held = await seats.lock(tx, seats=named, calls=ended) if named or ended else {}
        calls = await hot.lock_calls(tx, {fact.call_id for fact in facts if isinstance(fact, f.CallFact)})
        reckoning = Reckoning(self._host, self._times, calls, dict(held), source).take(facts)
        await hot.save_calls(tx, [reckoning.calls[call_id] for call_id in sorted(reckoning.changed)])
        await hot.add_facts(tx, reckoning.fact_rows)
        await seats.save_all(tx, [(before, reckoning.seats[name]) for name, before in held.items()], facts[-1].at)
        for said in reckoning.messages:
            tx.emit(said.topic, entity=said.entity, audience=said.audience, payload=said.payload, at=said.at)
        for call_id in reckoning.to_record:
            await tx.enqueue(STORE_RECORDING, {"call_id": call_id}, dedupe_key=job_key(STORE_RECORDING, call_id))
        return reckoning

    async def _tell_queue(self, tx: Transaction, now: datetime, *, fresh: bool) -> tuple[datetime, float | None]:
        """The share is counted anew only when a call was decided; between, the last count is still true.

        It is of the present day, also when a call of an earlier one is entered late.
        """
        today = day_start(now)
        if fresh or self._share is None or self._share[0] != today:
            share = await hot.share_in_target(tx, today)
        else:
            share = self._share[1]
        queue = await hot.waiting_calls(tx)
        tx.emit(
            "queue_changed",
            entity="hall",
            audience=["permission:desk.sit", "permission:seats.watch"],
            payload={
                "waiting": queue.waiting,
                "longest_since": None if queue.longest_since is None else queue.longest_since.isoformat(),
                "answered_within_15s": share,
            },
            at=now,
        )
        return today, share


async def open_calls(tx: Transaction, host: str) -> list[f.Fact]:
    """What `PbxState.restore` needs after a restart: the facts of the open calls, and whose phone is there."""
    history: list[f.Fact] = list(await hot.facts_of_open_calls(tx, host))
    history += _phones(await seats.registered(tx))
    return history


def _phones(registered: Iterable[tuple[str, datetime]]) -> list[f.Fact]:
    # where a phone registered is not part of the record; that it did, makes its loss noticed at the synchronisation
    return [f.PhoneRegistered(at=at, seat=seat, contact="restored", recovered=True) for seat, at in registered]
