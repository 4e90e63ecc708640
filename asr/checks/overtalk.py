"""Overtalk 抢话: both speak at once for longer than an "mhm" takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from asr.audio import Leg
from asr.checks.hits import Finding
from asr.checks.phrases import window_of
from asr.checks.rule import Rule
from asr.checks.said import LOST, Said
from asr.checks.talk import Talk, Window

_READ_MS = 300


class Overtalk(Rule):
    """Both legs at once for `at_least_ms` and more; the leg of a hit is the one that spoke into the other.

    Sure when words of both were written down within it: an echo of one voice on the other's leg has none, or such as
    nobody could make out.
    """

    kind: Literal["overtalk"] = "overtalk"
    at_least_ms: int = Field(default=1500, ge=200, le=60_000)
    by: tuple[Leg, ...] = Field(default=(Leg.CALLER, Leg.SEAT), min_length=1)

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Each time at which both spoke."""
        for caller in talk.voices(Leg.CALLER):
            for seat in talk.voices_over(Leg.SEAT, caller.start_ms, caller.end_ms):
                start, end = max(caller.start_ms, seat.start_ms), min(caller.end_ms, seat.end_ms)
                leg = Leg.SEAT if seat.start_ms >= caller.start_ms else Leg.CALLER
                if end - start < self.at_least_ms or leg not in self.by:
                    continue
                window = window_of(start, windows)
                if window is not None:
                    sure = talk.voices_known and window.sure and both_read(talk, start, end)
                    yield Finding(leg, start, end, f"{(end - start) / 1000:.1f} s", sure)


def both_read(talk: Talk, start_ms: int, end_ms: int) -> bool:
    """Whether words of both legs were written down in this time."""
    return all(_read_ms(talk.said(leg), start_ms, end_ms) >= _READ_MS for leg in Leg)


def _read_ms(said: Said, start_ms: int, end_ms: int) -> int:
    first, end = said.within(start_ms, end_ms)
    signs = zip(said.text[first:end], said.signs[first:end], strict=True)
    return sum(sign.end_ms - sign.start_ms for character, sign in signs if character != LOST)
