"""`hotline up`: the whole platform on one machine, started in order, kept running, stopped in order."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

import httpx
import structlog

from backend.app.children import Keeper, RoleProcess
from backend.app.config import Installation
from backend.app.datasets import load_what_is_missing
from backend.app.health import NEEDS_CARE_ONLY, link_part
from backend.app.schema import upgrade_schema
from backend.kernel.errors import Conflict, Unavailable
from backend.kernel.postgres import PrivatePostgres
from backend.kernel.processes import free_port, port_is_free
from backend.kernel.urls import sqlalchemy_url
from telephony.names import DEFAULT_HOST
from telephony.pbx.install import install
from telephony.pbx.server import AsteriskProcess, Pbx, prepare_all

log = structlog.get_logger(__name__)

Say = Callable[[str], None]
_HOPELESS_STARTS = 4


class WebPortInUse(Conflict):
    """Another program listens on the console's port."""


class AlreadyRunning(Conflict):
    """Another platform runs on this state folder; two would fight over one database and one PBX."""


class ConsoleNotReady(Unavailable):
    """The console did not answer in time after its start."""


class _Postgres:
    """The private PostgreSQL as a kept process; its calls block, so they run in a thread of their own."""

    def __init__(self, server: PrivatePostgres) -> None:
        self._server = server

    @property
    def pid(self) -> int:
        return self._server.pid or 0

    async def wait(self) -> int:
        return await asyncio.to_thread(self._server.wait)

    async def stop(self) -> None:
        await asyncio.to_thread(self._server.stop)


