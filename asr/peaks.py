"""The outline of a recording: how far each leg swings in equal stretches of time, to draw it without decoding it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asr.audio import Leg, LegReader, inspect

MOST_STRETCHES = 4000
"""So many fill a wide screen twice over; a recording of six hours then has one for each 5.4 s."""
SHORTEST_MS = 20
_UNKNOWN_MS = 6 * 3_600_000
_FULL_SCALE = 32768
_RATE = 8000


@dataclass(frozen=True, slots=True)
class Peaks:
    """How far each leg swings in each stretch, in percent of full scale."""

    duration_ms: int
    legs: dict[Leg, list[int]]


def peaks_of(recording: Path) -> Peaks:
    """The outline of a two-channel recording, read in blocks. Raises the named errors of `asr.audio`."""
    frames = _frames_per_stretch(inspect(recording).duration_ms)
    readers = {leg: LegReader(recording, leg, _RATE) for leg in Leg}
    legs = {leg: _swings(reader, frames) for leg, reader in readers.items()}
    return Peaks(max(reader.duration_ms for reader in readers.values()), legs)


def _frames_per_stretch(duration_ms: int | None) -> int:
    """A recording whose header does not tell its length is drawn as coarsely as one of six hours."""
    expected = _UNKNOWN_MS if duration_ms is None else duration_ms
    return max(SHORTEST_MS, -(-expected // MOST_STRETCHES)) * _RATE // 1000


def _swings(reader: LegReader, frames: int) -> list[int]:
    swings: list[int] = []
    left_over = np.zeros(0, np.int16)
    for block in reader:
        samples = np.concatenate([left_over, block])
        whole = len(samples) // frames * frames
        stretches = np.abs(samples[:whole].astype(np.int32)).reshape(-1, frames)
        swings += (stretches.max(axis=1, initial=0) * 100 // _FULL_SCALE).tolist()
        left_over = samples[whole:]
    if len(left_over):
        swings.append(int(np.abs(left_over.astype(np.int32)).max()) * 100 // _FULL_SCALE)
    return swings
