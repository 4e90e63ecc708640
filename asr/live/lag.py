"""How far recognition may fall behind the speaker, and what is done then. Pure.

Whoever reads the sound never waits for whoever recognises it: what cannot be heard in time is passed over, and it is
said that it was. So the sound that waits is bounded, and captions that come at all come soon.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LagLimits:
    """From `behind_ms` on captions count as behind, until they are below `caught_up_ms`; sound that has waited for
    `most_ms` is passed over."""

    behind_ms: float = 1000
    caught_up_ms: float = 400
    most_ms: float = 3000


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of one leg: samples as bytes, how long they last, and when the first of them came, in seconds."""

    samples: bytes
    ms: float
    arrived: float


@dataclass(frozen=True, slots=True)
class Taken:
    """What is to be recognised next, behind `skipped_ms` of sound that was passed over; `lag_ms` old when taken."""

    samples: bytes
    skipped_ms: float
    lag_ms: float


class Backlog:
    """The sound of one leg that waits to be recognised; never more than `most_ms` and one piece."""

    def __init__(self, limits: LagLimits) -> None:
        self._limits = limits
        self._waiting: deque[Sound] = deque()
        self._waiting_ms = 0.0
        self._skipped_ms = 0.0

    @property
    def waiting_ms(self) -> float:
        """How much sound waits."""
        return self._waiting_ms

    def put(self, sound: Sound) -> None:
        """Take the next piece; the oldest ones give way when too much waits."""
        self._waiting.append(sound)
        self._waiting_ms += sound.ms
        while self._waiting_ms > self._limits.most_ms and len(self._waiting) > 1:
            self._skip()

    def take(self, now: float) -> Taken | None:
        """All that waits and is not too old, the newest piece in any case; None when nothing waits."""
        if not self._waiting:
            return None
        lag_ms = (now - self._waiting[0].arrived) * 1000
        if lag_ms > self._limits.most_ms:
            while len(self._waiting) > 1:
                self._skip()
        taken = Taken(b"".join(sound.samples for sound in self._waiting), self._skipped_ms, max(0.0, lag_ms))
        self._waiting.clear()
        self._waiting_ms = self._skipped_ms = 0.0
        return taken

    def _skip(self) -> None:
        oldest = self._waiting.popleft()
        self._waiting_ms -= oldest.ms
        self._skipped_ms += oldest.ms


class LagWatch:
    """Whether one leg is behind, without flickering between the two."""

    def __init__(self, limits: LagLimits) -> None:
        self._limits = limits
        self.behind = False

    def step(self, lag_ms: float, skipped_ms: float) -> bool:
        """Take the lag of the last piece; True when there is news: behind or not any more, or sound was passed over."""
        before = self.behind
        if lag_ms >= self._limits.behind_ms or skipped_ms:
            self.behind = True
        elif lag_ms < self._limits.caught_up_ms:
            self.behind = False
        return self.behind != before or bool(skipped_ms)