class Platform:
    """All processes of one installation on this machine."""

    def __init__(self, installation: Installation, *, workers: int = 1, telephonies: int = 1) -> None:
        self.installation = installation
        self._telephonies = telephonies
        self._workers = workers
        self.keepers: dict[str, Keeper] = {}
        self.database_url = ""
        self.web_port = 0
        self.pbxs: dict[str, Pbx] = {}
        self._env: dict[str, str] = {}
        self._claim: TextIO | None = None

    @property
    def pbx(self) -> Pbx | None:
        """The first PBX of this machine."""
        return next(iter(self.pbxs.values()), None)

    @property
    def address(self) -> str:
        """Where the console is."""
        return f"http://{self.installation.config.web.host}:{self.web_port}"

    async def start(self, say: Say = lambda _: None) -> None:
        """Start everything in order; `say` is told each step. Raises the named error of the part that fails."""
        self._claim_state()
        self.web_port = self._choose_web_port()
        say("database (PostgreSQL)")
        await self._start_database()
        await upgrade_schema(self.database_url)
        await load_what_is_missing(self.database_url)
        say("telephone exchange (Asterisk)")
        await install(self.installation.state, say=lambda what, _share: say(f"telephone exchange (Asterisk): {what}"))
        await self._start_exchanges()
        say("telephony link, workers and console")
        self._env = self._environment()
        for role, arguments in self._roles().items():
            await self._keep(role, lambda role=role, arguments=arguments: self._start_role(role, arguments))
        await self._await_console()
        self._write_status()

    async def stop(self) -> None:
        """Stop everything, the last started first, so that nothing loses its ground."""
        for keeper in reversed(list(self.keepers.values())):
            await keeper.end()
        self.keepers.clear()
        if self._claim is not None:
            self._status_file.unlink(missing_ok=True)
            self._claim.close()
            self._claim = None

    def pids(self) -> dict[str, int | None]:
        """The process ids as they are now."""
        return {name: keeper.pid for name, keeper in self.keepers.items()}

    @property
    def _status_file(self) -> Path:
        return self.installation.state / "platform.json"

    def _write_status(self) -> None:
        status = {"address": self.address, "supervisor": os.getpid(), "database_url": self.database_url}
        self._status_file.write_text(json.dumps(status))
        self._status_file.chmod(0o600)

    def _claim_state(self) -> None:
        """Hold the state folder for as long as this process lives; the kernel frees it however that ends."""
        self.installation.state.mkdir(parents=True, exist_ok=True)
        claim = (self.installation.state / "platform.lock").open("w")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            claim.close()
            raise AlreadyRunning(
                f"A platform runs on {self.installation.state} already{_where(self._status_file)}.",
                kept="Nothing was started.",
                next_step="End that one first, or give this one a state folder of its own by HOTLINE_STATE.",
            ) from error
        self._claim = claim

    def _choose_web_port(self) -> int:
        web = self.installation.config.web
        if web.port == 0:
            return free_port(web.host)
        if not port_is_free(web.port, web.host):
            raise WebPortInUse(
                f"Port {web.port}, on which the console is to be served, is in use by another program.",
                kept="Nothing was started.",
                next_step="End that program, or set web.port in configs/hotline.yaml to another port (0 picks one).",
                field="web.port",
            )
        return web.port

    async def _start_database(self) -> None:
        given = self.installation.environment.database_url
        if given is not None:
            self.database_url = sqlalchemy_url(given.get_secret_value())
            return
        server = PrivatePostgres(self.installation.state)

        async def start() -> _Postgres:
            # started in this thread: the kernel ends the child with the thread that started it
            server.start()
            return _Postgres(server)

        await self._keep("postgres", start)
        self.database_url = server.url

    async def _start_exchanges(self) -> None:
        """Every PBX that this machine carries."""
        here = self.installation
        hosts = here.hosts
        prepared = await prepare_all(
            [here.part(host) for host in hosts], here.state, here.secrets.derive, here.templates
        )
        self.pbxs = dict(zip(hosts, prepared, strict=True))
        for host, pbx in self.pbxs.items():
            await self._keep(_at("asterisk", host), lambda pbx=pbx: AsteriskProcess.start(pbx))

    def _roles(self) -> dict[str, list[str]]:
        """The command line of each role, by the name of its process."""
        roles = {
            _at("telephony" if n == 1 else f"telephony-{n}", host): ["telephony", "--host", host]
            for host in self.pbxs
            for n in range(1, self._telephonies + 1)
        }
        if self.installation.config.recognition.live.enabled:
            roles |= {_at("captions", host): ["captions", "--host", host] for host in self.pbxs}
        roles["serve"] = ["serve", "--port", str(self.web_port)]
        return roles | {f"worker-{n}": ["worker"] for n in range(1, self._workers + 1)}

    async def _start_role(self, role: str, arguments: list[str]) -> RoleProcess:
        return await RoleProcess.start(arguments, self._logs / f"{role}.log", self._env)

    def _environment(self) -> dict[str, str]:
        environment = self.installation.environment
        env = {
            "HOTLINE_STATE": str(self.installation.state),
            "HOTLINE_CONFIG": str(environment.config),
            "HOTLINE_DATABASE_URL": self.database_url,
            "HOTLINE_LOG_FORMAT": "json",
        }
        if environment.hosts:
            env["HOTLINE_HOSTS"] = environment.hosts
        if environment.store:
            env["HOTLINE_STORE"] = environment.store
        if environment.overlay is not None:
            env["HOTLINE_OVERLAY"] = str(environment.overlay)
        return env

    async def _keep(self, name: str, start) -> None:  # type: ignore[no-untyped-def]
        keeper = Keeper(name, start)
        self.keepers[name] = keeper
        await keeper.begin()

    async def _await_console(self, timeout_s: float = 180.0) -> None:
        """Wait until the console answers and the link to each PBX of this machine is live."""
        try:
            async with asyncio.timeout(timeout_s), httpx.AsyncClient(timeout=2) as client:
                while not await _is_well(client, self.address, self._elsewhere()):
                    self._refuse_hopeless()
                    await asyncio.sleep(0.1)
        except TimeoutError as error:
            raise ConsoleNotReady(
                f"The platform was not well within {timeout_s:g} s of its start.",
                next_step=f"Look into {self._logs}.",
            ) from error

    def _elsewhere(self) -> set[str]:
        """The links to PBX hosts that other machines carry: this one does not wait for them."""
        others = {host.name for host in self.installation.config.pbx.all_hosts} - set(self.pbxs)
        return {link_part(host) for host in others}

    def _refuse_hopeless(self) -> None:
        for name, keeper in self.keepers.items():
            if keeper.starts >= _HOPELESS_STARTS:
                raise ConsoleNotReady(
                    f"{name} ends as soon as it is started. It said last: {_last_line(self._logs / f'{name}.log')}",
                    next_step=f"Look into {self._logs / f'{name}.log'}.",
                )

    @property
    def _logs(self) -> Path:
        return self.installation.state / "log"


def _at(process: str, host: str) -> str:
    return process if host == DEFAULT_HOST else f"{process}-{host}"


def _where(status_file: Path) -> str:
    try:
        return f", at {json.loads(status_file.read_text())['address']}"
    except (OSError, ValueError, KeyError):
        return ""


async def _is_well(client: httpx.AsyncClient, address: str, elsewhere: Collection[str]) -> bool:
    try:
        answer = await client.get(f"{address}/healthz")
        away = {part for part, ok in answer.json()["parts"].items() if not ok}
        return away <= {*elsewhere, *NEEDS_CARE_ONLY}
    except (httpx.TransportError, ValueError, KeyError):
        return False


def _last_line(log_file: Path) -> str:
    try:
        return log_file.read_text(errors="replace").rstrip().rpartition("\n")[2][-500:]
    except OSError:
        return "nothing"


@asynccontextmanager
async def platform(
    installation: Installation, *, workers: int = 1, telephonies: int = 1, say: Say = lambda _: None
) -> AsyncIterator[Platform]:
    """A running platform for the time of the block; of several telephony processes one leads."""
    running = Platform(installation, workers=workers, telephonies=telephonies)
    try:
        await running.start(say)
        yield running
    finally:
        await running.stop()
