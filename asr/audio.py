"""Recordings of calls: the raw two-channel sound of the PBX, the compressed files they become, and their two legs.

Everything streams in blocks, so a six-hour recording takes no more memory than a short one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from backend.kernel.errors import HotlineError

LINE_RATE = 8000
RAW_SUFFIX = ".raw"
BLOCK_S = 10
_CAREFULLY_S = 1  # read at once where a recording is cut: as much of it is lost
_BYTES_PER_FRAME = 4  # two channels of 16 bits
_RAW: dict[str, Any] = {
    "samplerate": LINE_RATE,
    "channels": 2,
    "format": "RAW",
    "subtype": "PCM_16",
    "endian": "LITTLE",
}
_UNKNOWN_LENGTH = 2**63 - 1  # what libsndfile says of a file whose header does not tell

Samples: TypeAlias = NDArray[np.int16]


class Leg(StrEnum):
    """Who speaks. In a two-channel recording the caller is on the left, the seat on the right."""

    CALLER = "caller"
    SEAT = "seat"


class RecordingEmpty(HotlineError):
    """There is a file, but no sound in it."""


class RecordingCut(HotlineError):
    """The recording stops short of what it announces; what is there is kept and used."""


class RecordingMissing(HotlineError):
    """There is no file where the recording should be."""

    http_status = 404


class RecordingNotAudio(HotlineError):
    """The file is not sound that can be read."""


class RecordingMono(HotlineError):
    """The recording has not two channels, so it cannot be told who speaks."""


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A compressed recording as it was written: what the register needs to know of it."""

    path: Path
    sha256: str
    size_bytes: int
    duration_ms: int
    codec: str
    flaw: RecordingCut | None


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """What can be said of a recording without decoding it. `frames` is None when the header does not tell."""

    rate: int
    channels: int
    frames: int | None

    @property
    def duration_ms(self) -> int | None:
        return None if self.frames is None else round(self.frames * 1000 / self.rate)


def encode(raw: Path, to: Path, *, rate: int = LINE_RATE) -> StoredRecording:
    """Compress the PBX's raw two-channel 16-bit file into FLAC at `to`, which appears whole or not at all.

    An incomplete last frame is dropped and reported as `flaw`. The hash is taken of the finished file, because FLAC
    writes its header last. Raises RecordingMissing and RecordingEmpty.
    """
    size = _size(raw)
    if size < _BYTES_PER_FRAME:
        raise _empty(raw)
    part = to.with_name(f".{to.name}.part")
    try:
        frames = _write_flac(raw, part, rate)
        sha256 = _synced_sha256(part)
        part.replace(to)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    left_over = size % _BYTES_PER_FRAME
    flaw = None
    if left_over:
        flaw = _cut(raw, frames, rate, f"it ends with {left_over} bytes of an incomplete frame")
    return StoredRecording(to, sha256, to.stat().st_size, round(frames * 1000 / rate), "flac", flaw)


def inspect(recording: Path) -> RecordingInfo:
    """Read the header of a FLAC, WAV or Opus file, or the length of a raw one.

    Raises RecordingMissing, RecordingEmpty and RecordingNotAudio.
    """
    with _opened(recording) as file:
        frames = None if file.frames >= _UNKNOWN_LENGTH else file.frames
        if frames == 0:
            raise _empty(recording)
        return RecordingInfo(file.samplerate, file.channels, frames)


