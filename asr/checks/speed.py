"""Speed 语速: how many characters a minute somebody speaks; too fast is not understood by the old."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from asr.audio import Leg
from asr.checks.hits import Finding
from asr.checks.phrases import window_of
from asr.checks.rule import Rule
from asr.checks.said import LOST
from asr.checks.talk import Talk, Window
from asr.transcript import UNKNOWN, Turn, join


class Speed(Rule):
    """Turns of `at_least_chars` characters and more that are spoken faster than `most` characters a minute, the breaths
    between the words among it, as whoever listens hears it. Sure when no word of the turn was lost."""

    kind: Literal["speed"] = "speed"
    leg: Leg = Leg.SEAT
    most: int = Field(ge=60, le=2000)
    at_least_chars: int = Field(default=15, ge=4, le=500)

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Each turn that is too fast; `text` is its speed."""
        for turn in talk.turns(self.leg):
            window = window_of(turn.start_ms, windows)
            speed = characters_a_minute(turn, self.at_least_chars)
            if window is not None and speed is not None and speed > self.most:
                lost = any(word.text in UNKNOWN for word in turn.words)
                yield Finding(self.leg, turn.start_ms, turn.end_ms, f"{speed:.0f}/min", not lost and window.sure)


def characters_a_minute(turn: Turn, at_least_chars: int) -> float | None:
    """How fast a turn was spoken, None when too little was said to tell."""
    text = join(word.text for word in turn.words if word.text not in UNKNOWN)
    spoken_ms = turn.end_ms - turn.start_ms
    characters = sum(character.isalnum() and character != LOST for character in text)
    return characters * 60_000 / spoken_ms if characters >= at_least_chars and spoken_ms > 0 else None
