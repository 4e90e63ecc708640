"""One run of SIPp: its scenario, its end, and what it says when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from telephony.pbx import child, ports
from telephony.pbx.programs import Program
from telephony.simulate.errors import SimulationFailed

_SCENARIOS = Path(__file__).parent / "scenarios"
_FIRST_RTP_PORT, _LAST_RTP_PORT = 25_000, 31_998
SOME_CALLS_FAILED = 1
"""SIPp's exit status when it ran to its end, but not every call went as the scenario says."""


def scenario(name: str, values: Mapping[str, object]) -> str:
    """A scenario of this package with these values put in."""
    environment = Environment(  # noqa: S701 -- SIP messages stand in CDATA, where nothing may be escaped
        loader=FileSystemLoader(_SCENARIOS), undefined=StrictUndefined
    )
    return environment.get_template(f"{name}.xml.j2").render(values)


def injection_file(path: Path, lines: Sequence[Sequence[object]]) -> Path:
    """A file from which SIPp takes the fields of one call a line, in their order."""
    rows = [";".join(str(value) for value in line) + ";" for line in lines]
    path.write_text("\n".join(["SEQUENTIAL", *rows, ""]))
    return path


class Sipp:
    """A SIPp that runs; it ends with the process that started it."""

    def __init__(self, name: str, folder: Path, process: asyncio.subprocess.Process, port: int) -> None:
        self.name = name
        self.port = port
        self._folder = folder
        self._process = process

    @classmethod
    async def start(
        cls, program: Program, name: str, xml: str, arguments: Sequence[str], folder: Path, *, port: int = 0
    ) -> Self:
        """Start SIPp with this scenario; its files and its log lie in `folder` (absolute) under `name`. Port 0 picks
        a free one.
        """
        file = folder / f"{name}.xml"
        file.write_text(xml)
        chosen = port or ports.pick("udp")
        argv = [
            *program.argv,
            *(
                "-sf",
                str(file),
                "-i",
                "127.0.0.1",
                "-mi",
                "127.0.0.1",
                "-ci",
                "127.0.0.1",
                "-p",
                str(chosen),
                "-t",
                "u1",
                "-nostdin",
            ),
            *("-min_rtp_port", str(_FIRST_RTP_PORT), "-max_rtp_port", str(_LAST_RTP_PORT)),
            *("-trace_err", "-error_file", str(folder / f"{name}.errors")),
            *arguments,
        ]
        env = {**program.env, "TERM": "dumb"}
        process = await child.spawn(argv, log=folder / f"{name}.log", env=env, cwd=folder)
        return cls(name, folder, process, chosen)

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.returncode is not None

    async def wait(self) -> bool:
        """Wait for its end: whether every call went as the scenario says. Raises SimulationFailed."""
        status = await self._process.wait()
        if status not in {0, SOME_CALLS_FAILED}:
            raise self.failure(f"ended with status {status}")
        return status == 0

    async def finish(self, *, within_s: float) -> None:
        """Begin no new call, let those that are up end, insist after `within_s`."""
        if not self.ended:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGUSR1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._process.wait()
        await child.end(self._process, grace_s=2)

    def kill(self) -> None:
        """End it as a power cut does: its calls are neither heard nor ended any more."""
        self._process.kill()

    def failure(self, what: str) -> SimulationFailed:
        """The named error with SIPp's last words."""
        last = child.tail(self._folder / f"{self.name}.errors") or child.tail(self._folder / f"{self.name}.log")
        return SimulationFailed(f"SIPp ({self.name}) {what}. It said last:\n{last}", next_step=f"See {self._folder}.")
