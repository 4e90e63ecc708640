"""The recogniser's own process for live captions: `python -m asr.live.child SETUP`.

One thread does it all, so that nothing is handed over and no lock is waited for: what has come is always taken in
before the next leg is heard, and what waits in a leg is bounded there. It ends when its input ends.
"""

from __future__ import annotations

import os
import select
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable

import vosk
from pydantic import BaseModel

from asr.live.gate import LiveGate
from asr.live.lag import Backlog, LagLimits, LagWatch, Sound
from asr.live.leg import LiveLeg, VoskDecoder
from asr.live.messages import BYTES_PER_MS, Caption, Ended, Here, Kind, Lag, LiveSetup, Ready, Said, unpacked
from asr.model import check_model, in_steps
from asr.names import Names

Tell = Callable[[BaseModel], None]
_STEP = 12
"""Frames that are heard at once, a word's text waits for the last of them; fewer cost more and gain little."""
_CHUNK = 1 << 16
_TELL_EVERY_S = 0.02
"""While more is to be heard, what was told goes off so often: its reader wakes up a few times, not for each caption."""


class _Leg:
    """One leg in hand: its sound waits here until its turn comes."""

    def __init__(self, number: int, live: LiveLeg, limits: LagLimits, tell: Tell) -> None:
        self._number = number
        self._live = live
        self._tell = tell
        self._backlog = Backlog(limits)
        self._watch = LagWatch(limits)
        self._closed = False

    def put(self, sound: Sound) -> None:
        """Let sound wait."""
        self._backlog.put(sound)

    def close(self) -> None:
        """No more sound will come."""
        self._closed = True

    def work(self) -> None:
        """Recognise all that waits."""
        taken = self._backlog.take(time.monotonic())
        if taken is not None:
            if taken.skipped_ms:
                self._say(self._live.skip(taken.skipped_ms))
            if self._watch.step(taken.lag_ms, taken.skipped_ms):
                lag_ms, skipped_ms = round(taken.lag_ms), round(taken.skipped_ms)
                self._tell(Lag(leg=self._number, behind=self._watch.behind, lag_ms=lag_ms, skipped_ms=skipped_ms))
            self._say(self._live.hear(taken.samples))
        if self._closed:
            self._say(self._live.end())
            self._tell(Ended(leg=self._number))

    def _say(self, captions: Iterable[Caption]) -> None:
        for caption in captions:
            self._tell(Said(leg=self._number, caption=caption))


class _Legs:
    """All legs in hand; those for which something waits take turns."""

    def __init__(self, setup: LiveSetup, tell: Tell) -> None:
        settings = check_model(setup.model)
        vosk.SetLogLevel(-1)
        with in_steps(settings, _STEP) as folder:
            self._model = vosk.Model(str(folder))
        self._rate = settings.rate
        self._gate = setup.gate
        self._limits = setup.limits
        self._names = Names(setup.names)
        self._tell = tell
        self._legs: dict[int, _Leg] = {}
        self._due: deque[_Leg] = deque()

    @property
    def waiting(self) -> bool:
        """Whether anything waits to be heard."""
        return bool(self._due)

    def take(self, kind: Kind, number: int, value: float, content: bytes) -> None:
        """One message of the server."""
        if kind is Kind.ASK:
            self._tell(Here())
            return
        if kind is Kind.OPEN:
            live = self._live(start_ms=round(value), first_line=int(content))
            self._legs[number] = _Leg(number, live, self._limits, self._tell)
            return
        leg = self._legs.get(number)
        if leg is None:
            return
        if kind is Kind.SOUND:
            leg.put(Sound(content, len(content) / BYTES_PER_MS, value))
        else:
            del self._legs[number]
            leg.close()
        if leg not in self._due:
            self._due.append(leg)

    def work(self) -> None:
        """Hear the leg whose turn it is."""
        self._due.popleft().work()

    def _live(self, start_ms: int, first_line: int) -> LiveLeg:
        decoder = VoskDecoder(self._model, self._rate, self._names)
        gate = LiveGate(self._rate, self._gate)
        return LiveLeg(decoder, gate, self._rate, start_ms=start_ms, first_line=first_line)


def main() -> None:
    setup = LiveSetup.model_validate_json(sys.argv[1])
    requests, replies = sys.stdin.fileno(), os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what Kaldi prints must not mix with the replies

    def tell(message: BaseModel) -> None:
        replies.write(message.model_dump_json().encode() + b"\n")

    legs = _Legs(setup, tell)
    tell(Ready())
    replies.flush()
    come, told_at = bytearray(), 0.0
    while True:
        if legs.waiting and not select.select([requests], [], [], 0)[0]:
            legs.work()
            if not legs.waiting or time.monotonic() - told_at > _TELL_EVERY_S:
                replies.flush()
                told_at = time.monotonic()
            continue
        chunk = os.read(requests, _CHUNK)
        if not chunk:
            return
        come += chunk
        for message in unpacked(come):
            legs.take(*message)
        if not legs.waiting:
            replies.flush()


if __name__ == "__main__":
    main()
