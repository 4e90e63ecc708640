"""A set heard by the real recogniser, call by call, and the scores by condition."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile

from asr.audio import inspect
from asr.evaluation.recorded import RecordedCall
from asr.evaluation.score import Fault, Score, score_faults, score_text
from asr.recognizer import RecognizerPool, transcribe_recording
from asr.transcript import Transcript

FindFaults: TypeAlias = Callable[[Transcript], Iterable[Fault]]
Heard: TypeAlias = Callable[[RecordedCall, Transcript, Score], None]
"""Told of each call as it is done."""


async def evaluate(
    calls: Iterable[RecordedCall], pool: RecognizerPool, find_faults: FindFaults, *, heard: Heard | None = None
) -> dict[str, Score]:
    """The score of each condition, in the order of the calls. Raises what `transcribe_recording` raises."""
    scores: dict[str, Score] = defaultdict(Score)
    for call in calls:
        score, transcript = await _one(call, pool, find_faults)
        scores[call.condition] += score
        if heard is not None:
            heard(call, transcript, score)
    return dict(scores)


async def _one(call: RecordedCall, pool: RecognizerPool, find_faults: FindFaults) -> tuple[Score, Transcript]:
    with tempfile.TemporaryDirectory() as scratch:
        file = await asyncio.to_thread(_with_two_legs, call.file, Path(scratch))
        started = time.monotonic()
        transcript = await transcribe_recording(file, pool)
        taken_s = time.monotonic() - started
    effort = Score(calls=1, audio_s=transcript.duration_ms / 1000, taken_s=taken_s)
    score = effort + score_text(call.said, transcript)
    return score + score_faults(call.planted, find_faults(transcript)), transcript


def _with_two_legs(file: Path, scratch: Path) -> Path:
    """The recording itself, or the voice of a mono one as the caller's leg beside a silent seat."""
    if inspect(file).channels != 1:
        return file
    samples, rate = soundfile.read(file, dtype="int16")
    both = scratch / "both.wav"
    soundfile.write(both, np.stack((samples, np.zeros_like(samples)), axis=1), rate, subtype="PCM_16")
    return both
