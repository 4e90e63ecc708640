"""The sink of the telephony link: every batch of facts becomes one transaction.

In it stand the calls, their facts, the seats, the events that the consoles wait for and the jobs for what comes
after; either all of a batch is stored or nothing. The pop-up waits for this commit, so it takes two round trips: all
rows of a batch are read in one, worked out in memory, and written with the commit in the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid5

import structlog
from psycopg import DataError, IntegrityError

from backend.calls import hot
from backend.calls.measures import day_start
from backend.calls.reckoning import Reckoning
from backend.calls.recordings import STORE_RECORDING, job_at, job_key
from backend.kernel import clock
from backend.kernel.database import APPEND_EVENTS, Database, Transaction, events_parameter
from backend.kernel.errors import HotlineError, Unavailable
from backend.kernel.jobs import enqueue_on
from backend.kernel.pipeline import PipelinedConnection, PipelinedTransaction, Statement, driver_sql
from backend.seats import repository as seats
from backend.seats.seating import HallTimes, seat_of
from telephony import facts as f

log = structlog.get_logger(__name__)

FROM_CDR = "cdr"
_APPEND_EVENTS = driver_sql(APPEND_EVENTS)

_AT_FAULT = (HotlineError, DataError, IntegrityError, ValueError, TypeError, LookupError)
"""What can be the fault of a fact. All else (a table that is missing, a full disk) is no reason to give one up."""

_CITIZENS_DATA = frozenset({"caller_number", "caller_name", "number"})


class CallRecorder:
    """Stores the facts of the PBX `host`. Only one process at a time may hold it: whoever leads the link."""

    def __init__(
        self, database: Database, *, host: str, times: HallTimes, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._database = database
        self._host = host
        self._times = times
        self._now = now
        self._connection = PipelinedConnection(database.url, application_name="hotline recorder")
        self._one_at_a_time = asyncio.Lock()
        self._queue_moved = False
        self._decided = True
        self._share_of: datetime | None = None
        self._share: float | None = None

    async def store(self, batch_id: UUID, facts: Sequence[f.Fact], *, source: str | None = None) -> None:
        """Store a batch for good. One that is stored already, because its commit was unclear, changes nothing.

        `source` is for calls that did not become known live (see `backend.calls.models.Call`). A fact that can never
        be stored must not stop all calls: it goes to the log, the others of its batch are stored.
        Raises `DatabaseAway`, or whatever else ails the database, when nothing could be stored; give the same batch
        under the same id again then.
        """
        try:
            await self._store_once(batch_id, facts, source)
        except _AT_FAULT as error:
            if isinstance(error, Unavailable):
                raise
            if len(facts) == 1:
                log.exception("fact cannot be stored", kind=facts[0].kind, fact=_for_log(facts[0]))
                return
            log.error("batch cannot be stored as a whole", facts=len(facts), error=str(error))
            for number, fact in enumerate(facts):
                await self.store(uuid5(batch_id, str(number)), [fact], source=source)

    async def close(self) -> None:
        """Give the connection back."""
        await self._connection.close()

    async def tell_queue(self) -> None:
        """Tell the consoles how many wait, if that changed since it was last told; to be called several times a second.

        The share answered in time is of the present day, and counted anew only when a call was decided.
        """
        if not self._queue_moved:
            return
        now = self._now()
        today = day_start(now)
        async with self._database.transaction() as tx:
            # lowered before the count: what is stored meanwhile raises them again and is counted at the next look
            decided, self._decided, self._queue_moved = self._decided, False, False
            try:
                if decided or self._share_of != today:
                    self._share, self._share_of = await hot.share_in_target(tx, today), today
                queue = await hot.waiting_calls(tx)
            except BaseException:
                self._queue_moved = self._decided = True
                raise
            tx.emit(
                "queue_changed",
                entity="hall",
                audience=["permission:desk.sit", "permission:seats.watch"],
                payload={
                    "waiting": queue.waiting,
                    "longest_since": None if queue.longest_since is None else queue.longest_since.isoformat(),
                    "answered_within_15s": self._share,
                },
                at=now,
            )

    async def _store_once(self, batch_id: UUID, facts: Sequence[f.Fact], source: str | None) -> None:
        if not facts:
            return
        async with self._one_at_a_time, self._connection.transaction() as tx:
            reckoning = await self._reckon(tx, batch_id, facts, source)
            if reckoning is None:
                return
        self._queue_moved = self._queue_moved or reckoning.queue_moved
        self._decided = self._decided or reckoning.decided
        for stray in reckoning.strays:
            log.warning("fact of a call that never began", kind=stray.kind, fact=_for_log(stray))

    async def _reckon(
        self, tx: PipelinedTransaction, batch_id: UUID, facts: Sequence[f.Fact], source: str | None
    ) -> Reckoning | None:
        at = facts[-1].at
        ended = {fact.call_id for fact in facts if isinstance(fact, f.CallEnded)}
        # who sits at a seat today says nothing of a call that is found later: only seats still held by it take part
        named = set() if source == FROM_CDR else {seat for fact in facts if (seat := seat_of(fact))}
        claimed, seat_rows, call_rows = await tx.ask(
            hot.open_batch(batch_id, at),
            seats.lock_statement(named, ended),
            hot.lock_calls({fact.call_id for fact in facts if isinstance(fact, f.CallFact)}),
        )
        if not claimed:
            return None
        held = {seated.seat: seated for seated in map(seats.seated_of, seat_rows)}
        calls = {record.call_id: record for record in map(hot.record_of, call_rows)}
        reckoning = Reckoning(self._host, self._times, calls, dict(held), source).take(facts)
        changes = seats.numbered((before, reckoning.seats[name]) for name, before in held.items())
        moved = [(before, after) for before, after in changes if after != before]
        for call_id in reckoning.to_record:
            key = job_key(STORE_RECORDING, call_id)
            await enqueue_on(tx.raw, job_at(STORE_RECORDING, self._host), {"call_id": call_id}, dedupe_key=key)
        told = [*reckoning.messages, *seats.events(moved, at), *reckoning.for_the_hall(), *reckoning.for_the_phones()]
        await tx.tell(
            *hot.save_calls([reckoning.calls[call_id] for call_id in sorted(reckoning.changed)]),
            *hot.add_facts(reckoning.fact_rows),
            *seats.save_statements(moved, reckoning.seat_steps),
            *([Statement(_APPEND_EVENTS, events_parameter(told))] if told else []),
        )
        return reckoning


async def open_calls(tx: Transaction, host: str) -> list[f.Fact]:
    """What `PbxState.restore` needs after a restart: the facts of the open calls, and whose phone is there."""
    history: list[f.Fact] = list(await hot.facts_of_open_calls(tx, host))
    history += _phones(await seats.registered(tx, host))
    return history


def _phones(registered: Iterable[tuple[str, datetime]]) -> list[f.Fact]:
    # where a phone registered is not part of the record; that it did, makes its loss noticed at the synchronisation
    return [f.PhoneRegistered(at=at, seat=seat, contact="restored", recovered=True) for seat, at in registered]


def _for_log(fact: f.Fact) -> dict[str, object]:
    """The fact without what identifies a citizen."""
    return {name: value for name, value in fact.as_payload().items() if name not in _CITIZENS_DATA}
