"""Spoken Mandarin for simulated calls: turns synthesised by espeak-ng and laid out in time as A-law legs.

Each leg is as long as the call and silent while the other side speaks. What was synthesised is kept by its content.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.kernel.files import write_whole
from telephony.pbx import child
from telephony.pbx.programs import Program
from telephony.simulate.dialogues import Dialogues, Turn, Voice
from telephony.simulate.errors import SpeechFailed

RATE = 8_000
"""Samples a second on a telephone line."""
_PEAK = 0.5 * 32767
_TAIL_S = 1.0
Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Legs:
    """Files of A-law audio, 8 kHz: one for each dialogue's citizen and each seat voice, and a second of silence.

    `length_s` is how long a dialogue lasts; the files hold a quiet second more, after which they may be repeated.
    """

    callers: dict[str, Path]
    seats: tuple[Path, ...]
    silence: Path
    length_s: float


async def synthesise_legs(dialogues: Dialogues, espeak: Program, folder: Path) -> Legs:
    """Every leg of these dialogues, kept in `folder` by its content. Raises SpeechFailed."""
    speaker = _Speaker(espeak, dialogues.speech.speed_wpm, dialogues.length_s, folder)
    callers = await asyncio.gather(*(speaker.leg(d.voice, d.turns) for d in dialogues.dialogues))
    voices = [Voice(name=name) for name in dialogues.speech.seat_voices]
    seats = await asyncio.gather(*(speaker.leg(voice, dialogues.seat_track) for voice in voices))
    ids = [dialogue.id for dialogue in dialogues.dialogues]
    return Legs(dict(zip(ids, callers, strict=True)), tuple(seats), _silence(folder), dialogues.length_s)


def _silence(folder: Path) -> Path:
    path = folder / "silence.al"
    if not path.exists():
        write_whole(path, alaw(np.zeros(RATE, dtype=np.int16)).tobytes())
    return path


@dataclass(frozen=True)
class _Speaker:
    espeak: Program
    speed_wpm: int
    length_s: float
    folder: Path
    _two_at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def leg(self, voice: Voice, turns: Sequence[Turn]) -> Path:
        """The file of one leg, made now if it is not there."""
        path = self.folder / f"{self._identity(voice, turns)}.al"
        if not path.exists():
            spoken = [(turn.at_s, await self._say(voice, turn.say)) for turn in turns]
            write_whole(path, alaw(lay_out(spoken, self.length_s + _TAIL_S)).tobytes())
        return path

    def _identity(self, voice: Voice, turns: Sequence[Turn]) -> str:
        manner = [self.espeak.version_text, str(self.speed_wpm), str(self.length_s + _TAIL_S), voice.model_dump_json()]
        words = [f"{turn.at_s}:{turn.say}" for turn in turns]
        return hashlib.sha256("\n".join([*manner, *words]).encode()).hexdigest()[:24]

    async def _say(self, voice: Voice, words: str) -> Samples:
        async with self._two_at_once:
            return await say(words, Manner(voice.name, self.speed_wpm, voice.pitch), self.espeak, self.folder)


@dataclass(frozen=True)
class Manner:
    """How espeak-ng speaks: its voice, words a minute, and the pitch from 0 to 99."""

    voice: str
    speed_wpm: int
    pitch: int = 50


async def say(words: str, manner: Manner, espeak: Program, folder: Path) -> Samples:
    """These words at the rate of a telephone line; `folder` takes a file for a moment. Raises SpeechFailed."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        spoken = Path(scratch) / "spoken.wav"
        options = ["-v", manner.voice, "-s", str(manner.speed_wpm), "-p", str(manner.pitch), "-w", str(spoken)]
        status, output = await child.run([*espeak.argv, *options, "--", words], env=espeak.env, timeout_s=60)
        if status != 0 or not spoken.exists():
            raise SpeechFailed(
                f"espeak-ng did not speak with the voice {manner.voice}: {output.strip()[-200:]}",
                next_step="See that espeak-ng has the voice cmn-latn-pinyin (package espeak-ng-data).",
            )
        samples = at_line_rate(spoken)
    if not samples.any():
        raise SpeechFailed(
            f"espeak-ng stayed silent with the voice {manner.voice}.",
            next_step="Its data for Mandarin are missing: remove the folder `debian` in the state folder and run "
            "`hotline pbx install`, or install the package espeak-ng-data.",
        )
    return samples


def identity_of(voice: str, speed_wpm: int, words: str) -> str:
    """The name under which these words in this voice are kept."""
    return hashlib.sha256(f"{voice}\n{speed_wpm}\n{words}".encode()).hexdigest()[:24]


def at_line_rate(path: Path) -> Samples:
    """The sound of a 16-bit mono WAV file at the rate of a telephone line."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)
    return resample(samples, rate, RATE)


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """The same sound at another rate, band-limited; a whole utterance of a few seconds at a time."""
    if rate_in == rate_out or samples.size == 0:
        return samples
    spectrum = np.fft.rfft(samples.astype(np.float64))
    size = round(samples.size * rate_out / rate_in)
    kept = spectrum[: size // 2 + 1]
    resampled = np.fft.irfft(kept, n=size) * (size / samples.size)
    return np.clip(np.round(resampled), -32768, 32767).astype(np.int16)


def lay_out(spoken: Iterable[tuple[float, Samples]], length_s: float) -> Samples:
    """One leg of `length_s` seconds with each utterance at its second; one that would begin while another still
    sounds waits for its end, and what would reach past the leg's end is cut.
    """
    leg = np.zeros(round(length_s * RATE), dtype=np.int16)
    free_from = 0
    for at_s, samples in spoken:
        begin = max(round(at_s * RATE), free_from)
        piece = _levelled(samples)[: max(0, leg.size - begin)]
        leg[begin : begin + piece.size] = piece
        free_from = begin + piece.size
    return leg


def _levelled(samples: Samples) -> Samples:
    peak = int(np.abs(samples.astype(np.int32)).max(initial=0))
    return samples if peak == 0 else (samples * (_PEAK / peak)).astype(np.int16)


def alaw(samples: Samples) -> NDArray[np.uint8]:
    """ITU-T G.711 A-law of 16-bit samples, one byte each."""
    magnitude = np.where(samples >= 0, samples, ~samples).astype(np.int32) >> 3
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    step = (magnitude >> np.maximum(segment, 1)) & 0x0F
    # the standard inverts the sign bit of negative samples and every other bit of all
    inverted: NDArray[np.int32] = ((segment << 4) | step) ^ np.where(samples >= 0, 0xD5, 0x55)
    return inverted.astype(np.uint8)
