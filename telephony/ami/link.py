"""The supervised link to one PBX: connects, signs in, synchronises, stays live, comes back by itself, closes for good.

What arrives is one ordered stream that a single consumer takes with `receive()`: events, and after each connect or gap
a Snapshot that repairs whatever was missed. The reader only appends to that bounded stream, so a slow consumer never
stops it; what finds no room is dropped, and as soon as there is room again a new snapshot follows.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta

import structlog

from backend.kernel.clock import now
from backend.kernel.errors import HotlineError
from telephony.ami.action import AmiReply, Headers, SafeAction
from telephony.ami.backoff import delays
from telephony.ami.errors import AmiActionFailed, AmiDisconnected, AmiNotConnected, AmiRefused, AmiTimeout
from telephony.ami.inbox import Inbox
from telephony.ami.parser import AmiEvent, AmiParser
from telephony.ami.protocol import SafeProtocol
from telephony.ami.settings import AmiSettings
from telephony.ami.snapshot import Snapshot, take_snapshot
from telephony.ami.states import TALKING, LinkState, check_move

log = structlog.get_logger(__name__)

Arrival = tuple[datetime, AmiEvent | Snapshot]
"""What the consumer gets: when it happened, and the thing that arrived."""

_LONGEST_ON_THE_WAY = timedelta(minutes=10)
"""An event that says it is older than this was not delayed: its clock is another one than ours."""


class AmiLink:
    """One link. `run()` is its life; `receive()` its stream; `action()` its only way to make the PBX do something."""

    def __init__(
        self,
        settings: AmiSettings,
        *,
        wanted: Collection[str] | None = None,
        clock: Callable[[], datetime] = now,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._wanted = None if wanted is None else frozenset(wanted) | {"FullyBooted", "OriginateResponse"}
        self._clock = clock
        self._jitter = jitter
        self.state = LinkState.CONNECTING
        self.since = clock()
        self.last_heard: datetime | None = None
        self.last_error = ""
        self.sessions = 0
        self.gaps = 0
        self._inbox: Inbox[Arrival] = Inbox(settings.inbox_limit)
        self._happened = self.since  # the event that was read last
        self._held: list[Arrival] | None = None  # live events that wait for the snapshot being taken
        self._stale = True  # what the consumer knows has a gap that only a snapshot closes
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._session: SafeProtocol | None = None
        self._waits = self._new_waits()
        self._serving: asyncio.Task[Exception] | None = None
        self._booted_at: datetime | None = None
        self._fully_booted = asyncio.Event()

    # --- what the consumer sees -------------------------------------------------------------------------------------

    async def receive(self, most: int = 1000) -> list[Arrival]:
        """Wait for the next arrivals and take all that are at hand, in order, at most `most`."""
        arrivals = await self._inbox.drain(most)
        if self._stale and self._inbox.has_room:
            self._wake.set()
        return arrivals

    @property
    def backlog(self) -> int:
        """How many arrivals wait for the consumer."""
        return len(self._inbox)

    def request_snapshot(self) -> None:
        """Say that what is known may be wrong: a new snapshot is taken as soon as the link is live."""
        self._lose_track()

    async def action(self, headers: Headers, *, timeout: float | None = None) -> AmiReply:  # noqa: ASYNC109
        """Send one action, once, and wait for its whole reply; a list reply comes with its items.

        Raises AmiUnsafeText or AmiNotConnected (nothing was sent), AmiActionFailed (the PBX said no), AmiTimeout or
        AmiDisconnected (sent, fate unknown). No action is ever sent a second time by the link.
        """
        if self.state not in TALKING:
            raise AmiNotConnected(
                f"The link to the PBX is {self.state}.",
                kept="The action was not sent.",
                next_step="Try again when the link is live.",
            )
        return await self._exchange(headers, timeout or self._settings.action_timeout)

    def close(self) -> None:
        """End the link for good, from any state. Whoever waits for a reply is told; nothing reconnects afterwards."""
        if self.state is not LinkState.CLOSED:
            self._move(LinkState.CLOSED)
        self._closing.set()
        if self._session is not None:
            self._session.end(None)
        if self._serving is not None:
            self._serving.cancel()

    # --- its life ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until `close()`. Never raises for anything that the PBX or the network does."""
        try:
            while not self._closing.is_set():
                await self._live_once_and_wait()
        finally:
            self.close()

    async def _live_once_and_wait(self) -> None:
        served = self.sessions
        self._serving = asyncio.create_task(self._serve(), name="ami-session")
        try:
            failure = await self._serving
        except asyncio.CancelledError:
            if self._closing.is_set():
                return
            raise
        if self.sessions > served:
            self._waits = self._new_waits()
        refused = isinstance(failure, AmiRefused)
        self.last_error = str(failure) or type(failure).__name__
        self._move(LinkState.REFUSED if refused else LinkState.BACKING_OFF)
        wait = next(self._waits[self.state])
        log.warning("ami_link_down", state=self.state, error=self.last_error, retry_in_s=round(wait, 2))
        if not await _wait(self._closing, wait):
            self._move(LinkState.CONNECTING)

    def _new_waits(self) -> dict[LinkState, Iterator[float]]:
        s = self._settings
        return {
            LinkState.BACKING_OFF: delays(s.first_delay, s.longest_delay, self._jitter),
            LinkState.REFUSED: delays(s.refused_delay, s.longest_refused_delay, self._jitter),
        }

    async def _serve(self) -> Exception:
        """Connect and serve until the session ends; returns why it ended."""
        try:
            await self._connect()
            await self._sign_in()
            await self._stay()
        except AmiDisconnected as error:
            failure: Exception = error
        except (OSError, HotlineError) as error:
            return error
        else:
            failure = AmiDisconnected("The session with the PBX ended.")
        finally:
            if self._session is not None:
                self._session.end(None)
        return (self._session and self._session.error) or failure

    async def _connect(self) -> None:
        session = self._session = SafeProtocol(self, lambda: AmiParser(self._wanted))
        self._stale, self._held, self._booted_at = True, None, None
        self._fully_booted.clear()
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._settings.connect_timeout):
            await loop.create_connection(lambda: session, self._settings.host, self._settings.port)
        self._move(LinkState.AUTHENTICATING)

    async def _sign_in(self) -> None:
        login = {
            "Action": "Login",
            "Username": self._settings.username,
            "Secret": self._settings.secret,
            "Events": "on",
        }
        try:
            await self._exchange(login, self._settings.action_timeout)
        except AmiActionFailed as error:
            raise AmiRefused(
                f"The PBX refuses the account {self._settings.username!r}: {error.message}.",
                next_step="Check user name, password and allowed addresses in the PBX's manager.conf.",
            ) from error

    async def _stay(self) -> None:
        session = self._session
        assert session is not None
        self._move(LinkState.SYNCHRONISING)
        await _wait(self._fully_booted, self._settings.boot_grace)
        await self._synchronise()
        self.sessions += 1
        while not session.over:
            if not await _wait(self._wake, self._settings.ping_interval):
                await self._exchange({"Action": "Ping"}, self._settings.action_timeout)
            self._wake.clear()
            if self._stale and self._inbox.has_room and not session.over:
                await self._synchronise()

    async def _synchronise(self) -> None:
        """Put a snapshot into the stream, followed by the live events that arrived while it was taken.

        Those events may already show in the snapshot; the consumer takes an event twice without harm.
        """
        self._held, self._stale = [], False
        try:
            snapshot = await self._snapshot_once_booted()
            self._inbox.append((self._clock(), snapshot))
            for arrival in self._held:
                self._inbox.append(arrival)
        finally:
            self._held = None
        if not self._stale:
            self._move(LinkState.LIVE)

    async def _snapshot_once_booted(self) -> Snapshot:
        """A PBX that is still loading its modules lets us in but does not know all actions yet."""
        patience = asyncio.get_running_loop().time() + self._settings.boot_timeout
        while True:
            try:
                return await take_snapshot(self._ask, self._booted_at)
            except AmiActionFailed:
                if asyncio.get_running_loop().time() > patience:
                    raise
                await asyncio.sleep(0.2)

    async def _ask(self, headers: Headers) -> AmiReply:
        return await self._exchange(headers, self._settings.action_timeout)

    async def _exchange(self, headers: Headers, timeout: float) -> AmiReply:  # noqa: ASYNC109
        session, action = self._session, SafeAction(headers)
        assert session is not None
        session.send(action)
        try:
            async with asyncio.timeout(timeout):
                reply: AmiReply = await action.future
        except TimeoutError:
            raise AmiTimeout(
                f"The PBX did not answer {action['Action']} within {timeout:g} s.",
                kept="The action is not sent a second time; it may have been carried out.",
            ) from None
        finally:
            session.forget(action)
        if not reply.ok:
            raise AmiActionFailed(reply.message or f"The PBX refused {action['Action']}.")
        return reply

    # --- what the session tells (SessionOwner) ----------------------------------------------------------------------

    def heard(self) -> None:
        """Bytes arrived."""
        self.last_heard = self._clock()

    def received(self, events: list[AmiEvent]) -> None:
        """Events arrived together: into the stream, or held back while a snapshot is taken, or dropped inside a gap."""
        at = self.last_heard or self._clock()
        for event in events:
            if event.name == "FullyBooted":
                self._note_boot(event, at)
        arrivals: list[Arrival] = [(self._moment_of(event, at), event) for event in events]
        if self._stale:
            return
        if self._held is not None:
            self._held += arrivals
            if len(self._held) > self._settings.inbox_limit:
                self._lose_track()
        elif not self._inbox.offer(arrivals):
            self._lose_track()

    def _moment_of(self, event: AmiEvent, arrived: datetime) -> datetime:
        """When it happened by the PBX, whose clock is that of this machine, not when we came to read it: a machine that
        stood still would else tell other waits than there were. What comes later in the stream is never earlier."""
        try:
            told = datetime.fromtimestamp(float(event["Timestamp"]), UTC)
        except (ValueError, OverflowError, OSError):
            told = arrived
        if not arrived - _LONGEST_ON_THE_WAY <= told <= arrived:
            told = arrived
        self._happened = min(max(told, self._happened), arrived)
        return self._happened

    def lost(self) -> None:
        """The session is over."""
        self._fully_booted.set()
        self._wake.set()

    def _note_boot(self, event: AmiEvent, at: datetime) -> None:
        if event["Uptime"].isdigit():
            self._booted_at = at - timedelta(seconds=int(event["Uptime"]))
        self._fully_booted.set()
        if self.state is LinkState.LIVE:
            self.request_snapshot()

    def _lose_track(self) -> None:
        if self._stale:
            return
        self._stale = True
        self._wake.set()
        self.gaps += 1
        log.warning("ami_gap", backlog=len(self._inbox), gaps=self.gaps)
        if self.state is LinkState.LIVE:
            self._move(LinkState.SYNCHRONISING)

    def _move(self, following: LinkState) -> None:
        check_move(self.state, following)
        self.state, self.since = following, self._clock()
        log.info("ami_link", state=following)


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event at most so long; True if it is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
