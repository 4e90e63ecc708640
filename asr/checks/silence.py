"""Silence 静音: neither of the two speaks, the citizen is not on hold, and the recording is not paused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from asr.audio import Leg
from asr.checks.hits import Finding
from asr.checks.phrases import window_of
from asr.checks.rule import Rule
from asr.checks.talk import Talk, Window


class Silence(Rule):
    """Each silence of `longest_s` and more, and, with `share`, the whole call when so large a part of it is silent;
    silences of less than `ignore_s` are breath and count for neither. It is the agent who leads the talk.

    Sure where the recording was listened to for voices and the citizen was heard at all; not where only the words are
    known, nor where nobody is on the line: then the agent asks, waits and asks again.
    """

    kind: Literal["silence"] = "silence"
    longest_s: float | None = Field(default=None, gt=0, le=600)
    share: float | None = Field(default=None, gt=0, le=1)
    ignore_s: float = Field(default=2.0, ge=0, le=60)

    @model_validator(mode="after")
    def _says_what_is_too_much(self) -> Silence:
        if self.longest_s is None and self.share is None:
            raise PydanticCustomError("silence_unmeasured", "a rule on silence gives longest_s or share")
        return self

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """The silences that are too long, and the whole of them when that is too much."""
        silences = [each for each in silences_of(talk) if each[1] - each[0] >= self.ignore_s * 1000]
        known = talk.voices_known and bool(talk.voices(Leg.CALLER))
        for start, end in silences:
            window = window_of(start, windows)
            if self.longest_s is not None and window is not None and end - start >= self.longest_s * 1000:
                yield Finding(Leg.SEAT, start, end, f"{(end - start) / 1000:.1f} s", known and window.sure)
        total = sum(end - start for start, end in silences)
        if self.share is not None and talk.duration_ms and total >= self.share * talk.duration_ms:
            text = f"{100 * total / talk.duration_ms:.0f} %"
            yield Finding(Leg.SEAT, 0, talk.duration_ms, text, known)


def silences_of(talk: Talk) -> Iterator[tuple[int, int]]:
    """From when to when nobody was heard, nobody was on hold and the recording ran, in order."""
    heard = [(each.start_ms, each.end_ms) for leg in Leg for each in talk.voices(leg)]
    heard += [(each.start_ms, each.end_ms) for each in (*talk.facts.holds, *talk.facts.pauses)]
    at = 0
    for start, end in sorted(heard):
        if start > at:
            yield at, min(start, talk.duration_ms)
        at = max(at, end)
    if at < talk.duration_ms:
        yield at, talk.duration_ms
