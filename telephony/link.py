r"""Joins the AMI link, the reducer and whoever keeps the record: one ordered pipeline from the PBX to the sink.

    AmiLink.receive() -> PbxState.apply / resynchronise -> facts -> announced at once
                                                                \-> batches -> sink (one transaction each)

Facts are told to `announce` the moment they are known, and kept by the sink in batches: those of `gather_s` seconds,
or all that came while the last batch was being stored. A call's arrival and its first ring so share a transaction, and
the announcement of the ring does not wait for the processor behind the storing of the arrival. A sink that fails gets
the same batch again until it takes it; meanwhile reducing goes on, up to a bound, and reading after that.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from telephony.ami import AmiActionFailed, AmiEvent, AmiLink, AmiUnsafeText, Arrival, LinkState, Snapshot
from telephony.ami.backoff import delays
from telephony.facts import Fact
from telephony.seats import DesiredSeat, membership_actions
from telephony.state import PbxState

log = structlog.get_logger(__name__)

Sink = Callable[[Sequence[Fact]], Awaitable[None]]
"""Takes a batch of facts in order and returns when they are kept for good. It is given a batch again after it raised,
so it keeps all of a batch or nothing; it must not block the event loop."""


MOST_UNKEPT = 5000
"""How many reduced groups of arrivals may wait for the sink before reducing waits too."""


@dataclass(frozen=True, slots=True)
class _Reduced:
    """The facts of some arrivals, the last of which came at `until`."""

    until: datetime
    facts: list[Fact]
    synchronised: bool


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """What /healthz and /metrics say of the link; `lag_s` is how old our knowledge of the PBX is, in seconds."""

    state: LinkState
    since: datetime
    lag_s: float
    synchronised: bool
    backlog: int
    sessions: int
    gaps: int
    refused_batches: int
    unreadable_events: int
    error: str


class Follower:
    """Follows one PBX. `run()` never ends by itself; cancel it to stop."""

    def __init__(
        self,
        link: AmiLink,
        state: PbxState,
        sink: Sink,
        *,
        announce: Callable[[Sequence[Fact]], None] = lambda _: None,
        gather_s: float = 0.03,
        on_synchronised: Callable[[], None] = lambda: None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.link = link
        self.state = state
        self._sink = sink
        self._announce = announce
        self.on_originated: Callable[[AmiEvent], None] = lambda _: None  # told how an ordered call to a seat came out
        self.on_reduced: Callable[[], None] = lambda: None  # told after each look at what the PBX said
        self._gather_s = gather_s
        self._on_synchronised = on_synchronised
        self._jitter = jitter
        self.synchronised = False
        self.kept_until: datetime | None = None
        self.refused_batches = 0
        self.unreadable_events = 0
        self._steering = asyncio.Lock()
        self._unkept: list[_Reduced] = []
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def run(self) -> None:
        """Take arrivals, reduce them, announce and keep the facts, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._keep())

    async def _follow(self) -> None:
        while True:
            await self._room.wait()
            arrivals = await self.link.receive()
            facts = [fact for arrival in arrivals for fact in self._reduce(arrival)]
            if facts:
                self._announce(facts)
            self.on_reduced()
            synchronised = any(isinstance(what, Snapshot) for _, what in arrivals)
            self._put(_Reduced(arrivals[-1][0], facts, synchronised))

    async def _keep(self) -> None:
        while True:
            await self._filled.wait()
            await asyncio.sleep(self._gather_s)
            taken = self._take()
            facts = [fact for reduced in taken for fact in reduced.facts]
            if facts:
                await self._hand_over(facts)
            self.kept_until = taken[-1].until
            if any(reduced.synchronised for reduced in taken):
                self.synchronised = True
                self._on_synchronised()

    def _put(self, reduced: _Reduced) -> None:
        self._unkept.append(reduced)
        self._filled.set()
        if len(self._unkept) >= MOST_UNKEPT:
            self._room.clear()

    def _take(self) -> list[_Reduced]:
        taken, self._unkept = self._unkept, []
        self._filled.clear()
        self._room.set()
        return taken

    def lag(self, at: datetime) -> timedelta:
        """How old our knowledge is at `at`: zero on a live link without backlog, else since the last kept arrival."""
        if self.link.state is LinkState.LIVE and not self.link.backlog and not self._unkept:
            return timedelta(0)
        last = self.kept_until or self.link.since
        return max(at - last, timedelta(0))

    def health(self, at: datetime) -> LinkHealth:
        """The state of the pipeline at `at`."""
        link = self.link
        return LinkHealth(
            state=link.state,
            since=link.since,
            lag_s=self.lag(at).total_seconds(),
            synchronised=self.synchronised,
            backlog=link.backlog,
            sessions=link.sessions,
            gaps=link.gaps,
            refused_batches=self.refused_batches,
            unreadable_events=self.unreadable_events,
            error="" if link.state is LinkState.LIVE else link.last_error,
        )

    async def steer(self, desired: Iterable[DesiredSeat]) -> int:
        """Bring the PBX's queues to what is desired, as far as it lets us; returns how many actions it took.

        Call it whenever a seat changes, after each synchronisation and from time to time: it compares levels, so a call
        too many does nothing. Raises what the link raises when it breaks (AmiNotConnected, AmiDisconnected,
        AmiTimeout).
        """
        async with self._steering:
            actions = membership_actions(desired, self.state.queue_view)
            for action in actions:
                try:
                    await self.link.action(action)
                except (AmiActionFailed, AmiUnsafeText) as error:
                    log.warning("queue_member_not_steered", action=action, error=str(error))
            return len(actions)

    def _reduce(self, arrival: Arrival) -> list[Fact]:
        at, what = arrival
        try:
            if isinstance(what, Snapshot):
                return self.state.resynchronise(what, at)
            if what.name == "OriginateResponse":
                self.on_originated(what)
            return self.state.apply(what, at)
        except Exception:  # one event that we misread must not stop all calls
            self.unreadable_events += 1
            log.exception("pbx_event_unreadable", ami_event=what if isinstance(what, AmiEvent) else "snapshot")
            if isinstance(what, AmiEvent):
                self.link.request_snapshot()
            return []

    async def _hand_over(self, facts: Sequence[Fact]) -> None:
        waits = delays(0.05, 5.0, self._jitter)
        while True:
            try:
                await self._sink(facts)
            except Exception as error:  # noqa: BLE001 - whatever ails the sink, the batch is not given up
                self.refused_batches += 1
                wait = next(waits)
                log.error("facts_not_kept", count=len(facts), error=str(error), retry_in_s=round(wait, 2))
                await asyncio.sleep(wait)
            else:
                return
