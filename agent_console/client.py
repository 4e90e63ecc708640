"""A console without a screen: the same protocol that the browser speaks, for simulated agents, benchmarks and tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import structlog
from pydantic import BaseModel
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Origin

from agent_console.captions import Captioned, CaptionsSoFar
from agent_console.messages.calls import CallRinging, Ring
from agent_console.protocol import PROTOCOL_VERSION, SERVER_MESSAGE, DeskState, Event, EventBody, Hello, Reply, Welcome
from backend.kernel.errors import HotlineError, Unavailable

log = structlog.get_logger(__name__)

_RETRY_S = 0.3
_GONE = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, TimeoutError)


class CommandRefused(HotlineError):
    """The hub refused a command; `reason` is the stable name of its error."""

    def __init__(self, reply: Reply) -> None:
        problem = reply.problem
        super().__init__(problem.message if problem else "refused", next_step=problem.next_step if problem else "")
        self.reason = problem.error if problem else ""


class ConsoleAway(Unavailable):
    """The hub did not answer in time."""


class ConsoleClient:
    """Signs in, connects, reconnects from the last event it has, and counts what it should never see.

    `on_event` is called for each new event, `on_welcome` with each whole state, `on_caption`
    with each caption. `repeated` counts events whose number
    was not above the last one.
    """

    def __init__(
        self,
        address: str,
        username: str,
        password: str,
        *,
        on_event: Callable[[EventBody], None] = lambda _: None,
        on_welcome: Callable[[DeskState], None] = lambda _: None,
        on_caption: Callable[[Captioned], None] = lambda _: None,
    ) -> None:
        self._address = address
        self._credentials = {"username": username, "password": password}
        self._on_event = on_event
        self._on_welcome = on_welcome
        self.on_caption = on_caption
        self.http = httpx.AsyncClient(base_url=address, timeout=30, headers={"Origin": address})
        self.last_seq: int | None = None
        self.repeated = 0
        self.reconnects = 0
        self._socket: ClientConnection | None = None
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._next_id = 0
        self._welcomed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> ConsoleClient:
        await self.sign_in()
        self._task = asyncio.create_task(self._stay_connected(), name=f"console {self._credentials['username']}")
        async with asyncio.timeout(60):
            await self._welcomed.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.http.aclose()

    @property
    def connected(self) -> bool:
        """Whether the hub has welcomed this console and the connection still stands."""
        return self._welcomed.is_set()

    async def sign_in(self) -> None:
        """Sign in by name and password."""
        answer = await self.http.post("/api/session", json=self._credentials)
        if answer.status_code >= 300:
            raise ConsoleAway(f"Sign-in was refused: {answer.text[:300]}")

    async def command(self, message: BaseModel, *, timeout_s: float = 10.0) -> dict[str, Any]:
        """Send a command and return the result of its reply. Raises `CommandRefused` or `ConsoleAway`."""
        self._next_id += 1
        number = self._next_id
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[number] = future
        try:
            async with asyncio.timeout(timeout_s):
                await self._welcomed.wait()
                assert self._socket is not None
                await self._socket.send(message.model_copy(update={"id": number}).model_dump_json())
                reply = await future
        except _GONE as error:
            raise ConsoleAway("The console's hub did not answer.", next_step="Send the command again.") from error
        finally:
            self._replies.pop(number, None)
        if not reply.ok:
            raise CommandRefused(reply)
        return reply.result or {}

    async def insist(self, message: BaseModel, *, within_s: float = 60.0) -> dict[str, Any]:
        """Send a command again and again until it is answered; only for commands that are idempotent."""
        async with asyncio.timeout(within_s):
            while True:
                try:
                    return await self.command(message)
                except ConsoleAway:
                    await asyncio.sleep(_RETRY_S)
                except CommandRefused as error:
                    if error.reason not in ("DatabaseAway", "DatabaseBusy", "Unavailable"):
                        raise
                    await asyncio.sleep(_RETRY_S)

    async def _stay_connected(self) -> None:
        while True:
            with suppress(*_GONE):
                await self._converse()
            self._welcomed.clear()
            self.reconnects += 1
            for future in self._replies.values():
                if not future.done():
                    future.set_exception(ConnectionResetError())
            await asyncio.sleep(_RETRY_S)
            with suppress(httpx.HTTPError, ConsoleAway):
                if (await self.http.get("/api/session")).status_code == 401:
                    await self.sign_in()

    async def _converse(self) -> None:
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)
        url = self._address.replace("http", "ws", 1) + "/api/console"
        async with connect(
            url,
            additional_headers={"Cookie": cookies},
            origin=Origin(self._address),
            open_timeout=20,
            max_size=None,
        ) as socket:
            self._socket = socket
            await socket.send(Hello(id=0, protocol=PROTOCOL_VERSION, last_seq=self.last_seq).model_dump_json())
            async for text in socket:
                self._take(text)

    def _take(self, text: str | bytes) -> None:
        message = SERVER_MESSAGE.validate_json(text)
        if isinstance(message, Event):
            if self.last_seq is not None and message.seq <= self.last_seq:
                self.repeated += 1
                return
            self.last_seq = message.seq
            self._on_event(message.body)
        elif isinstance(message, Ring):
            self._on_event(CallRinging(card=message.card))
        elif isinstance(message, Captioned):
            self.on_caption(message)
        elif isinstance(message, CaptionsSoFar):
            for line in message.view.lines:
                self.on_caption(Captioned(call_id=message.view.call_id, line=line))
        elif isinstance(message, Welcome):
            self.last_seq = message.seq
            self._on_welcome(message.desk)
            self._welcomed.set()
        elif isinstance(message, Reply):
            future = self._replies.get(message.id)
            if future is not None and not future.done():
                future.set_result(message)
