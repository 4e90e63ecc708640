"""A part of a recording as a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import soundfile

from asr.audio import RecordingNotAudio


@dataclass(frozen=True, slots=True)
class Taken:
    """What a clip really holds: the recording may end before the clip was to."""

    from_ms: int
    to_ms: int


def clip_of(recording: Path, from_ms: int, to_ms: int, to: Path) -> Taken:
    """Write the sound between two moments of a FLAC or WAV file to `to` (FLAC, all channels, not a sample altered).

    The same part of the same recording gives the same bytes. Raises RecordingNotAudio.
    """
    try:
        with soundfile.SoundFile(recording) as whole:
            first, end = (min(whole.frames, ms * whole.samplerate // 1000) for ms in (from_ms, to_ms))
            whole.seek(first)
            samples = whole.read(end - first, dtype="int16", always_2d=True)
            soundfile.write(to, samples, whole.samplerate, format="FLAC", subtype="PCM_16")
            last = first + len(samples)
            return Taken(first * 1000 // whole.samplerate, last * 1000 // whole.samplerate)
    except soundfile.LibsndfileError as error:
        raise RecordingNotAudio(
            f"No clip can be cut from {recording.name}: {error.error_string}",
            kept="The recording stays as it is.",
            next_step="Play it in the console to see how much of it can be heard.",
        ) from None
