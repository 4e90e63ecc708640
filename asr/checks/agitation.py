"""Agitation 情绪激动: the citizen grows louder, speaks faster, or says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from asr.audio import Leg
from asr.checks.hits import Finding, Severity
from asr.checks.leads import Leads
from asr.checks.phrases import window_of
from asr.checks.rule import Phrase, Rule
from asr.checks.speed import characters_a_minute
from asr.checks.talk import Talk, Window
from asr.transcript import Turn

_SHOWN = 30
_FEWEST_CHARS = 6
_FEWEST_TURNS = 3
"""Of fewer turns before, nobody knows how this citizen speaks."""


class Agitation(Rule):
    """Turns of the citizen in which two of three hold: louder by `louder_db` than the median of all turns before,
    `faster` times as fast, one of `phrases`. One of them alone, but for the speed, is a hit that is unsure, and so is
    one that is louder and faster than a first turn or two: many begin with a low 喂.

    A citizen's temper is no fault of the agent: nothing is deducted for it.
    """

    kind: Literal["agitation"] = "agitation"
    phrases: tuple[Phrase, ...] = Field(default=(), max_length=200)
    unless: tuple[Phrase, ...] = Field(default=(), max_length=200)
    leads: Leads = Leads()
    louder_db: float = Field(default=6, gt=0, le=60)
    faster: float = Field(default=1.3, gt=1, le=5)

    @model_validator(mode="after")
    def _deducts_nothing(self) -> Agitation:
        if self.points or self.severity is Severity.FATAL:
            raise PydanticCustomError(
                "agitation_deducts", "a citizen's temper is no fault of the agent: points is 0, and severity not fatal"
            )
        return self

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Each such turn; `text` is what was said."""
        spoken = list(self.leads.said(talk.said(Leg.CALLER), self.phrases, self.unless, windows))
        loud: list[float] = []
        fast: list[float] = []
        for turn in talk.turns(Leg.CALLER):
            loudness, speed = _loudness(talk, turn), characters_a_minute(turn, _FEWEST_CHARS)
            louder = loudness is not None and bool(loud) and loudness - median(loud) >= self.louder_db
            faster = speed is not None and bool(fast) and speed >= median(fast) * self.faster
            words = [each for each in spoken if turn.start_ms <= each.from_ms <= turn.end_ms]
            known = len(fast) >= _FEWEST_TURNS
            loud += [] if loudness is None else [loudness]
            fast += [] if speed is None else [speed]
            window = window_of(turn.start_ms, windows)
            if window is None or not (louder or words):
                continue
            sure = louder + faster + bool(words) >= 2 and all(each.sure for each in words) and (bool(words) or known)
            yield Finding(Leg.CALLER, turn.start_ms, turn.end_ms, turn.text[:_SHOWN], sure and window.sure)


def _loudness(talk: Talk, turn: Turn) -> float | None:
    """The loudest stretch of a turn, None where the transcript does not tell."""
    if not talk.voices_known:
        return None
    heard = [
        each.loudness_db
        for each in talk.voices_over(Leg.CALLER, turn.start_ms, turn.end_ms)
        if min(each.end_ms, turn.end_ms) - max(each.start_ms, turn.start_ms) > 0
    ]
    return max(heard, default=None)
