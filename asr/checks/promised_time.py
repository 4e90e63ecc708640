"""Promised time 承诺时限: when a case goes out, the citizen must hear until when there will be an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from asr.audio import Leg
from asr.checks.hits import Finding
from asr.checks.phrases import said_phrases
from asr.checks.rule import Phrase, Rule
from asr.checks.talk import Talk, Window

_NUMBER = r"(?:[0-9]+|[零一二两三四五六七八九十百半]+)"
_WITHIN = r"(?:之内|以内|内|之后|以后|左右)"
_SPAN = re.compile(
    rf"(?P<gone>(?:了|过|已经|连续|都|前)?){_NUMBER}"
    r"(?:个?半?(?:分钟|小时|钟头|工作日|自然日|工作时|天|日|周|星期|礼拜)|个半?月)"
    rf"(?P<within>{_WITHIN})?(?P<since>[了没都]|以来|之前|以前|前)?"
)


class PromisedTime(Rule):
    """The agent must say a span of time (两个工作日) or one of `phrases` (明天); `vague` words are none (尽快), and no
    more is a span that is over, as of what the citizen told (停水三天了, 等了两个小时).

    With `only_with_case` it is looked at only when a case was filed that was not answered at once.
    """

    kind: Literal["promised_time"] = "promised_time"
    phrases: tuple[Phrase, ...] = Field(default=(), max_length=100)
    vague: tuple[Phrase, ...] = Field(default=(), max_length=100)
    only_with_case: bool = True

    def applies(self, talk: Talk) -> bool:
        """Whether there was something to promise."""
        return super().applies(talk) and (not self.only_with_case or talk.facts.dispatched)

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Where only vague words were said, or the last that the agent said, when no time was."""
        said = talk.said(Leg.SEAT)
        for window in windows:
            first, end = said.within(window.start_ms, window.end_ms)
            text = said.text[first:end]
            promised = any(_lies_ahead(span) for span in _SPAN.finditer(text))
            if promised or any(said_phrases(said, self.phrases, (), [window])):
                continue
            clear = window.sure and talk.clear(Leg.SEAT, window.start_ms, window.end_ms)
            vague = list(said_phrases(said, self.vague, (), [window]))
            if vague:
                last = vague[-1]
                yield Finding(Leg.SEAT, last.from_ms, last.to_ms, last.text, last.sure and clear)
            elif end > first:
                turns = [turn for turn in talk.turns(Leg.SEAT) if window.holds(turn.start_ms)]
                start, until = (turns[-1].start_ms, turns[-1].end_ms) if turns else (window.start_ms, window.end_ms)
                yield Finding(Leg.SEAT, start, until, "", clear)


def _lies_ahead(span: re.Match[str]) -> bool:
    return bool(span["within"]) or not (span["gone"] or span["since"])
