"""A hall to test with: the real application over a real server and database, people to sign in, calls to receive."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from agent_console.captions import Captioned
from agent_console.client import ConsoleClient
from agent_console.messages.seats import MakeReady, SignInSeat
from agent_console.protocol import EventBody
from backend.app.config import Installation, hall_times
from backend.app.roles import web_server
from backend.app.web import create_app
from backend.calls.recorder import CallRecorder
from backend.identity.permissions import load_roles
from backend.identity.users import Account, ensure_users
from backend.kernel import clock
from backend.kernel.config import Environment
from backend.kernel.database import Database
from backend.kernel.events import StoredEvent, newest_seq, read_after
from backend.seats import service as seats
from telephony import facts as f

PASSWORD = "a long enough password"
PEOPLE = [
    Account("wang", "王芳", PASSWORD, ("agent",)),
    Account("li", "李强", PASSWORD, ("agent",)),
    Account("boss", "班长", PASSWORD, ("supervisor",)),
    Account("qa", "质检员", PASSWORD, ("qa",)),
    Account("qa-leader", "质检主管", PASSWORD, ("qa_leader",)),
    Account("admin", "管理员", PASSWORD, ("admin",)),
]


class Console(ConsoleClient):
    """A console that notes what it hears: `heard` are the events, `captions` the words of what was said; `began_at` is
    the number of its first welcome."""

    def __init__(self, address: str, username: str) -> None:
        self.heard: list[EventBody] = []
        self.welcomes: list[Any] = []
        self.began_at = 0
        self.captions: list[str] = []
        super().__init__(address, username, PASSWORD, on_event=self.heard.append, on_welcome=self._note_welcome)
        self.http.timeout = 60
        self.on_caption = self._note_caption

    async def command(self, message: BaseModel, *, timeout_s: float = 60.0) -> dict[str, Any]:
        return await super().command(message, timeout_s=timeout_s)

    def _note_welcome(self, desk: Any) -> None:
        if not self.welcomes:
            self.began_at = self.last_seq or 0
        self.welcomes.append(desk)

    def _note_caption(self, caption: Captioned) -> None:
        self.captions.append(caption.line.text)

    def kinds(self, *kinds: str) -> list[Any]:
        """The events of these kinds, in the order in which they came."""
        return [body for body in self.heard if body.kind in kinds]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds."""
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.01)

    async def break_line(self) -> None:
        """Lose the connection as a network does: without a goodbye."""
        if self._socket is not None:
            self._socket.transport.abort()
        self._welcomed.clear()


class RawConsole:
    """A console's WebSocket, message by message."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, command: str, **content: Any) -> None:
        """Send a message."""
        await self.socket.send(json.dumps({"command": command, "id": 0, **content}))

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next message of this type; others before it are passed over."""
        async with asyncio.timeout(60):
            while True:
                message: dict[str, Any] = json.loads(await self.socket.recv())
                if message["type"] == kind:
                    return message

    async def closed(self) -> int | None:
        """The code with which the hub closes the line."""
        async with asyncio.timeout(60):
            await self.socket.wait_closed()
        return self.socket.close_code


