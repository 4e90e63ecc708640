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
TELEPHONE_HZ = (300, 3400)


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


def band(samples, low, high, order=4):
    """What passes between two frequencies; the higher the order, the steeper the edges."""
    return signal.sosfilt(signal.butter(order, [low, high], btype="band", fs=RATE, output="sos"), samples)


def cut_band(samples, low, high):
    """Nothing at all below and above two frequencies, as a digital line leaves it."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[(hertz < low) | (hertz > high)] = 0
    return np.fft.irfft(spectrum, n=len(samples))


def some_line(samples, rng):
    """The band of some telephone line: narrow or wide, with soft or hard edges."""
    low, high = rng.uniform(80, 420), rng.uniform(2900, 3900)
    if rng.random() < 0.3:
        return cut_band(samples, low, high)
    return band(samples, low, high, int(rng.integers(1, 7)))


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


def _shaped(rng, count):
    """Noise with a random spectrum: a fan, a street, a bad line."""
    low = rng.uniform(50, 1800)
    high = low + rng.uniform(200, 2000)
    band = signal.butter(2, [low, min(high, 3900)], btype="band", fs=RATE, output="sos")
    return signal.sosfilt(band, _white(rng, count)) + 0.05 * _white(rng, count)


def _swelling(rng, count):
    """Noise that comes and goes several times a second, as a crowd's murmur does."""
    knots = rng.uniform(0.1, 1, max(2, count * rng.integers(2, 9) // RATE))
    envelope = np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots)
    return envelope**2 * signal.lfilter([1], [1, -rng.uniform(0.3, 0.95)], _white(rng, count))


def _chord(rng, count):
    """Music on hold of the poorest kind, and the tones of machines."""
    seconds = np.arange(count) / RATE
    tones = sum(np.sin(2 * np.pi * rng.uniform(100, 1500) * seconds + rng.uniform(0, 6)) for _ in range(3))
    return tones * (0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.5, 4) * seconds)) + 0.1 * _white(rng, count)


def _clicks(rng, count):
    """A keyboard, a bad contact."""
    struck = (rng.random(count) < rng.uniform(3, 30) / RATE) * rng.standard_normal(count)
    return signal.lfilter([1], [1, -1.2, 0.6], struck) + 0.02 * _white(rng, count)


def _coloured(rng, count):
    """Noise that falls off from some frequency on, faintly or steeply: streets, halls and rooms."""
    spectrum = np.fft.rfft(_white(rng, count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    return np.fft.irfft(spectrum / (1 + hertz / rng.uniform(50, 1000)) ** rng.uniform(0, 2), n=count)


STEADY_NOISES = (_white, _pink, _coloured)
NOISES = (*STEADY_NOISES, _white, _rumble, _mains_hum, _shaped, _swelling, _chord, _clicks)


def equalise(samples, rng):
    """A random tilt and a random peak or dip, as every microphone has one."""
    samples = signal.lfilter([1, rng.uniform(-0.5, 0.5)], [1], samples)
    centre, gain = rng.uniform(300, 3300), rng.uniform(-0.7, 1.5)
    numerator, denominator = signal.iirpeak(centre, rng.uniform(1.5, 5), fs=RATE)
    return samples + gain * signal.lfilter(numerator, denominator, samples)


def noise(rng, count):
    """Noise of a kind chosen by `rng`: half of it steady, as lines and streets have it most."""
    kinds = STEADY_NOISES if rng.random() < 0.5 else NOISES
    return kinds[rng.integers(0, len(kinds))](rng, count)


def add_noise(samples, rng, snr_db):
    """`samples` with noise `snr_db` below the level of what is not silent in them."""
    added = noise(rng, len(samples))
    loud = np.abs(samples) > 50
    level = np.sqrt(np.mean((samples[loud] if loud.any() else samples) ** 2) + 1)
    return samples + added * level / 10 ** (snr_db / 20) / np.sqrt(np.mean(added**2) + 1e-9)
