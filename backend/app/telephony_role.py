"""`hotline telephony`: follows one PBX, keeps its record, steers its queues, and notices what was missed.

Loops around one link: the follower (events -> facts -> record), the steering (seats -> queues), the orders (what
people want the PBX to do), the housekeeping (wrap-ups that run out, people who went away, the state of the link), and
the reconciliation with Asterisk's CDR file, which finds the calls that came and went while no process was listening.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import structlog

from backend.app import number_keeper
from backend.app.config import Installation, hall_times
from backend.app.number_keeper import NumberKeeper
from backend.app.tap_keeper import TapKeeper
from backend.calls.announce import announcements
from backend.calls.pbx_link import record_link
from backend.calls.reconcile import reconcile
from backend.calls.recorder import CallRecorder, open_calls
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.errors import HotlineError, Unavailable
from backend.kernel.events import EventStream
from backend.kernel.ids import new_id
from backend.kernel.leadership import Leadership, LeadershipLost
from backend.kernel.notices import NoticeBoard
from backend.orders.runner import OrderRunner
from backend.orders.service import ORDER_CHANGED
from backend.queueing import leaders
from backend.seats import service as seats
from telephony.ami import AmiLink, AmiReply, AmiSettings, Headers, LinkState
from telephony.ami.states import TALKING
from telephony.call import Call
from telephony.commands import end_left_consults, resume_forgotten
from telephony.facts import Fact
from telephony.link import Follower
from telephony.pbx.parts import HostPart
from telephony.pbx.paths import PbxPaths
from telephony.pbx.render import ami_secret
from telephony.state import WANTED, PbxState

log = structlog.get_logger(__name__)

_STEERING_TOPICS = frozenset({"seat_changed", "skills_changed", leaders.CHANGED})
_STEER_EVERY_S = 2.0
_HOUSEKEEPING_EVERY_S = 0.4
_LINK_TOLD_EVERY_S = 3.0
_RECONCILE_EVERY_S = 15.0


Result = TypeVar("Result")


async def follow_pbx(installation: Installation, database: Database, stop: asyncio.Event, *, host: str) -> None:
    """Lead the PBX `host`, or stand by until its leader is gone; returns when `stop` is set. Raises `HostUnknown`."""
    part = installation.part(host)
    times = hall_times(installation)
    await _until_it_works(lambda: _ensure_seats(part, database))
    while not stop.is_set():
        try:
            async with Leadership(database.url, _lock_key(host)) as leadership:
                log.info("leading", host=host)
                recorder = CallRecorder(database, host=host, times=times)
                process = TelephonyProcess(installation, part, database, recorder)
                await process.run(leadership, stop)
        except* LeadershipLost:
            log.warning("another process leads; standing by")


class TelephonyProcess:
    """The leading process of one PBX."""

    def __init__(self, installation: Installation, part: HostPart, database: Database, recorder: CallRecorder) -> None:
        self._installation = installation
        self._part = part
        self._database = database
        self._recorder = recorder
        self._times = hall_times(installation)
        self._longest_pause = timedelta(seconds=installation.config.hall.recording_pause_seconds)
        self._paths: PbxPaths = installation.pbx_paths(part.name)
        self._rings = NoticeBoard(installation.rings(part.name))
        self._seats_changed = asyncio.Event()
        self._synchronised = asyncio.Event()
        self._batch: tuple[Sequence[Fact], UUID] | None = None

    async def run(self, leadership: Leadership, stop: asyncio.Event) -> None:
        """Follow the PBX until `stop` is set; raises `LeadershipLost` (in a group) when another process leads."""
        link = AmiLink(self._ami_settings(), wanted=WANTED)
        history = await _until_it_works(self._history)
        self._leadership = leadership
        state = PbxState.restore(history)
        self._orders = OrderRunner(self._database, self._part.name, OrderedPbx(link, state, leadership))
        follower = Follower(
            link,
            state,
            self._store,
            announce=lambda facts: self._rings.post(announcements(facts)),
            on_synchronised=self._synchronised_now,
        )
        hall = self._installation.config.hall
        self._numbers = NumberKeeper(
            self._database,
            self._part,
            link,
            timedelta(seconds=hall.short_call_seconds),
            lambda: follower.synchronised and link.state is LinkState.LIVE,
        )
        follower.on_originated = self._orders.originated
        taps = TapKeeper(link, state)
        follower.on_reduced = taps.wake
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(work)
                for work in (
                    leadership.keep(),
                    link.run(),
                    follower.run(),
                    self._rings.run(),
                    self._orders.run(),
                    self._numbers.run(),
                    *([taps.run()] if self._installation.config.recognition.live.enabled else []),
                    self._steer(follower),
                    self._notice_changes(),
                    self._keep_house(follower),
                    self._end_what_was_left(follower),
                    self._reconcile(follower),
                )
            ]
            await stop.wait()
            link.close()
            for task in tasks:
                task.cancel()

    async def _history(self) -> Sequence[Fact]:
        async with self._database.transaction() as tx:
            return await open_calls(tx, self._part.name)

    async def _store(self, facts: Sequence[Fact]) -> None:
        """The sink: the same batch keeps its id, so that one whose commit was unclear is stored once."""
        if not self._leadership.held:
            raise LeadershipLost("The database is away, so nobody leads.", kept="The facts are kept in memory.")
        if self._batch is None or self._batch[0] is not facts:
            self._batch = (facts, new_id())
        await self._recorder.store(self._batch[1], facts)

    def _synchronised_now(self) -> None:
        self._synchronised.set()
        self._seats_changed.set()
        self._numbers.wake(read_again=True)

    async def _notice_changes(self) -> None:
        async for batch in EventStream(self._database).follow():
            topics = {event.topic for event in batch}
            if topics & _STEERING_TOPICS:
                self._seats_changed.set()
            if topics & number_keeper.TOPICS:
                self._numbers.wake()
            if ORDER_CHANGED in topics:
                self._orders.wake()

    async def _steer(self, follower: Follower) -> None:
        """Bring the PBX's queues to what the seats want, at each change and from time to time."""
        while True:
            try:
                async with asyncio.timeout(_STEER_EVERY_S):
                    await self._seats_changed.wait()
            except TimeoutError:
                pass
            self._seats_changed.clear()
            if not follower.synchronised:
                continue
            try:
                async with self._database.transaction() as tx:
                    wanted = await seats.desired(tx, self._part, await leaders.at_work(tx, clock.now()))
                await follower.steer(wanted)
            except Unavailable as error:
                log.info("queues not steered yet", reason=error.message)

    async def _keep_house(self, follower: Follower) -> None:
        told_at = 0.0
        told = ""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_HOUSEKEEPING_EVERY_S)
            now = clock.now()
            try:
                async with self._database.transaction() as tx:
                    await seats.expire_wrap_ups(tx, now, self._times)
                    await seats.release_absent(tx, now, self._times)
                    state = str(follower.link.state)
                    if state != told or loop.time() - told_at > _LINK_TOLD_EVERY_S:
                        await record_link(tx, self._part.name, state, now)
                        told, told_at = state, loop.time()
                await self._recorder.tell_queue()
            except HotlineError as error:
                log.info("housekeeping waits", reason=error.message)

    async def _end_what_was_left(self, follower: Follower) -> None:
        """End what somebody left: pauses of recordings, consultations of a page that died; the PBX may take long."""
        while True:
            await asyncio.sleep(_HOUSEKEEPING_EVERY_S)
            calls = follower.state.calls.values()
            for action in [*resume_forgotten(calls, clock.now(), self._longest_pause), *end_left_consults(calls)]:
                try:
                    await follower.link.action(action)
                except HotlineError as error:
                    log.info("what was left goes on for now", reason=error.message)

    async def _reconcile(self, follower: Follower) -> None:
        """After each synchronisation and from time to time: calls that only Asterisk's own file knows."""
        await self._synchronised.wait()
        while True:
            try:
                await reconcile(
                    self._database,
                    self._recorder,
                    self._paths.cdr,
                    host=self._part.name,
                    alive=follower.state.calls.keys(),
                    now=clock.now(),
                )
            except Unavailable as error:
                log.info("reconciliation waits", reason=error.message)
            self._synchronised.clear()
            try:
                async with asyncio.timeout(_RECONCILE_EVERY_S):
                    await self._synchronised.wait()
            except TimeoutError:
                pass

    def _ami_settings(self) -> AmiSettings:
        port = self._installation.pbx_port("ami", self._part.name)
        secret = self._installation.secrets.derive(ami_secret(self._part.name, "platform"))
        return AmiSettings(host="127.0.0.1", port=port, username="platform", secret=secret)


