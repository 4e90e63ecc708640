"""What must be said at its place in the talk: greeting 问候, closing 结束语 and thanks 致谢."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from asr.audio import Leg
from asr.checks.hits import Finding
from asr.checks.rule import Phrase, Rule
from asr.checks.said import Said
from asr.checks.talk import Talk, Window

Alternatives = Annotated[tuple[Phrase, ...], Field(min_length=1, max_length=60)]


class RequiredWords(Rule):
    """Of each of `groups` one phrase must be said by the leg in every time in which the rule looks.

    That nothing was said is sure when all that the leg said there was understood, and nothing there sounds like it.
    """

    kind: Literal["required_words"] = "required_words"
    leg: Leg = Leg.SEAT
    groups: tuple[Alternatives, ...] = Field(min_length=1, max_length=20)

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Each time in which something is missing; `text` is what could have been said, the groups parted by 、"""
        said = talk.said(self.leg)
        for window in windows:
            missing = [group for group in self.groups if not _heard(said, group, window, exact=True)]
            if missing:
                alike = any(_heard(said, group, window, exact=False) for group in missing)
                clear = talk.clear(self.leg, window.start_ms, window.end_ms)
                text = "、".join("/".join(group[:3]) for group in missing)
                yield Finding(self.leg, window.start_ms, window.end_ms, text, clear and not alike and window.sure)


def _heard(said: Said, group: Alternatives, window: Window, *, exact: bool) -> bool:
    matches = (match for phrase in group for match in said.find(phrase) if match.exact or not exact)
    return any(window.holds(said.signs[match.first].start_ms) for match in matches)
