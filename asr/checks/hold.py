"""Long holds 长时间保持: the citizen waits with music, and nobody said why or for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from asr.audio import Leg
from asr.checks.hits import Finding
from asr.checks.phrases import said_phrases, window_of
from asr.checks.rule import Phrase, Rule
from asr.checks.talk import Talk, Window


class Hold(Rule):
    """Each hold of `longest_s` and more, unless the agent said one of `announced_by` within `within_s` before it.

    Without `announced_by` every hold of that length. The PBX tells holds, so they are sure; that nothing was said is
    sure when what was said before was understood.
    """

    kind: Literal["hold"] = "hold"
    longest_s: float = Field(gt=0, le=3600)
    announced_by: tuple[Phrase, ...] = Field(default=(), max_length=100)
    within_s: float = Field(default=15, gt=0, le=120)

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Each hold that was too long."""
        said = talk.said(Leg.SEAT)
        for hold in talk.facts.holds:
            length = hold.end_ms - hold.start_ms
            window = window_of(hold.start_ms, windows)
            if window is None or length < self.longest_s * 1000:
                continue
            before = Window(max(0, hold.start_ms - round(self.within_s * 1000)), hold.start_ms)
            if any(said_phrases(said, self.announced_by, (), [before])):
                continue
            clear = not self.announced_by or talk.clear(Leg.SEAT, before.start_ms, before.end_ms)
            yield Finding(Leg.SEAT, hold.start_ms, hold.end_ms, f"{length / 1000:.0f} s", window.sure and clear)