@dataclass
class ConsoleHall:
    """The application on a free port. `database` is the test's own way to the same database.

    The port stays taken while nothing is served there: the kernel could deal it out to another process meanwhile.
    """

    installation: Installation
    database: Database
    app: FastAPI = field(init=False)
    _place: socket.socket = field(default_factory=lambda: _bound(0))
    _server: uvicorn.Server | None = None
    _serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where the application is, or will be again."""
        return int(self._place.getsockname()[1])

    @property
    def address(self) -> str:
        """Where the consoles connect."""
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def recorder(self) -> CallRecorder:
        """The sink of the telephony link."""
        return CallRecorder(self.database, host="hotline", times=hall_times(self.installation))

    async def people(self) -> None:
        """Let everybody of PEOPLE in and furnish the seats."""
        async with self.database.transaction() as tx:
            await ensure_users(
                tx, load_roles(self.installation.path(self.installation.config.data.roles)), PEOPLE, clock.now()
            )
            await seats.ensure_seats(tx, [("8001", "browser"), ("8002", "browser"), ("8003", "sip")], clock.now())

    async def start(self) -> None:
        """Serve, on the same port as before."""
        door = _bound(self.port)
        self.app = create_app(self.installation, Database(self.database.url, pool_size=10), console=Path("nowhere"))
        self._server = web_server(self.app, "127.0.0.1", self.port)
        self._serving = asyncio.create_task(self._server.serve(sockets=[door]))
        async with asyncio.timeout(60):
            while not (self._server.started and self.app.state.hub.connected):
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Stop serving."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        self._server = self._serving = None

    async def close(self) -> None:
        """Stop serving for good."""
        await self.stop()
        await self.recorder.close()
        self._place.close()

    def console(self, username: str) -> Console:
        """A console for this person; use it with `async with`."""
        return Console(self.address, username)

    @asynccontextmanager
    async def browser(self, username: str | None) -> AsyncIterator[httpx.AsyncClient]:
        """A browser without a console, signed in as this person (None: as nobody)."""
        async with httpx.AsyncClient(base_url=self.address, timeout=60, headers={"Origin": self.address}) as client:
            if username is not None:
                answer = await client.post("/api/session", json={"username": username, "password": PASSWORD})
                assert answer.status_code == 200, answer.text
            yield client

    @asynccontextmanager
    async def raw(
        self, username: str | None, *, origin: str | None = None, **options: Any
    ) -> AsyncIterator[RawConsole]:
        """A bare WebSocket of this person, before any hello."""
        async with self.browser(username) as browser:
            headers = {"Cookie": "; ".join(f"{each.name}={each.value}" for each in browser.cookies.jar)}
        url = f"ws://127.0.0.1:{self.port}/api/console"
        page = Origin(self.address if origin is None else origin)
        async with connect(url, additional_headers=headers, origin=page, **options) as line:
            yield RawConsole(line)

    async def take_seat(self, console: Console, seat: str) -> None:
        """Sit down at a seat with a registered phone and be ready."""
        await console.command(SignInSeat(id=0, seat=seat))
        await self.tell(f.PhoneRegistered(at=clock.now(), seat=seat, contact="sip:phone"))
        await console.command(MakeReady(id=0))

    async def tell(self, *facts: f.Fact) -> None:
        """Let the PBX tell."""
        await self.recorder.store(uuid4(), list(facts))

    async def emit(self, *audience: str, call_id: str = "marker", state: str = "stored") -> None:
        """An event whose message is plain."""
        async with self.database.transaction() as tx:
            tx.emit("recording_changed", entity=call_id, audience=audience, payload={"state": state})

    async def all_heard(self, *consoles: Console) -> None:
        """Wait until these consoles have heard everything that was emitted until now."""
        marker = f"marker-{uuid4()}"
        await self.emit("all", call_id=marker)
        for console in consoles:
            await console.until(
                lambda console=console: any(getattr(body, "call_id", "") == marker for body in reversed(console.heard))
            )

    async def events(self, audience: Sequence[str], after: int = 0) -> list[StoredEvent]:
        """What the table holds for these audiences."""
        async with self.database.transaction() as tx:
            return await read_after(tx.session, after, audience=audience, limit=100_000)

    async def newest(self) -> int:
        """The number of the newest event."""
        async with self.database.transaction() as tx:
            return await newest_seq(tx.session)


def new_installation(state: Path) -> Installation:
    """The delivered configuration over a state folder of its own."""
    return Installation(Environment(state=state, overlay=None, secret=SecretStr("s" * 40)))


@asynccontextmanager
async def open_hall(state: Path, database: Database) -> AsyncIterator[ConsoleHall]:
    """A hall with its people, open for the time of the block."""
    hall = ConsoleHall(new_installation(state), database)
    await hall.people()
    await hall.start()
    try:
        yield hall
    finally:
        await hall.close()


def _bound(port: int) -> socket.socket:
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port))
    return door


def ringing(call_id: str, seat: str, number: str = "13800001234") -> list[f.Fact]:
    """A citizen calls 96010 and the phone of the seat rings."""
    now = clock.now()
    return [
        f.CallArrived(
            at=now, call_id=call_id, caller_number=number, caller_known=True, caller_name="", dialed_number="96010",
            channel=f"PJSIP/trunk-{call_id}",
        ),
        f.CallQueued(at=now, call_id=call_id, queue="q96010", position=1),
        f.SeatRinging(at=now, call_id=call_id, seat=seat, channel=f"PJSIP/{seat}-1"),
    ]  # fmt: skip


def answered(call_id: str, seat: str) -> f.CallAnswered:
    """The seat takes the call."""
    return f.CallAnswered(at=clock.now(), call_id=call_id, seat=seat, channel=f"PJSIP/{seat}-1")
