"""Forbidden words 服务禁语: what an agent must never say to a citizen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from asr.audio import Leg
from asr.checks.hits import Finding
from asr.checks.leads import Leads
from asr.checks.rule import Phrase, Rule
from asr.checks.talk import Talk, Window


class ForbiddenWords(Rule):
    """Any of `phrases` said by the leg; within one of `unless` the same characters are harmless (您知不知道), and what
    leads up to them may turn them (`asr.checks.leads`)."""

    kind: Literal["forbidden_words"] = "forbidden_words"
    leg: Leg = Leg.SEAT
    phrases: tuple[Phrase, ...] = Field(min_length=1, max_length=500)
    unless: tuple[Phrase, ...] = Field(default=(), max_length=500)
    leads: Leads = Leads()

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Each phrase that was said, the longest where several lie over each other."""
        yield from self.leads.said(talk.said(self.leg), self.phrases, self.unless, windows)
