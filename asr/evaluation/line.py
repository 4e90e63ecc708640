"""What a telephone line does to speech: its band, noise, G.711."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

from asr.audio import LINE_RATE, Samples
from asr.evaluation.plan import Condition

_PEAK = 10_000
_BAND_HZ = (300, 3400)
_SPEECH_FROM = 100  # quieter samples are taken for pauses

_Sound = NDArray[np.float64]


def through(leg: Samples, condition: Condition, seed: int) -> Samples:
    """One leg as it arrives in this condition; the seed decides the noise."""
    sound = _levelled(leg.astype(np.float64))
    if condition.snr_db is not None:
        sound = sound + _noise(sound, condition.snr_db, np.random.default_rng(seed))
    if condition.codec is None:
        return _as_samples(sound)
    return _a_law(_as_samples(_in_band(sound)))


def _levelled(sound: _Sound) -> _Sound:
    peak = np.abs(sound).max(initial=0)
    return sound if peak == 0 else sound * (_PEAK / peak)


def _noise(sound: _Sound, snr_db: float, rng: np.random.Generator) -> _Sound:
    """White noise for one leg, the murmur of a street for the next, by the generator's choice."""
    white = rng.standard_normal(len(sound))
    added = white if rng.random() < 0.5 else _murmur(white)
    spoken = sound[np.abs(sound) > _SPEECH_FROM]
    level = np.sqrt(np.mean(spoken**2)) if len(spoken) else 1.0
    scaled: _Sound = added * (level / 10 ** (snr_db / 20) / np.sqrt(np.mean(added**2)))
    return scaled


def _murmur(white: _Sound) -> _Sound:
    spectrum = np.fft.rfft(white)
    hertz = np.fft.rfftfreq(len(white), 1 / LINE_RATE)
    return np.fft.irfft(spectrum / (1 + hertz / 200), n=len(white))


def _in_band(sound: _Sound) -> _Sound:
    """Edges as steep as a Butterworth filter's of the fourth order."""
    low, high = _BAND_HZ
    spectrum = np.fft.rfft(sound)
    hertz = np.maximum(np.fft.rfftfreq(len(sound), 1 / LINE_RATE), 1.0)
    passes = 1 / np.sqrt((1 + (low / hertz) ** 8) * (1 + (hertz / high) ** 8))
    return np.fft.irfft(spectrum * passes, n=len(sound))


def _as_samples(sound: _Sound) -> Samples:
    return np.clip(np.round(sound), -32768, 32767).astype(np.int16)


def _a_law(samples: Samples) -> Samples:
    coded = io.BytesIO()
    soundfile.write(coded, samples, LINE_RATE, format="WAV", subtype="ALAW")
    coded.seek(0)
    decoded: Samples = soundfile.read(coded, dtype="int16")[0]
    return decoded
