"""The processes of one machine, kept running: whichever ends is started again, later the more often it ends."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from backend.kernel.processes import die_with_parent

log = structlog.get_logger(__name__)

_STEADY_S = 30.0
"""A process that ran this long is steady: its next end is not counted with the earlier ones."""
_PAUSES_S = (0.0, 0.2, 1.0, 3.0, 10.0)


def restart_pause(ends_in_a_row: int) -> float:
    """How many seconds to wait before a process is started again."""
    return _PAUSES_S[min(ends_in_a_row, len(_PAUSES_S) - 1)]


class Running(Protocol):
    """A started process."""

    @property
    def pid(self) -> int: ...
    async def wait(self) -> int: ...
    async def stop(self) -> None: ...


Start = Callable[[], Awaitable[Running]]


class RoleProcess:
    """`hotline <role>` as a child; its log goes to a file below the state folder."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, arguments: list[str], log_file: Path, env: Mapping[str, str]) -> RoleProcess:
        """Start the role and return at once."""
        log_file.parent.mkdir(parents=True, exist_ok=True)
        with log_file.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "backend.app", *arguments,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, **env}, start_new_session=True, preexec_fn=die_with_parent(),
            )  # fmt: skip
        return cls(process)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def wait(self) -> int:
        """The exit status, once it has ended."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end, insist after ten seconds."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


@dataclass
class Keeper:
    """Keeps one process running until it is told to stop."""

    name: str
    start: Start
    running: Running | None = None
    starts: int = 0
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def begin(self) -> None:
        """Start the process; raises what its first start raises, later ones are tried again."""
        self.running = await self.start()
        self.starts = 1
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def end(self) -> None:
        """Stop the process for good."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self.running is not None:
            await self.running.stop()
            self.running = None

    @property
    def pid(self) -> int | None:
        """The id of the process that runs now."""
        return self.running.pid if self.running is not None else None

    async def _keep(self) -> None:
        ends = 0
        since = time.monotonic()
        while True:
            if self.running is not None:
                status = await self.running.wait()
                self.running = None
                ends = 0 if time.monotonic() - since > _STEADY_S else ends + 1
                log.warning("process ended; starting it again", name=self.name, status=status, ends=ends)
            await asyncio.sleep(restart_pause(ends - 1 if ends else 0))
            since = time.monotonic()
            try:
                self.running = await self.start()
                self.starts += 1
            except Exception as error:  # noqa: BLE001 - whatever stops a start now may be gone at the next try
                ends += 1
                log.error("process does not start", name=self.name, error=str(error))
