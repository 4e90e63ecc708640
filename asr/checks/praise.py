"""Praise 表扬: the citizen thanks for more than the call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from asr.audio import Leg
from asr.checks.hits import Finding, Severity
from asr.checks.leads import Leads
from asr.checks.rule import Phrase, Rule
from asr.checks.talk import Talk, Window


class Praise(Rule):
    """Any of `phrases` said by the citizen, unless within one of `unless` (没有表扬). It deducts nothing."""

    kind: Literal["praise"] = "praise"
    phrases: tuple[Phrase, ...] = Field(min_length=1, max_length=500)
    unless: tuple[Phrase, ...] = Field(default=(), max_length=500)
    leads: Leads = Leads()

    @model_validator(mode="after")
    def _is_praise(self) -> Praise:
        if self.severity is not Severity.PRAISE or self.points:
            raise PydanticCustomError("praise_deducts", "a rule on praise has the severity praise and no points")
        return self

    def find(self, talk: Talk, windows: Sequence[Window]) -> Iterator[Finding]:
        """Each phrase of praise."""
        yield from self.leads.said(talk.said(Leg.CALLER), self.phrases, self.unless, windows)
