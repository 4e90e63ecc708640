"""The recogniser's own process for live captions: `python -m asr.live.child SETUP`.

The main thread takes what comes and never waits for recognition; each leg belongs to one of a few threads for its whole
life, because a recogniser that is used in two of them ends the process. It ends when its input ends.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import SimpleQueue
from typing import BinaryIO

import vosk
from pydantic import BaseModel

from asr.live.gate import LiveGate
from asr.live.lag import Backlog, LagLimits, LagWatch, Sound
from asr.live.leg import LiveLeg, VoskDecoder
from asr.live.messages import BYTES_PER_MS, HEAD, Caption, Ended, Kind, Lag, LiveSetup, Ready, Said
from asr.model import check_model, in_steps
from asr.names import Names
from backend.kernel.processes import give_way

Tell = Callable[[BaseModel], None]
_BROKEN = 70
_STEP = 12
"""Frames that are heard at once, a word's text waits for the last of them; fewer cost more and gain little."""


class _Leg:
    """One leg in hand: its sound waits here until its thread has time."""

    def __init__(self, number: int, make: Callable[[], LiveLeg], limits: LagLimits, tell: Tell) -> None:
        self._number = number
        self._make = make
        self._tell = tell
        self._backlog = Backlog(limits)
        self._watch = LagWatch(limits)
        self._lock = threading.Lock()
        self._live: LiveLeg | None = None
        self._closed = self._due = self._over = False

    def put(self, sound: Sound) -> bool:
        """Let sound wait; whether the leg's thread must be told."""
        with self._lock:
            self._backlog.put(sound)
            due, self._due = self._due, True
            return not due

    def close(self) -> None:
        """No more sound will come."""
        self._closed = True

    def work(self) -> None:
        """Recognise what waits, in the leg's own thread."""
        with self._lock:
            self._due = False
            taken = self._backlog.take(time.monotonic())
        live = self._live = self._live or self._make()
        if taken is not None:
            if taken.skipped_ms:
                self._say(live.skip(taken.skipped_ms))
            if self._watch.step(taken.lag_ms, taken.skipped_ms):
                lag_ms, skipped_ms = round(taken.lag_ms), round(taken.skipped_ms)
                self._tell(Lag(leg=self._number, behind=self._watch.behind, lag_ms=lag_ms, skipped_ms=skipped_ms))
            self._say(live.hear(taken.samples))
        if self._closed and not self._over:
            self._over = True
            self._say(live.end())
            self._tell(Ended(leg=self._number))

    def _say(self, captions: Iterable[Caption]) -> None:
        for caption in captions:
            self._tell(Said(leg=self._number, caption=caption))


class _Hand(threading.Thread):
    """A thread that recognises its legs one after the other."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.due: SimpleQueue[_Leg] = SimpleQueue()

    def run(self) -> None:
        try:
            while True:
                self.due.get().work()
        except Exception:  # noqa: BLE001 - a thread less would leave its legs silent: a new process takes all of them
            traceback.print_exc()
            os._exit(_BROKEN)


class _Legs:
    """All legs in hand, spread over the threads."""

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
        self._hands = [_Hand() for _ in range(setup.threads)]
        for hand in self._hands:
            hand.start()
        self._legs: dict[int, _Leg] = {}

    def take(self, kind: Kind, number: int, value: float, content: bytes) -> None:
        """One message of the server."""
        if kind is Kind.OPEN:
            start_ms, line = round(value), int(content)
            self._legs[number] = _Leg(number, lambda: self._live(start_ms, line), self._limits, self._tell)
            return
        leg = self._legs.get(number)
        if leg is None:
            return
        if kind is Kind.SOUND:
            if leg.put(Sound(content, len(content) / BYTES_PER_MS, value)):
                self._hand(number).due.put(leg)
        else:
            del self._legs[number]
            leg.close()
            self._hand(number).due.put(leg)

    def _hand(self, number: int) -> _Hand:
        return self._hands[number % len(self._hands)]

    def _live(self, start_ms: int, line: int) -> LiveLeg:
        decoder = VoskDecoder(self._model, self._rate, self._names)
        return LiveLeg(decoder, LiveGate(self._rate, self._gate), self._rate, start_ms=start_ms, first_line=line)


def main() -> None:
    setup = LiveSetup.model_validate_json(sys.argv[1])
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what Kaldi prints must not mix with the replies
    give_way(setup.niceness)
    one_at_a_time = threading.Lock()

    def tell(message: BaseModel) -> None:
        line = message.model_dump_json().encode() + b"\n"
        with one_at_a_time, suppress(BrokenPipeError):
            replies.write(line)

    legs = _Legs(setup, tell)
    tell(Ready())
    requests = sys.stdin.buffer
    while (head := requests.read(HEAD.size)) and len(head) == HEAD.size:
        kind, number, value, length = HEAD.unpack(head)
        legs.take(Kind(kind), number, value, _exactly(requests, length))


def _exactly(requests: BinaryIO, length: int) -> bytes:
    return requests.read(length) if length else b""


if __name__ == "__main__":
    main()