class OrderedPbx:
    """The PBX as orders see it: ready while its link is live and this process leads."""

    def __init__(self, link: AmiLink, state: PbxState, leadership: Leadership) -> None:
        self._link = link
        self._state = state
        self._leadership = leadership

    @property
    def ready(self) -> bool:
        """Whether orders can be sent now."""
        return self._link.state is LinkState.LIVE and self._leadership.held

    @property
    def connection(self) -> int | None:
        """The number of the present connection, None while there is none."""
        return self._link.sessions if self._link.state in TALKING else None

    @property
    def calls(self) -> Mapping[str, Call]:
        """The calls that the PBX holds now."""
        return self._state.calls

    async def action(self, headers: Headers) -> AmiReply:
        """Send one action once."""
        return await self._link.action(headers)


async def _ensure_seats(part: HostPart, database: Database) -> None:
    configured = [(seat.number, seat.phone.value) for seat in part.seats]
    async with database.transaction() as tx:
        await seats.ensure_seats(tx, configured, clock.now(), host=part.name)


async def _until_it_works(work: Callable[[], Awaitable[Result]]) -> Result:
    while True:
        try:
            return await work()
        except Unavailable as error:
            log.info("waiting for the database", reason=error.message)
            await asyncio.sleep(0.5)


def _lock_key(host: str) -> int:
    return 96010_0000_0000 + zlib.crc32(host.encode())
