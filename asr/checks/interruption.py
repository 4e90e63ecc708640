"""Interruption 打断: the agent begins while the citizen speaks, the citizen gives way, the agent goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from asr.audio import Leg
from asr.checks.hits import Finding
from asr.checks.overtalk import both_read
from asr.checks.phrases import said_phrases, window_of
from asr.checks.rule import Phrase, Rule
from asr.checks.talk import Talk, Window

_AROUND_MS = 1_500
_SHOWN = 30


class Interruption(Rule):
    """The citizen has spoken for `spoken_ms` when the agent begins, falls silent within `yields_ms` after that but not
    before `overlap_ms`, and the agent goes on for `goes_on_ms`: shorter is an "mhm". Whoever says one of `unless` with
    it asks for the word (打断您一下). Sure when words of both were written down around it."""

    kind: Literal["interruption"] = "interruption"
    spoken_ms: int = Field(default=1000, ge=0, le=60_000)
    overlap_ms: int = Field(default=300, ge=50, le=10_000)
    yields_ms: int = Field(default=1500, ge=100, le=10_000)
    goes_on_ms: int = Field(default=1000, ge=0, le=60_000)
    unless: tuple[Phrase, ...] = Field(default=(), max_length=100)

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Each interruption, from the agent's first sound to the citizen's last."""
        for seat in talk.voices(Leg.SEAT):
            for caller in talk.voices_over(Leg.CALLER, seat.start_ms, seat.start_ms + 1):
                overlap = caller.end_ms - seat.start_ms
                began = seat.start_ms - caller.start_ms >= self.spoken_ms
                gave_way = self.overlap_ms <= overlap <= self.yields_ms
                if not (began and gave_way and seat.end_ms - caller.end_ms >= self.goes_on_ms):
                    continue
                window = window_of(seat.start_ms, windows)
                said = talk.said(Leg.SEAT)
                if window is None or any(said_phrases(said, self.unless, (), [Window(seat.start_ms, seat.end_ms)])):
                    continue
                text = said.shown(*said.within(seat.start_ms, seat.end_ms))[:_SHOWN]
                sure = both_read(talk, max(0, seat.start_ms - _AROUND_MS), caller.end_ms + _AROUND_MS)
                yield Finding(Leg.SEAT, seat.start_ms, caller.end_ms, text, talk.voices_known and window.sure and sure)
