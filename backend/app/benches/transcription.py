"""transcription: seconds of recorded calls per CPU second through the whole job of a worker.

Ours is all that the worker does with a recording that is in the store: the queue, the file, the gate, decoding, the
record and the check of the rules; counted is the CPU of the worker, of its recognisers and of PostgreSQL. The peer is
`vosk-transcriber` as the vosk package has it, on the same FLAC files and with the same model: it has ffmpeg mix both
legs and hears the mixture. What each needs once (to start and to load the model) is left out on both sides: ours is
counted from the second recording on, the peer's is a run over all files less a run over one.

transcription_2: the same recordings in time, by two workers and by one.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from asr.evaluation.score import Score, score_whole
from backend.app.benches.ffmpeg import folder_with_ffmpeg
from backend.app.benches.figure import BenchFailed, Errors, Figure
from backend.app.benches.hall_calls import HallCall, speak_calls
from backend.app.listening import Listening, listening
from backend.calls.models import Transcript
from backend.kernel.files import FileStore

_TALKS = 6
_WITHIN_S = 900.0
_TWO_ROUNDS = 8
_TURNS = 2
_AUDIO_S_PER_CPU_S = 2.0
_TWO_WORKERS = 1.6


async def transcription() -> Figure:
    """All recordings through one worker, then through the peer."""
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name:
        folder = Path(name)
        first, *others = await speak_calls(folder, _TALKS)
        async with listening() as platform:
            await platform.start_worker_elsewhere()
            (warm_up,) = await platform.keep([first.raw])
            await platform.ask([warm_up])
            await platform.heard(within_s=_WITHIN_S)
            call_ids = await platform.keep([call.raw for call in others])
            before = platform.cpu_s()
            await platform.ask(call_ids)
            await platform.heard(within_s=_WITHIN_S)
            ours_s = platform.cpu_s() - before
            model = platform.installation.path(platform.installation.config.recognition.model)
            ours = await _errors(platform, call_ids, others)
            files = await _fetch(platform, [warm_up, *call_ids], folder / "files")
        peer_s, texts = await asyncio.to_thread(_peer, model, files, folder)
        peer = sum((score_whole(call.said, text) for call, text in zip(others, texts[1:], strict=True)), Score())
    audio_s = sum(call.seconds for call in others)
    return Figure(
        name="transcription",
        value=round(audio_s / ours_s, 1),
        unit="audio seconds per CPU second",
        peer="vosk-transcriber on the same files",
        peer_value=round(audio_s / peer_s, 1),
        better="higher",
        limit=_AUDIO_S_PER_CPU_S,
        errors=Errors(round(ours.character_error_rate, 4), round(peer.character_error_rate, 4)),
    )


async def transcription_2() -> Figure:
    """The same recordings some times over, by one worker and by two in turns: a machine is not always as fast."""
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name:
        calls = await speak_calls(Path(name), _TALKS)
        raw = [call.raw for call in calls] * _TWO_ROUNDS
        audio_s = sum(call.seconds for call in calls) * _TWO_ROUNDS
        took: dict[int, float] = {1: 0.0, 2: 0.0}
        for workers in (1, 2) * _TURNS:
            took[workers] += await _time_with(workers, raw)
        one, two = (_TURNS * audio_s / took[workers] for workers in (1, 2))
    return Figure(
        name="transcription_2",
        value=round(two, 1),
        unit="audio seconds per second",
        peer="one worker on the same recordings",
        peer_value=round(one, 1),
        better="higher",
        limit=_TWO_WORKERS,
    )


async def _time_with(workers: int, raw: Sequence[Path]) -> float:
    """Seconds from the moment at which all recordings wait for workers that stand ready, to the last check."""
    async with listening() as platform:
        for _ in range(workers):
            await platform.start_worker_elsewhere()
        await platform.ask(await platform.keep(raw[: 4 * workers]))  # so many that each worker has loaded its model
        await platform.heard(within_s=_WITHIN_S)
        call_ids = await platform.keep(raw)
        began = time.monotonic()
        await platform.ask(call_ids)
        await platform.heard(within_s=_WITHIN_S)
        return time.monotonic() - began


async def _errors(platform: Listening, call_ids: Sequence[str], calls: Sequence[HallCall]) -> Score:
    async with platform.database.transaction() as tx:
        rows = await tx.session.execute(select(Transcript.call_id, Transcript.turns))
        turns: dict[str, list[dict[str, Any]]] = {row.call_id: row.turns for row in rows}
    return sum(
        (
            score_whole(call.said, [word["text"] for turn in turns[call_id] for word in turn["words"]])
            for call_id, call in zip(call_ids, calls, strict=True)
        ),
        Score(),
    )


async def _fetch(platform: Listening, call_ids: Sequence[str], into: Path) -> list[Path]:
    store = FileStore(platform.installation.recording_store)
    into.mkdir()  # noqa: ASYNC240 - nothing else runs here
    files = [into / f"{call_id}.flac" for call_id in call_ids]
    for file in files:
        await asyncio.to_thread(store.fetch, file.name, file)
    return files


def _peer(model: Path, files: Sequence[Path], scratch: Path) -> tuple[float, list[list[str]]]:
    """CPU seconds for all files but the first, and the words of each file."""
    one = scratch / "one"
    one.mkdir()
    shutil.copy(files[0], one)
    heard = scratch / "heard"
    heard.mkdir()
    started_s = _transcriber(model, one, heard, scratch)
    all_s = _transcriber(model, files[0].parent, heard, scratch)
    return all_s - started_s, [(heard / f"{file.stem}.txt").read_text(encoding="utf-8").split() for file in files]


def _transcriber(model: Path, recordings: Path, texts: Path, scratch: Path) -> float:
    """CPU seconds of one run of vosk-transcriber with its ffmpegs, as those who waited for them count it."""
    program = Path(sys.executable).with_name("vosk-transcriber")
    command = [str(program), "--model", str(model), "--input", str(recordings), "--output", str(texts)]
    env = {**os.environ, "PATH": f"{folder_with_ffmpeg(scratch)}:{os.environ['PATH']}"}
    before = _cpu_of_children()
    run = subprocess.run([*command, "--log-level", "ERROR"], env=env, capture_output=True, text=True, check=False)
    if run.returncode:
        raise BenchFailed(f"vosk-transcriber ended with {run.returncode}: {run.stderr.strip()[-300:]}")
    return _cpu_of_children() - before


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
