"""A small AMI server that speaks real bytes over real TCP and misbehaves on request, and the two clients under test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import panoramisk
import pytest

from telephony.ami import AmiLink, AmiSettings, LinkState

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
Headers = dict[str, str]


def wire(headers: Headers) -> bytes:
    """A message as Asterisk writes it."""
    return "".join(f"{key}: {value}\r\n" for key, value in headers.items()).encode() + b"\r\n"


def parse(block: bytes) -> Headers:
    """An action as Asterisk reads it."""
    return dict(line.split(": ", 1) for line in block.decode().split("\r\n"))


class Pbx:
    """The server. `answers` maps an action's name to what is written for it; None answers nothing."""

    def __init__(self) -> None:
        self.port = 0
        self.password = "right"
        self.answers: dict[str, Callable[[Headers], bytes | None]] = {}
        self.lists: dict[str, list[Headers]] = {}
        self.seen: list[Headers] = []
        self.logins = 0
        self.sessions = 0
        self.silent = False
        self.booted = True
        self.hang_up_after: str = ""
        self.changed = asyncio.Condition()
        self.writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.drop()

    def drop(self) -> None:
        """Cut all sessions."""
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    def send(self, *messages: Headers | bytes) -> None:
        """Write messages to all sessions, in one piece."""
        data = b"".join(m if isinstance(m, bytes) else wire(m) for m in messages)
        for writer in self.writers:
            writer.write(data)

    def actions(self, name: str) -> list[Headers]:
        """The actions of that name seen so far."""
        return [action for action in self.seen if action.get("Action") == name]

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait until the condition holds; it is looked at whenever the server saw something."""
        async with self.changed:
            await self.changed.wait_for(lambda: bool(condition()))

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        self.writers.append(writer)
        writer.write(BANNER)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                action = parse((await reader.readuntil(b"\r\n\r\n"))[:-4])
                self.seen.append(action)
                reply = None if self.silent else self._reply(action)
                if reply:
                    writer.write(reply)
                if action["Action"] == self.hang_up_after:
                    self.hang_up_after = ""
                    await writer.drain()
                    writer.close()
                await self._tell()
        if writer in self.writers:
            self.writers.remove(writer)
        writer.close()
        await self._tell()

    def _reply(self, action: Headers) -> bytes | None:
        name = action["Action"]
        tag = {"ActionID": action["ActionID"]}
        if name in self.answers:
            return self.answers[name](action)
        if name == "Login":
            self.logins += 1
            if action["Secret"] != self.password:
                self.hang_up_after = "Login"
                return wire({"Response": "Error", **tag, "Message": "Authentication failed"})
            booted = wire({"Event": "FullyBooted", "Uptime": "100", "Status": "Fully Booted"})
            return (booted if self.booted else b"") + wire(
                {"Response": "Success", **tag, "Message": "Authentication accepted"}
            )
        if name in {"CoreShowChannels", "QueueStatus", "PJSIPShowContacts"}:
            start = {"Response": "Success", **tag, "EventList": "start", "Message": "will follow"}
            end = {"Event": f"{name}Complete", **tag, "EventList": "Complete", "ListItems": "0"}
            items = [{**item, **tag} for item in self.lists.get(name, [])]
            return b"".join(map(wire, [start, *items, end]))
        return wire({"Response": "Success", **tag, "Message": "Done"})


@pytest.fixture
async def pbx() -> AsyncIterator[Pbx]:
    server = Pbx()
    await server.start()
    yield server
    await server.stop()


class Link(AmiLink):
    """The link under test, running in the background."""

    running: asyncio.Task[None]

    async def reaches(self, state: LinkState) -> None:
        while self.state is not state:
            await asyncio.sleep(0.005)


@pytest.fixture
async def start_link(pbx: Pbx) -> AsyncIterator[Callable[..., Link]]:
    """Start a link to the server; keyword arguments change its settings."""
    links: list[Link] = []

    def start(wanted: frozenset[str] | None = None, **changes: Any) -> Link:
        patient = {"connect_timeout": 60.0, "action_timeout": 60.0, "ping_interval": 60.0}
        options = {"secret": "right", "first_delay": 0.01, "longest_delay": 0.02, **patient} | changes
        settings = AmiSettings(host="127.0.0.1", port=pbx.port, username="platform", **options)
        link = Link(settings, wanted=wanted)
        link.running = asyncio.create_task(link.run())
        links.append(link)
        return link

    yield start
    for link in links:
        link.close()
        await link.running


@pytest.fixture
def start_bare(pbx: Pbx) -> Iterator[Callable[..., Any]]:
    """Start a bare panoramisk Manager against the same server: the peer whose defects we cover."""
    managers: list[Any] = []

    def start(**changes: Any) -> Any:
        options = {"username": "platform", "secret": "right", "ping_delay": 3600, "reconnect_timeout": 0, **changes}
        manager = panoramisk.Manager(host="127.0.0.1", port=pbx.port, **options)
        manager.connect()
        managers.append(manager)
        return manager

    yield start
    for manager in managers:
        manager.connect = lambda: None
        manager.close()
