"""Where somebody speaks: a gate in front of the recogniser.

Silence costs a recogniser more than speech does, and on silence it writes words that nobody said. The decision
itself is pure (`segments`); `spoken` applies it to a stream of sound in constant memory.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from asr.audio import Samples
from asr.transcript import Stretch

FRAME_MS = 30
_FRAMES_PER_PIECE = 33  # about a second: fewer, larger calls into the recogniser
_FULL_SCALE = 1 << 15
_FAINT = 8  # the smallest step of G.711: a line on which nothing comes. The detector must hear noise to know it
RATES = (8000, 16000, 32000, 48000)  # what the detector can take


@dataclass(frozen=True, slots=True)
class GateSettings:
    """`lead` frames before speech and `hangover` frames after it pass as well; `aggressiveness` from 0 (lets
    everything pass that could be speech) to 3."""

    aggressiveness: int = 2
    lead: int = 8
    hangover: int = 20


@dataclass(frozen=True, slots=True)
class Segment:
    """Frames from `first` to before `end`."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Speech:
    """A piece of a segment: sound from sample `start` of the leg on.

    The last piece of a segment has the `stretch` in which the segment's voice was heard: without lead and hangover.
    """

    start: int
    samples: Samples
    stretch: Stretch | None = None

    @property
    def last(self) -> bool:
        """Whether it closes its segment."""
        return self.stretch is not None


@dataclass(frozen=True, slots=True)
class Step:
    """What one frame did: whether it passes, and whether it is the first or the last of its segment."""

    passes: bool
    opens: bool = False
    closes: bool = False


_SHUT, _PASSES = Step(passes=False), Step(passes=True)
_OPENS, _CLOSES = Step(passes=True, opens=True), Step(passes=True, closes=True)


class Gate:
    """Takes one frame's verdict at a time. Opens at a speech frame, closes after `hangover` frames without any."""

    def __init__(self, settings: GateSettings) -> None:
        self._hangover = settings.hangover
        self._quiet: int | None = None  # frames since the last speech; None while the gate is closed

    @property
    def open(self) -> bool:
        return self._quiet is not None

    def step(self, is_speech: bool) -> Step:
        """Decide on the next frame."""
        if is_speech:
            opens = self._quiet is None
            self._quiet = 0
            return _OPENS if opens else _PASSES
        if self._quiet is None:
            return _SHUT
        self._quiet += 1
        if self._quiet < self._hangover:
            return _PASSES
        self._quiet = None
        return _CLOSES


def segments(frames: Iterable[bool], settings: GateSettings) -> Iterator[Segment]:
    """The stretches of frames that pass: in order, apart from each other, and holding every speech frame."""
    gate = Gate(settings)
    first = free_from = count = 0
    for index, is_speech in enumerate(frames):
        count = index + 1
        step = gate.step(is_speech)
        if step.opens:
            first = max(free_from, index - settings.lead)
        elif step.closes:
            free_from = count
            yield Segment(first, count)
    if gate.open:
        yield Segment(first, count)


def audible(frames: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Which frames are loud enough to be asked of a detector at all."""
    loudest: NDArray[np.int16] = np.maximum(frames.max(axis=1), -(frames.min(axis=1) + 1))
    return np.greater(loudest, _FAINT)


def spoken(
    blocks: Iterable[Samples],
    rate: int,
    settings: GateSettings,
    is_speech: Callable[[bytes, int], bool] | None = None,
) -> Iterator[Speech]:
    """Only the stretches of `blocks` in which somebody speaks; `rate` must be one of RATES.

    `is_speech(frame, rate)` judges one frame of FRAME_MS; WebRTC's detector by default.
    """
    judge = is_speech or webrtcvad.Vad(settings.aggressiveness).is_speech
    size = rate * FRAME_MS // 1000
    gate = Gate(settings)
    lead: deque[Samples] = deque(maxlen=settings.lead)
    pending: list[Samples] = []
    verdicts: list[bool] = []
    voice = _Voice(rate)
    position = start = 0

    def flush(last: bool) -> Speech:
        samples = np.concatenate(pending)
        voice.add(start, samples, verdicts)
        pending.clear()
        verdicts.clear()
        return Speech(start, samples, voice.stretch() if last else None)

    for frames in _frames(blocks, size):
        heard = _voiced(frames, size, rate, judge)
        at = 0
        while at < len(frames):
            if not gate.open:  # what nobody speaks in is passed over in one step, however long it is
                following = next((n for n in range(at, len(heard)) if heard[n]), len(frames))
                lead.extend(frames[max(at, following - settings.lead) : following])
                position += (following - at) * frames.shape[1]
                at = following
                if at == len(frames):
                    break
            frame, is_voice = frames[at], heard[at]
            at += 1
            step = gate.step(is_voice)
            if step.opens:
                pending += lead
                verdicts += [False] * len(lead)
                start = position - sum(len(each) for each in lead)
                lead.clear()
            position += len(frame)
            pending.append(frame)
            verdicts.append(is_voice)
            if step.closes or len(pending) >= _FRAMES_PER_PIECE:
                yield flush(step.closes)
                start = position
    if gate.open:
        pending.append(np.zeros(0, np.int16))
        yield flush(last=True)


def _voiced(frames: NDArray[np.int16], size: int, rate: int, judge: Callable[[bytes, int], bool]) -> list[bool]:
    """The verdict on each frame; what is too faint, or too short to be a frame, is not asked about."""
    if frames.shape[1] != size:
        return [False] * len(frames)
    sound, step = frames.tobytes(), size * frames.itemsize
    loud = audible(frames).tolist()
    return [loud[n] and judge(sound[n * step : (n + 1) * step], rate) for n in range(len(loud))]


class _Voice:
    """Where in a segment the voice is and how loud, gathered piece by piece."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._size = rate * FRAME_MS // 1000
        self._first: int | None = None
        self._end = 0
        self._energy = 0.0
        self._frames = 0

    def add(self, start: int, samples: Samples, verdicts: list[bool]) -> None:
        """A piece that begins at sample `start`, with the verdict on each of its frames."""
        voiced = np.flatnonzero(verdicts)
        if not len(voiced):
            return
        if self._first is None:
            self._first = start + int(voiced[0]) * self._size
        self._end = start + (int(voiced[-1]) + 1) * self._size
        frames = samples[: len(samples) - len(samples) % self._size].reshape(-1, self._size)
        loud = frames[voiced].astype(np.float64)
        self._energy += float(np.vdot(loud, loud))
        self._frames += len(voiced)

    def stretch(self) -> Stretch:
        """All of it; the next piece begins a new one."""
        assert self._first is not None  # a segment opens with a speech frame
        rms = math.sqrt(self._energy / (self._frames * self._size))
        loudness = 20 * math.log10(max(rms, 1.0) / _FULL_SCALE)
        found = Stretch(
            start_ms=self._first * 1000 // self._rate,
            end_ms=self._end * 1000 // self._rate,
            loudness_db=round(loudness, 1),
        )
        self._first, self._energy, self._frames = None, 0.0, 0
        return found


def _frames(blocks: Iterable[Samples], size: int) -> Iterator[NDArray[np.int16]]:
    """The same samples as frames of `size`, many at a time; what is left over comes last as one shorter frame."""
    rest = np.zeros(0, np.int16)
    for block in blocks:
        joined = np.concatenate((rest, block)) if len(rest) else block
        whole = len(joined) - len(joined) % size
        if whole:
            yield joined[:whole].reshape(-1, size)
        rest = joined[whole:]
    if len(rest):
        yield rest.reshape(1, -1)
