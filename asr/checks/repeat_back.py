"""Repeat-back 复述确认: the agent says the request back, so that both know that it was understood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from asr.audio import Leg
from asr.checks.hits import Finding
from asr.checks.rule import Phrase, Rule
from asr.checks.said import LOST, normalise
from asr.checks.talk import Talk, Window

_SHOWN = 30
_SMALL_WORDS = "的了吗呢啊吧在是有我您你他这那就也都还和"


class RepeatBack(Rule):
    """After the citizen has said `request_chars` characters in one turn, the agent must say `pairs` pairs of characters
    of what the citizen said until then, or one of `phrases` (您说的是). What stands in `ignore` counts for neither.
    With `only_with_case` it is looked at only when a case was filed that was not answered at once.

    Whoever repeats in other words is not found out by this: so it is sure only when nothing at all came back.
    """

    kind: Literal["repeat_back"] = "repeat_back"
    request_chars: int = Field(default=8, ge=2, le=100)
    pairs: int = Field(default=3, ge=1, le=50)
    phrases: tuple[Phrase, ...] = Field(default=(), max_length=100)
    ignore: tuple[Phrase, ...] = Field(default=(), max_length=200)
    only_with_case: bool = False

    def applies(self, talk: Talk) -> bool:
        """Whether there was a request to repeat."""
        return super().applies(talk) and (not self.only_with_case or talk.facts.dispatched)

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """The first request, when it was never said back."""
        caller, seat = talk.turns(Leg.CALLER), talk.turns(Leg.SEAT)
        requests = [turn for turn in caller if len(normalise(turn.text)) >= self.request_chars]
        first = next((turn for turn in requests if any(window.holds(turn.start_ms) for window in windows)), None)
        if first is None:
            return
        most, heard, known = 0, 0, set[str]()
        for turn in seat:
            while heard < len(caller) and caller[heard].start_ms < turn.start_ms:
                known |= self._pairs(normalise(caller[heard].text))
                heard += 1
            if turn.start_ms < first.start_ms:
                continue
            if any(normalise(phrase) in normalise(turn.text) for phrase in self.phrases):
                return
            most = max(most, len(known & self._pairs(normalise(turn.text))))
        if most < self.pairs:
            sure = most == 0 and talk.clear(Leg.SEAT, first.start_ms, talk.duration_ms)
            sure = sure and any(window.sure and window.holds(first.start_ms) for window in windows)
            yield Finding(Leg.SEAT, first.start_ms, first.end_ms, first.text[:_SHOWN], sure)

    def _pairs(self, text: str) -> set[str]:
        for phrase in self.ignore:
            text = text.replace(normalise(phrase), LOST)
        for small in _SMALL_WORDS:
            text = text.replace(small, LOST)
        pairs = {text[index : index + 2] for index in range(len(text) - 1)}
        return {pair for pair in pairs if LOST not in pair}
