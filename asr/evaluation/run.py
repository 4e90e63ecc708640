"""A set heard by the real recogniser, call by call, and the scores by condition."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile

from asr.audio import inspect
from asr.evaluation.recorded import Planted, RecordedCall
from asr.evaluation.score import Fault, Score, false_faults, missed_faults, score_text
from asr.recognizer import RecognizerPool, transcribe_recording
from asr.transcript import Transcript

FindFaults: TypeAlias = Callable[[Transcript], Iterable[Fault]]


@dataclass(frozen=True, slots=True)
class HeardCall:
    """One call as it was heard, with the planted faults that were missed and the faults that are none."""

    call: RecordedCall
    transcript: Transcript
    score: Score
    missed: tuple[Planted, ...]
    false: tuple[Fault, ...]


Heard: TypeAlias = Callable[[HeardCall], None]
"""Told of each call as it is done."""


async def evaluate(
    calls: Iterable[RecordedCall], pool: RecognizerPool, find_faults: FindFaults, *, heard: Heard | None = None
) -> dict[str, Score]:
    """The score of each condition, in the order of the calls. Raises what `transcribe_recording` raises."""
    scores: dict[str, Score] = defaultdict(Score)
    for call in calls:
        one = await _one(call, pool, find_faults)
        scores[call.condition] += one.score
        if heard is not None:
            heard(one)
    return dict(scores)


async def _one(call: RecordedCall, pool: RecognizerPool, find_faults: FindFaults) -> HeardCall:
    with tempfile.TemporaryDirectory() as scratch:
        file = await asyncio.to_thread(_with_two_legs, call.file, Path(scratch))
        started = time.monotonic()
        transcript = await transcribe_recording(file, pool)
        taken_s = time.monotonic() - started
    faults = tuple(find_faults(transcript))
    missed, false = missed_faults(call.planted, faults), false_faults(call.planted, faults)
    planted = len(call.planted)
    score = score_text(call.said, transcript) + Score(
        calls=1,
        planted=planted,
        found=planted - len(missed),
        false=len(false),
        audio_s=transcript.duration_ms / 1000,
        taken_s=taken_s,
    )
    return HeardCall(call, transcript, score, missed, false)


def _with_two_legs(file: Path, scratch: Path) -> Path:
    """The recording itself, or the voice of a mono one as the caller's leg beside a silent seat."""
    if inspect(file).channels != 1:
        return file
    samples, rate = soundfile.read(file, dtype="int16")
    both = scratch / "both.wav"
    soundfile.write(both, np.stack((samples, np.zeros_like(samples)), axis=1), rate, subtype="PCM_16")
    return both
