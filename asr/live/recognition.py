"""Live recognition from the side of whoever has the sound: legs are opened, fed and closed, captions come back.

Recognition is a process of its own, which Kaldi may end at any moment: it takes nothing else with it, another one is
started, and the legs go on there with what is said from then on. Nothing here ever waits for it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import structlog

from asr.kernels import one_core
from asr.live.messages import BYTES_PER_MS, TOLD, Caption, Ended, Here, Kind, Lag, LiveSetup, Ready, Said, packed
from backend.kernel.processes import die_with_parent

log = structlog.get_logger(__name__)

_MOST_UNSENT = 4 << 20  # two seconds of 112 legs and more: a process that takes none of it is stuck
_PAUSES_S = (0.0, 0.5, 2.0, 10.0)
_STEADY_S = 30.0
_LONGEST_LINE = 1 << 20
_ASKED_EVERY_S = 0.5
_STUCK_AFTER_S = 30.0


class LegState(StrEnum):
    """How captions of one leg stand."""

    LIVE = "live"
    BEHIND = "behind"
    LOST = "lost"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a leg's captions; `lag_ms` is how old the sound was when its turn came, `skipped_ms` how much of it
    was just passed over."""

    state: LegState
    lag_ms: int = 0
    skipped_ms: int = 0


class Listener(Protocol):
    """Who wants to know what is said in a leg. Both must return at once."""

    def said(self, caption: Caption) -> None:
        """A caption began, grew or ended."""

    def stands(self, standing: Standing) -> None:
        """How the captions stand from now on."""


@dataclass(slots=True)
class _Open:
    """A leg that is open: how far its sound has come, and the line that is not final yet."""

    listener: Listener
    heard_ms: float = 0.0
    next_line: int = 0
    unfinished: Caption | None = None
    behind: bool = False
    closed: bool = False


class LiveRecognition:
    """Recognises any number of legs at once. `run` keeps its process alive until it is cancelled."""

    def __init__(self, setup: LiveSetup) -> None:
        self._setup = setup
        self._legs: dict[int, _Open] = {}
        self._number = 0
        self._process: asyncio.subprocess.Process | None = None
        self._answered = True
        self._still = False
        self.restarts = 0
        self.passed_over = 0
        """Pieces of sound that found no process to hear them."""

    @property
    def pid(self) -> int | None:
        """The process that recognises now."""
        return None if self._process is None else self._process.pid

    @property
    def legs(self) -> int:
        """How many legs are open."""
        return sum(not leg.closed for leg in self._legs.values())

    def open(self, listener: Listener) -> int:
        """Begin a leg; the number under which its sound is given."""
        self._number += 1
        self._legs[self._number] = leg = _Open(listener)
        if self._begin(self._number, leg):
            listener.stands(Standing(self._state_of(leg)))
        return self._number

    def hear(self, number: int, sound: bytes, arrived: float | None = None) -> None:
        """The next sound of a leg, which came at `arrived`; passed over while there is no process to hear it."""
        leg = self._legs[number]
        leg.heard_ms += len(sound) / BYTES_PER_MS
        if not self._send(Kind.SOUND, number, time.monotonic() if arrived is None else arrived, sound):
            self.passed_over += 1

    def close(self, number: int) -> None:
        """The leg is over; its last words are still told."""
        leg = self._legs[number]
        leg.closed = True
        if not self._send(Kind.CLOSE, number):
            self._end(number)

    async def run(self) -> None:
        """Keep a process that recognises, for ever."""
        ends = 0
        while True:
            began = time.monotonic()
            try:
                await self._recognise()
            finally:
                self._lose()
            ends = 1 if time.monotonic() - began > _STEADY_S else ends + 1
            self.restarts += 1
            log.error("live recognition ended; it is started again", ends_in_a_row=ends)
            await asyncio.sleep(_PAUSES_S[min(ends, len(_PAUSES_S) - 1)])

    async def _recognise(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "asr.live.child", self._setup.model_dump_json(),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LONGEST_LINE,
            env=one_core(os.environ), preexec_fn=die_with_parent(), start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        watching = asyncio.create_task(self._watch(process))
        try:
            while line := await process.stdout.readline():
                self._take(process, TOLD.validate_json(line))
        finally:
            watching.cancel()
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Ask the process whether it is there: one that stands still cannot say by itself that it is behind. One that
        never answers is ended. Counted are the questions, not the time: this process may have stood still too."""
        silent_s = 0.0
        while silent_s < _STUCK_AFTER_S:
            await asyncio.sleep(_ASKED_EVERY_S)
            if self._process is not process:  # it loads its model
                continue
            if self._answered:
                silent_s, self._answered = 0.0, not self._send(Kind.ASK, 0)
                continue
            silent_s += _ASKED_EVERY_S
            if not self._still and silent_s * 1000 >= self._setup.limits.behind_ms:
                self._stand(still=True, lag_ms=round(silent_s * 1000))
        log.error("live recognition does not answer; it is ended", pid=process.pid)
        process.kill()

    def _stand(self, *, still: bool, lag_ms: int = 0) -> None:
        """The process stands still, or goes on: that holds for all legs."""
        self._still = still
        for leg in self._legs.values():
            leg.listener.stands(Standing(self._state_of(leg), lag_ms))

    def _state_of(self, leg: _Open) -> LegState:
        return LegState.BEHIND if self._still or leg.behind else LegState.LIVE

    def _take(self, process: asyncio.subprocess.Process, told: Ready | Said | Lag | Ended | Here) -> None:
        if isinstance(told, Here):
            self._answered = True
            if self._still:
                self._stand(still=False)
            return
        if isinstance(told, Ready):
            self._process, self._answered, self._still = process, True, False
            for number, leg in self._legs.items():
                leg.behind = False
                self._begin(number, leg)
                leg.listener.stands(Standing(LegState.LIVE))
            return
        heard = self._legs.get(told.leg)
        if heard is None:
            return
        if isinstance(told, Said):
            self._said(heard, told.caption)
        elif isinstance(told, Lag):
            heard.behind = told.behind
            heard.listener.stands(Standing(self._state_of(heard), told.lag_ms, told.skipped_ms))
        else:
            self._end(told.leg)

    def _said(self, leg: _Open, caption: Caption) -> None:
        leg.unfinished = None if caption.final else caption
        leg.next_line = caption.line + caption.final
        leg.listener.said(caption)

    def _begin(self, number: int, leg: _Open) -> bool:
        return self._send(Kind.OPEN, number, leg.heard_ms, str(leg.next_line).encode())

    def _end(self, number: int) -> None:
        leg = self._legs.pop(number)
        leg.listener.stands(Standing(LegState.OFF))

    def _lose(self) -> None:
        """The process is gone: what was shown so far stands as it is."""
        self._process = None
        for number, leg in list(self._legs.items()):
            if leg.unfinished is not None:
                self._said(leg, leg.unfinished.model_copy(update={"final": True}))
            if leg.closed:
                self._end(number)
            else:
                leg.listener.stands(Standing(LegState.LOST))

    def _send(self, kind: Kind, number: int, value: float = 0.0, content: bytes = b"") -> bool:
        """Whether there is a process that will take it. What is only sound is not piled up before a stuck one."""
        if self._process is None or self._process.stdin is None or self._process.stdin.is_closing():
            return False
        if kind is Kind.SOUND and self._process.stdin.transport.get_write_buffer_size() > _MOST_UNSENT:
            return False
        self._process.stdin.write(packed(kind, number, value, content))
        return True
