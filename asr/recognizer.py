"""Recordings in, transcripts out. Recognition runs in child processes, because Kaldi may end the process it is in:
they die with this one, keep their model loaded from one recording to the next, and are replaced when they crash.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from asr.audio import RecordingEmpty, RecordingMissing, RecordingMono, RecordingNotAudio, inspect
from asr.kernels import one_core
from asr.messages import LENGTH, REPLY, Done, Failed, Ready, Setup, packed
from asr.model import ModelNotFound, NotAModel, check_model, refused
from asr.transcript import PAUSE_MS, EngineInfo, Heard, Transcript, merge
from asr.vad import GateSettings
from backend.kernel.errors import HotlineError, Unavailable
from backend.kernel.processes import die_with_parent

_LOAD_LIMIT_S = 600
_LONGEST_RECORDING_MS = 6 * 3600 * 1000
_ENDING_S = 10
_ENDED_BY_OTHERS = (-signal.SIGKILL, -signal.SIGTERM)  # an operator, or want of memory: not the model's fault
_LAST_BYTES, _LAST_LINES = 4096, 5

_ERRORS: dict[str, type[HotlineError]] = {
    error.__name__: error
    for error in (RecordingEmpty, RecordingMissing, RecordingMono, RecordingNotAudio, ModelNotFound, NotAModel)
}


class RecognitionCrashed(Unavailable):
    """The recogniser's process ended in the middle of a recording."""


class RecognitionTimedOut(Unavailable):
    """The recogniser took far longer than any recording of that length needs."""


def time_limit_s(duration_ms: int) -> float:
    """How long a recording may take: four times its own length, on a machine that is busy with calls."""
    return 120 + 4 * duration_ms / 1000


