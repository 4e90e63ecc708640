"""Counter-questions and reproaches 反问: the citizen asks, and the agent asks back what that is supposed to mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from asr.audio import Leg
from asr.checks.hits import Finding
from asr.checks.leads import Leads
from asr.checks.phrases import window_of
from asr.checks.rule import Phrase, Rule
from asr.checks.said import LOST
from asr.checks.talk import Talk, Window


class CounterQuestions(Rule):
    """Any of `phrases`, or one of `openers` with one of `closers` at most `reach` characters after it in the same turn
    (怎么不…早说, 难道…吗); within one of `unless` neither counts, and what leads up to it may turn it
    (`asr.checks.leads`)."""

    kind: Literal["counter_questions"] = "counter_questions"
    leg: Leg = Leg.SEAT
    phrases: tuple[Phrase, ...] = Field(default=(), max_length=500)
    openers: tuple[Phrase, ...] = Field(default=(), max_length=100)
    closers: tuple[Phrase, ...] = Field(default=(), max_length=100)
    unless: tuple[Phrase, ...] = Field(default=(), max_length=500)
    reach: int = Field(default=12, ge=1, le=40)
    leads: Leads = Leads()

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """The phrases that were said, and what stands from an opener to its closer."""
        whole = list(self.leads.said(talk.said(self.leg), self.phrases, self.unless, windows))
        yield from whole
        for each in self.leads.turned(talk.said(self.leg), self._framed(talk, windows)):
            if not any(each.from_ms < other.to_ms and other.from_ms < each.to_ms for other in whole):
                yield each

    def _framed(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        said = talk.said(self.leg)
        closers = [match for phrase in self.closers for match in said.find(phrase) if match.exact]
        harmless = [match for phrase in self.unless for match in said.find(phrase) if match.exact]
        openers = sorted(
            (match for phrase in self.openers for match in said.find(phrase) if match.exact), key=lambda m: m.first
        )
        last = -1
        for opener in openers:
            ends = [match for match in closers if 0 <= match.first - opener.end <= self.reach]
            ends = [match for match in ends if said.signs[match.first].turn == said.signs[opener.first].turn]
            over = any(match.first < opener.end <= match.end for match in harmless)
            if not ends or over or opener.first < last:
                continue
            closer = min(ends, key=lambda match: match.first)
            start, end = said.from_to(opener.first, closer.end)
            window = window_of(start, windows)
            if window is None:
                continue
            last = closer.end
            lost = LOST in said.text[max(0, opener.first - 1) : closer.end + 1]
            sure = opener.sure and not lost and window.sure
            yield Finding(self.leg, start, end, said.shown(opener.first, closer.end), sure)
