"""The voice detector in front of a live recogniser: pieces go in as they come, and what is speech comes out at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import webrtcvad

from asr.audio import Samples
from asr.vad import FRAME_MS, Gate, GateSettings, audible


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of speech: sound from sample `start` of the leg on; `last` closes the stretch."""

    start: int
    samples: Samples
    last: bool


class LiveGate:
    """The gate of one leg. Unlike `asr.vad.spoken` it waits for nothing but a whole frame."""

    def __init__(
        self, rate: int, settings: GateSettings, is_speech: Callable[[bytes, int], bool] | None = None
    ) -> None:
        self._rate = rate
        self._size = rate * FRAME_MS // 1000
        self._judge = is_speech or webrtcvad.Vad(settings.aggressiveness).is_speech
        self._settings = settings
        self._gate = Gate(settings)
        self._lead: deque[Samples] = deque(maxlen=settings.lead)
        self._rest: Samples = np.zeros(0, np.int16)
        self.position = 0
        """How many samples have been judged or passed over."""

    def push(self, samples: Samples) -> Iterator[Piece]:
        """The speech in what has come so far and was not given yet; a stretch that ends is closed."""
        frames, self._rest = self._frames(samples)
        pending: list[Samples] = []
        start = self.position
        for frame, loud in zip(frames, audible(frames), strict=True):
            step = self._gate.step(bool(loud) and self._judge(frame.tobytes(), self._rate))
            if step.opens:
                start = self.position - sum(len(each) for each in self._lead)
                pending = [*self._lead]
                self._lead.clear()
            self.position += len(frame)
            if not step.passes:
                self._lead.append(frame)
                continue
            pending.append(frame)
            if step.closes:
                yield Piece(start, np.concatenate(pending), last=True)
                pending = []
        if pending:
            yield Piece(start, np.concatenate(pending), last=False)

    def skip(self, samples: int) -> None:
        """So many samples were passed over: what comes next belongs to no stretch of before."""
        self.position += len(self._rest) + samples
        self._gate = Gate(self._settings)
        self._lead.clear()
        self._rest = np.zeros(0, np.int16)

    def _frames(self, samples: Samples) -> tuple[Samples, Samples]:
        joined = np.concatenate((self._rest, samples))
        whole = len(joined) - len(joined) % self._size
        return joined[:whole].reshape(-1, self._size), joined[whole:]