class RecognizerPool:
    """`size` children that share no memory but one model folder; each hears one recording at a time.

    An async context manager, to be entered before use. Entering it checks the folder (ModelNotFound, NotAModel);
    children start when needed. `names` are written as they are written wherever they are heard (asr.names).
    """

    def __init__(
        self,
        model: Path,
        size: int = 1,
        *,
        gate: GateSettings | None = None,
        niceness: int = 10,
        names: Iterable[str] = (),
    ) -> None:
        self._setup = Setup(model=model, gate=gate or GateSettings(), niceness=niceness, names=tuple(names))
        self._size = size
        self._free: asyncio.LifoQueue[_Child | None] = asyncio.LifoQueue()
        self._children: set[_Child] = set()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(check_model, self._setup.model)
        for _ in range(self._size):
            self._free.put_nowait(None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in list(self._children):
            await self._end(child)

    @property
    def pids(self) -> list[int]:
        """The children that live now, for supervision."""
        return sorted(child.pid for child in self._children)

    async def hear(self, recording: Path, limit_s: float) -> tuple[Heard, EngineInfo]:
        """Both legs of a recording and who heard them; waits for a free child first.

        Raises the recording's named errors, RecognitionCrashed and RecognitionTimedOut. When it is cancelled or the
        time is over, the child is ended and a new one takes its place.
        """
        child = await self._free.get()
        try:
            child = await self._alive(child)
            async with asyncio.timeout(limit_s):
                return await child.hear(recording), child.info
        except TimeoutError:
            raise RecognitionTimedOut(
                f"{recording.name} was not heard within {limit_s:.0f} s.",
                kept="The recording is kept.",
                next_step="It is tried again; see whether the machine is overloaded.",
                facts={"limit_s": f"{limit_s:.0f}"},
            ) from None
        finally:
            reusable = child if child is not None and child.idle else None
            self._free.put_nowait(reusable)  # before anything that waits, so that no cancellation loses the place
            if child is not None and reusable is None:
                await self._end(child)

    async def _alive(self, child: _Child | None) -> _Child:
        if child is not None and child.idle:
            return child
        if child is not None:
            await self._end(child)
        started = await _Child.start(self._setup)
        self._children.add(started)
        return started

    async def _end(self, child: _Child) -> None:
        self._children.discard(child)
        await child.end()


class _Child:
    """One recogniser process, from this side."""

    def __init__(self, process: asyncio.subprocess.Process, setup: Setup) -> None:
        self._process = process
        self._setup = setup
        self._busy = False
        self._last_words = b""
        self._listening = asyncio.create_task(self._listen())
        self.pid = process.pid
        self.info: EngineInfo

    @classmethod
    async def start(cls, setup: Setup) -> _Child:
        """A child with its model loaded; NotAModel when Kaldi refuses the model or ends on it."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "asr.child",
            setup.model_dump_json(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=one_core(os.environ),
            preexec_fn=die_with_parent(),
            start_new_session=True,  # Ctrl-C is for the parent, which ends its children in order
        )
        child = cls(process, setup)
        try:
            async with asyncio.timeout(_LOAD_LIMIT_S):
                reply = await child._reply()
        except TimeoutError:
            await child.end()
            raise RecognitionTimedOut(f"{setup.model} was not loaded within {_LOAD_LIMIT_S} s.") from None
        except RecognitionCrashed as error:
            if child._process.returncode in _ENDED_BY_OTHERS:
                raise
            raise refused(setup.model, child._end_in_words()) from error
        except BaseException:
            await child.end()
            raise
        assert isinstance(reply, Ready)
        child.info = reply.info
        return child

    @property
    def idle(self) -> bool:
        """Whether it lives and waits for a recording."""
        return not self._busy and self._process.returncode is None

    async def hear(self, recording: Path) -> Heard:
        assert self._process.stdin is not None
        self._busy = True
        try:
            self._process.stdin.write(packed(os.fsencode(recording)))
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise await self._crash() from None
        try:
            reply = await self._reply()
        except tuple(_ERRORS.values()):
            self._busy = False
            raise
        assert isinstance(reply, Done)
        self._busy = False
        return reply.heard

    async def end(self) -> None:
        """Kill it and wait until it is gone; needs no good will of the child."""
        if self._process.returncode is None:
            # not by Popen.send_signal: that may reap the child itself, and asyncio then loses its exit status
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        await self._process.wait()
        await asyncio.gather(self._listening, return_exceptions=True)

    async def _reply(self) -> Ready | Done:
        assert self._process.stdout is not None
        try:
            head = await self._process.stdout.readexactly(LENGTH.size)
            body = await self._process.stdout.readexactly(LENGTH.unpack(head)[0])
        except asyncio.IncompleteReadError:
            raise await self._crash() from None
        reply = REPLY.validate_json(body)
        if isinstance(reply, Failed):
            raise _ERRORS[reply.error](
                reply.message, kept=reply.kept, next_step=reply.next_step, field=reply.field, facts=reply.facts
            )
        return reply

    async def _crash(self) -> RecognitionCrashed:
        with suppress(TimeoutError):  # it closed its output, so it is ending by itself: how, is worth knowing
            async with asyncio.timeout(_ENDING_S):
                await self._process.wait()
        await self.end()
        return RecognitionCrashed(
            f"The recogniser's process ended: {self._end_in_words()}.",
            kept="The recording is kept.",
            next_step="A new process is started; the recording is tried again.",
            facts={"detail": self._end_in_words()},
        )

    def _end_in_words(self) -> str:
        code = self._process.returncode
        if code is None:
            return "it did not answer"
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        lines = self._last_words.decode(errors="replace").splitlines()
        return "; ".join((how, *(line.strip() for line in lines[-_LAST_LINES:])))

    async def _listen(self) -> None:
        """Take what Kaldi says of its end, and never let a full pipe stop it."""
        assert self._process.stderr is not None
        while said := await self._process.stderr.read(_LAST_BYTES):
            self._last_words = (self._last_words + said)[-_LAST_BYTES:]


async def transcribe_recording(recording: Path, pool: RecognizerPool, *, pause_ms: int = PAUSE_MS) -> Transcript:
    """The transcript of a stored two-channel recording.

    Raises RecordingMissing, RecordingEmpty, RecordingMono, RecordingNotAudio, RecognitionCrashed and
    RecognitionTimedOut. A cut recording gives the transcript of what is there, and says so as its `flaw`.
    """
    known_ms = (await asyncio.to_thread(inspect, recording)).duration_ms
    heard, info = await pool.hear(recording, time_limit_s(known_ms or _LONGEST_RECORDING_MS))
    return Transcript(
        turns=merge(heard.legs, pause_ms),
        speech=heard.speech,
        duration_ms=heard.duration_ms,
        heard_by=with_pause(info, pause_ms),
        cpu_ms=heard.cpu_ms,
        flaw=heard.flaw,
    )


def with_pause(info: EngineInfo, pause_ms: int = PAUSE_MS) -> EngineInfo:
    """Who hears a transcript, with how its turns are made."""
    return info.model_copy(update={"settings": {**info.settings, "pause_ms": pause_ms}})


async def probe_model(model: Path) -> EngineInfo:
    """Load a model in a process of its own and tell what it is. Raises ModelNotFound and NotAModel, whatever happens
    to that process."""
    await asyncio.to_thread(check_model, model)
    child = await _Child.start(Setup(model=model, gate=GateSettings(), niceness=0))
    await child.end()
    return child.info