class LegReader:
    """The sound of one leg, block by block, at the rate asked for; iterate over it once.

    After the iteration `duration_ms` tells how much there was, and `flaw` says so if it was less than the file
    announced. What the other leg says goes to `other`, so that nobody needs to decode the recording twice: `put_aside`
    reads it. Raises RecordingMissing, RecordingEmpty, RecordingNotAudio and RecordingMono.
    """

    def __init__(self, recording: Path, leg: Leg, rate: int, *, other: IO[bytes] | None = None) -> None:
        self._recording, self._leg, self._rate, self._other = recording, leg, rate, other
        self.recorded_rate = 0
        self.duration_ms = 0
        self.flaw: RecordingCut | None = None

    def __iter__(self) -> Iterator[Samples]:
        with _opened(self._recording) as file:
            if file.channels != len(Leg):
                raise RecordingMono(
                    f"{self._recording.name} has {file.channels} channel(s); a call has two, caller and seat.",
                    kept="The recording stays as it is and can be played.",
                    next_step="Record calls with both directions apart (MixMonitor with option D).",
                    facts={"channels": str(file.channels)},
                )
            self.recorded_rate = file.samplerate
            yield from _at_rate(self._leg_of(file), file.samplerate, self._rate)

    def _leg_of(self, file: soundfile.SoundFile) -> Iterator[Samples]:
        channel = list(Leg).index(self._leg)
        frames = 0
        for block in self._blocks(file):
            frames += len(block)
            if self._other is not None:
                self._other.write(np.ascontiguousarray(block[:, 1 - channel]).tobytes())
            yield np.ascontiguousarray(block[:, channel])
        self._close_account(file, frames)

    def _blocks(self, file: soundfile.SoundFile) -> Iterator[NDArray[np.int16]]:
        frames, at_once_s = 0, BLOCK_S
        while True:
            try:
                block = file.read(at_once_s * file.samplerate, dtype="int16", always_2d=True)
            except soundfile.LibsndfileError:  # the decoder lost its place, and with it all that it was reading
                if at_once_s == _CAREFULLY_S or not _back_to(file, frames):
                    return  # what came before it stands
                at_once_s = _CAREFULLY_S
                continue
            if not len(block):
                return
            frames += len(block)
            yield block

    def _close_account(self, file: soundfile.SoundFile, frames: int) -> None:
        if not frames and 0 < file.frames < _UNKNOWN_LENGTH:
            raise _not_audio(self._recording, f"none of its {file.frames / file.samplerate:.1f} s can be decoded")
        if not frames:
            raise _empty(self._recording)
        self.duration_ms = round(frames * 1000 / file.samplerate)
        if frames < file.frames < _UNKNOWN_LENGTH:
            missing_s = (file.frames - frames) / file.samplerate
            self.flaw = _cut(
                self._recording, frames, file.samplerate, f"{missing_s:.1f} s that it announces are not there"
            )


def _back_to(file: soundfile.SoundFile, frame: int) -> bool:
    try:
        file.seek(frame)
    except soundfile.LibsndfileError:
        return False
    return True


def put_aside(other: IO[bytes], recorded_rate: int, rate: int) -> Iterator[Samples]:
    """The leg that a LegReader wrote to `other`, at the rate asked for."""
    other.seek(0)
    blocks = iter(lambda: other.read(BLOCK_S * recorded_rate * np.dtype(np.int16).itemsize), b"")
    yield from _at_rate((np.frombuffer(block, np.int16) for block in blocks), recorded_rate, rate)


def _at_rate(blocks: Iterable[Samples], recorded: int, wanted: int) -> Iterator[Samples]:
    if recorded == wanted:
        yield from blocks
        return
    resampler = soxr.ResampleStream(recorded, wanted, 1, dtype="int16", quality=soxr.HQ)
    for block in blocks:
        yield resampler.resample_chunk(block)
    yield resampler.resample_chunk(np.zeros(0, np.int16), last=True)


def _write_flac(raw: Path, to: Path, rate: int) -> int:
    frames = 0
    block_bytes = BLOCK_S * rate * _BYTES_PER_FRAME
    with (
        raw.open("rb") as source,
        soundfile.SoundFile(to, "w", samplerate=rate, channels=2, subtype="PCM_16", format="FLAC") as target,
    ):
        while block := source.read(block_bytes):
            whole = len(block) - len(block) % _BYTES_PER_FRAME
            samples = np.frombuffer(block[:whole], "<i2").reshape(-1, 2)
            target.write(samples)
            frames += len(samples)
    return frames


def _synced_sha256(path: Path) -> str:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise RecordingMissing(
            f"There is no recording {path.name}.", next_step="See whether the PBX still writes it, or its disk is full."
        ) from None


@contextmanager
def _opened(recording: Path) -> Iterator[Any]:
    if not _size(recording):
        raise _empty(recording)
    try:
        file = soundfile.SoundFile(recording, **(_RAW if recording.suffix == RAW_SUFFIX else {}))
    except soundfile.LibsndfileError as error:
        raise _not_audio(recording, error.error_string) from None
    with file:
        yield file


def _not_audio(recording: Path, why: str) -> RecordingNotAudio:
    return RecordingNotAudio(
        f"{recording.name} is not sound that can be read: {why}",
        kept="The file stays where it is.",
        next_step="Give a FLAC, WAV or Opus file; a raw file of the PBX must be encoded first.",
        facts={"detail": why},
    )


def _empty(recording: Path) -> RecordingEmpty:
    return RecordingEmpty(
        f"The recording {recording.name} has no sound in it.",
        kept="The call's own record is complete.",
        next_step="See whether the PBX's disk is full or the call had no media.",
    )


def _cut(recording: Path, frames: int, rate: int, why: str) -> RecordingCut:
    whole_s = f"{frames / rate:.1f}"
    return RecordingCut(
        f"The recording {recording.name} is cut: {why}.",
        kept=f"The first {whole_s} s are kept and used.",
        facts={"whole_s": whole_s},
    )
