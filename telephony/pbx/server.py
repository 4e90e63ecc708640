"""Run the private Asterisk: start it, wait until it takes calls, ask it, reload it, stop it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from telephony.names import DEFAULT_HOST
from telephony.pbx import announcements, child, ports, programs, render
from telephony.pbx.errors import PbxAlreadyRunning, PbxConfigInvalid, PbxNotRunning, PbxStartFailed
from telephony.pbx.host_settings import HostSettings
from telephony.pbx.parts import HostPart
from telephony.pbx.paths import PbxPaths, pbx_paths
from telephony.pbx.ports import PbxPorts
from telephony.pbx.programs import Program
from telephony.pbx.render import Host, Rendering, SecretFor

_LEAN_MEMORY = {"MALLOC_ARENA_MAX": "2"}  # half the resident memory after thousands of calls


@dataclass(frozen=True)
class Pbx:
    """A private Asterisk whose files stand; it may run or not."""

    program: Program
    paths: PbxPaths
    ports: PbxPorts
    rendering: Rendering

    async def cli(self, command: str, *, timeout_s: float = 30.0) -> str:
        """What Asterisk's console answers to a command. Raises PbxNotRunning when nobody answers."""
        argv = [*self.program.argv, "-C", str(self.paths.config), "-rx", command]
        try:
            status, output = await child.run(argv, env=self.program.env, timeout_s=timeout_s)
        except TimeoutError as error:
            raise PbxNotRunning(
                f"Asterisk did not answer within {timeout_s:g} s.", next_step=f"See {self.paths.messages}."
            ) from error
        if status != 0:
            raise PbxNotRunning(f"No Asterisk runs on {self.paths.socket}.", next_step="Start it with `hotline up`.")
        return output

    async def is_running(self) -> bool:
        """Whether the Asterisk of these folders answers."""
        if not self.paths.socket.exists():
            return False
        try:
            await self.cli("core show version")
        except PbxNotRunning:
            return False
        return True

    async def reload(self) -> None:
        """Take up changed files without dropping a call. Raises PbxNotRunning."""
        await self.cli("core reload", timeout_s=60)


async def prepare(part: HostPart, state: Path, secret_for: SecretFor, templates: Path) -> Pbx:
    """Render the files of this PBX in this state folder; ports that were picked before are kept while it runs.

    Raises ProgramMissing, PbxConfigInvalid.
    """
    program = await programs.find("asterisk", state)
    files = programs.asterisk_files(program, state)
    paths = pbx_paths(state, part.name)
    chosen = await _settle_ports(part.host, program, paths)
    peers = {peer.name: f"{peer.address}:{_sip_port(peer, state)}" for peer in part.peers}
    sounds = await announcements.make(templates.parent / "announcements", part.pbx.languages, state, paths.sounds)
    host = Host(paths, files, program.version, sounds, peers)
    texts = render.render(part, chosen, host, secret_for, templates)
    return Pbx(program, paths, chosen, render.write(texts, paths.etc))


async def prepare_all(parts: Sequence[HostPart], state: Path, secret_for: SecretFor, templates: Path) -> list[Pbx]:
    """Like `prepare`, for several PBX hosts on one machine: each is told the ports of the others."""
    program = await programs.find("asterisk", state)
    for part in parts:
        await _settle_ports(part.host, program, pbx_paths(state, part.name))
    return [await prepare(part, state, secret_for, templates) for part in parts]


async def existing(state: Path, host: str = DEFAULT_HOST) -> Pbx:
    """The PBX of this state folder as it was last rendered, without a change. Raises PbxNotRunning if there is none."""
    paths = pbx_paths(state, host)
    remembered = ports.load(paths.ports)
    if not paths.config.exists() or set(remembered) != {field.name for field in fields(PbxPorts)}:
        raise PbxNotRunning(f"No PBX was ever set up in {paths.home}.", next_step="Run `hotline up`.")
    return Pbx(await programs.find("asterisk", state), paths, PbxPorts(**remembered), Rendering(()))


