"""Sound to features as Kaldi computes them, and what a telephone line does to sound: band, G.711, noise.

`audioop` stands in the standard library up to Python 3.12 only; from 3.13 on install `audioop-lts`.
"""

import math
import warnings

import kaldi_native_fbank as fbank
import numpy as np
from scipy import signal

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

RATE = 8000
COEFFICIENTS = 40
MFCC_CONF = {  # what stands in the model's conf/mfcc.conf; the features below must agree with it
    "sample-frequency": RATE,
    "use-energy": "false",
    "num-mel-bins": COEFFICIENTS,
    "num-ceps": COEFFICIENTS,
    "low-freq": 40,
    "high-freq": -200,
    "dither": 0,
}


def _options():
    options = fbank.MfccOptions()
    options.frame_opts.samp_freq = RATE
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = COEFFICIENTS
    options.num_ceps = COEFFICIENTS
    options.mel_opts.low_freq = MFCC_CONF["low-freq"]
    options.mel_opts.high_freq = MFCC_CONF["high-freq"]
    options.use_energy = False
    return options


_OPTIONS = _options()
_TELEPHONE_BAND = signal.butter(4, [300, 3400], btype="band", fs=RATE, output="sos")


def mfcc(samples):
    """Features of int16-scaled samples at RATE, one row of COEFFICIENTS each 10 ms."""
    extractor = fbank.OnlineMfcc(_OPTIONS)
    extractor.accept_waveform(RATE, np.asarray(samples, dtype=np.float32).tolist())
    extractor.input_finished()
    count = extractor.num_frames_ready
    if not count:
        return np.zeros((0, COEFFICIENTS), np.float32)
    return np.stack([extractor.get_frame(index) for index in range(count)])


def to_int16(samples):
    return np.clip(np.round(samples), -32768, 32767).astype("<i2")


def telephone_band(samples):
    return signal.sosfilt(_TELEPHONE_BAND, samples)


def a_law(samples):
    """The samples after a trip through G.711 A-law."""
    coded = audioop.lin2alaw(to_int16(samples).tobytes(), 2)
    return np.frombuffer(audioop.alaw2lin(coded, 2), "<i2").astype(np.float64)


def mu_law(samples):
    """The samples after a trip through G.711 mu-law."""
    coded = audioop.lin2ulaw(to_int16(samples).tobytes(), 2)
    return np.frombuffer(audioop.ulaw2lin(coded, 2), "<i2").astype(np.float64)


def resample(samples, source, target):
    divisor = math.gcd(source, target)
    return signal.resample_poly(samples.astype(np.float64), target // divisor, source // divisor)


def _white(rng, count):
    return rng.standard_normal(count)


def _pink(rng, count):
    return signal.lfilter([0.05, -0.096, 0.0506, -0.0044], [1, -2.495, 2.017, -0.522], _white(rng, count))


def _rumble(rng, count):
    return signal.lfilter([1], [1, -0.95], _white(rng, count))


def _mains_hum(rng, count):
    seconds = np.arange(count) / RATE
    base = rng.choice([50, 60, 100, 150])
    hum = sum(np.sin(2 * np.pi * base * k * seconds + rng.uniform(0, 6)) / k for k in (1, 2, 3))
    return hum + 0.2 * _white(rng, count)


NOISES = (_white, _pink, _rumble, _mains_hum)


def noise(rng, count):
    """Noise of a kind chosen by `rng`."""
    return NOISES[rng.integers(0, len(NOISES))](rng, count)


def add_noise(samples, rng, snr_db):
    """`samples` with noise `snr_db` below the level of what is not silent in them."""
    added = noise(rng, len(samples))
    loud = np.abs(samples) > 50
    level = np.sqrt(np.mean((samples[loud] if loud.any() else samples) ** 2) + 1)
    return samples + added * level / 10 ** (snr_db / 20) / np.sqrt(np.mean(added**2) + 1e-9)
