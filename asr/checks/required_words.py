"""What must be said at its place in the talk: greeting 问候, closing 结束语 and thanks 致谢."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from asr.audio import Leg
from asr.checks.hits import Finding
from asr.checks.phrases import said_phrases
from asr.checks.rule import Phrase, Rule
from asr.checks.said import Said
from asr.checks.talk import Talk, Window

Alternatives = Annotated[tuple[Phrase, ...], Field(min_length=1, max_length=60)]
_CHANCE_MS = 3_000
"""Who listens to the other for all of a time but this could not have said anything in it."""


class RequiredWords(Rule):
    """Of each of `groups` one phrase must be said by the leg in every time in which the rule looks. A time behind a hit
    of another rule lasts until the leg has had the word: whoever lets a citizen finish is not to blame.

    That nothing was said is sure when all that the leg said there was understood, nothing there sounds like it, and it
    had the word. At the end of a call that the citizen ended it is sure only when he said one of `leave_taking`, if
    they are given: he who simply hangs up leaves no time for a goodbye, and neither does a line that breaks.
    """

    kind: Literal["required_words"] = "required_words"
    leg: Leg = Leg.SEAT
    groups: tuple[Alternatives, ...] = Field(min_length=1, max_length=20)
    leave_taking: tuple[Phrase, ...] = Field(default=(), max_length=60)

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Each time in which something is missing; `text` is what could have been said, the groups parted by 、"""
        said = talk.said(self.leg)
        for window in windows if self.place.after is None else self._until_heard(talk, windows):
            missing = [group for group in self.groups if not _heard(said, group, window, exact=True)]
            if missing:
                alike = any(_heard(said, group, window, exact=False) for group in missing)
                clear = talk.clear(self.leg, window.start_ms, window.end_ms)
                sure = clear and not alike and window.sure and self._had_the_word(talk, window)
                text = "、".join("/".join(group[:3]) for group in missing)
                yield Finding(self.leg, window.start_ms, window.end_ms, text, sure)

    def _until_heard(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Window]:
        """The windows, each up to the end of the leg's first turn behind its beginning if that ends later."""
        turns = talk.turns(self.leg)
        for window in windows:
            place = bisect_left(turns, window.start_ms, key=lambda turn: turn.start_ms)
            late = place < len(turns) and turns[place].start_ms > window.end_ms
            yield Window(window.start_ms, turns[place].end_ms, window.sure) if late else window

    def _had_the_word(self, talk: Talk, window: Window) -> bool:
        if window.end_ms >= talk.duration_ms and self._cut_short(talk, window):
            return False
        if talk.voices_over(self.leg, window.start_ms, window.end_ms):
            return True
        other = Leg.CALLER if self.leg is Leg.SEAT else Leg.SEAT
        voices = talk.voices_over(other, window.start_ms, window.end_ms)
        taken = [(each.start_ms, each.end_ms) for each in voices]
        taken += [(hold.start_ms, hold.end_ms) for hold in talk.facts.holds]
        busy_ms = sum(max(0, min(end, window.end_ms) - max(start, window.start_ms)) for start, end in taken)
        return window.end_ms - window.start_ms - busy_ms >= _CHANCE_MS

    def _cut_short(self, talk: Talk, window: Window) -> bool:
        """Whether the call ended before the agent could take leave."""
        if talk.facts.ended_by == "line":
            return True
        if talk.facts.ended_by != "caller" or not self.leave_taking:
            return False
        return not any(said_phrases(talk.said(Leg.CALLER), self.leave_taking, (), [window]))


def _heard(said: Said, group: Alternatives, window: Window, *, exact: bool) -> bool:
    matches = (match for phrase in group for match in said.find(phrase) if match.exact or not exact)
    return any(window.holds(said.signs[match.first].start_ms) for match in matches)