async def _settle_ports(host: HostSettings, program: Program, paths: PbxPaths) -> PbxPorts:
    paths.create()  # refuses a folder that cannot serve Asterisk before anything is written there
    remembered = ports.load(paths.ports)
    running = paths.config.exists() and await Pbx(program, paths, _NO_PORTS, Rendering(())).is_running()
    # A running Asterisk holds its own ports: to it they are not taken.
    is_free = (lambda *_: True) if running else ports.is_free
    chosen = ports.choose(host, remembered, is_free=is_free, pick=ports.pick)
    ports.save(paths.ports, chosen)
    return chosen


def _sip_port(peer: HostSettings, state: Path) -> int:
    """Where another PBX takes SIP: as configured, or as it was picked if it runs on this machine too."""
    port = peer.ports.sip or ports.load(pbx_paths(state, peer.name).ports).get("sip", 0)
    if not port:
        raise PbxConfigInvalid(
            f"It is not known on which port the PBX host {peer.name} takes SIP.",
            next_step=f"Set ports.sip of {peer.name}: it runs on another machine, which picks its ports by itself.",
            field="ports.sip",
        )
    return port


class AsteriskProcess:
    """A running Asterisk that ends with the process that started it."""

    def __init__(self, pbx: Pbx, process: asyncio.subprocess.Process) -> None:
        self.pbx = pbx
        self._process = process

    @classmethod
    async def start(cls, pbx: Pbx, *, ready_within_s: float = 180.0) -> Self:
        """Start it and wait until it is fully booted.

        Raises PbxAlreadyRunning, PortInUse, PbxStartFailed (with the last lines of its log).
        """
        if await pbx.is_running():
            raise PbxAlreadyRunning(
                f"An Asterisk runs in {pbx.paths.home} already.", next_step="Use that one, or stop it first."
            )
        ports.refuse_taken(pbx.ports)
        argv = [*pbx.program.argv, "-C", str(pbx.paths.config), "-f", "-n"]
        env = {**pbx.program.env, **_LEAN_MEMORY}
        started = cls(pbx, await child.spawn(argv, log=pbx.paths.output, env=env))
        try:
            async with asyncio.timeout(ready_within_s):
                await started._fully_booted()
        except BaseException as error:
            await child.end(started._process)
            if isinstance(error, TimeoutError):
                raise started._failed(f"did not become ready within {ready_within_s:g} s") from error
            raise
        return started

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself or was killed."""
        return self._process.returncode is not None

    async def wait(self) -> int:
        """Its exit status, once it has ended."""
        return await self._process.wait()

    async def stop(self, *, grace_s: float = 10.0) -> None:
        """End it; calls that are up are hung up."""
        if not self.ended:
            with contextlib.suppress(PbxNotRunning):
                await self.pbx.cli("core stop now", timeout_s=grace_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_s):
                    await self._process.wait()
        await child.end(self._process)

    async def _fully_booted(self) -> None:
        while True:
            if self.ended:
                raise self._failed(f"ended with status {self._process.returncode} before it was ready")
            with contextlib.suppress(PbxNotRunning):
                if "fully booted" in await self.pbx.cli("core waitfullybooted"):
                    return
            await asyncio.sleep(0.1)

    def _failed(self, what: str) -> PbxStartFailed:
        last = child.tail(self.pbx.paths.output) or child.tail(self.pbx.paths.messages)
        return PbxStartFailed(f"Asterisk {what}. It said last:\n{last}", next_step=f"See {self.pbx.paths.messages}.")


@contextlib.asynccontextmanager
async def running(pbx: Pbx) -> AsyncIterator[AsteriskProcess]:
    """A running Asterisk for the time of the block."""
    asterisk = await AsteriskProcess.start(pbx)
    try:
        yield asterisk
    finally:
        await asterisk.stop()


_NO_PORTS = PbxPorts(0, 0, 0, 0, 0, 0, 0)
