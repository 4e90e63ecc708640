"""What leads up to a phrase and turns what it means: 如果您还不清楚 and 物业说不归他们管 are nobody's fault."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pydantic import Field

from asr.checks.hits import Finding
from asr.checks.phrases import said_phrases
from asr.checks.rule import Phrase, RulePart
from asr.checks.said import Said
from asr.checks.talk import Window


class Lead(RulePart):
    """One of `words` stands at most `reach` characters before, in the same turn. With 的 behind it, it is part of what
    is spoken of: 您说的这个不归我管 tells nobody's words."""

    words: tuple[Phrase, ...] = Field(min_length=1, max_length=100)
    reach: int = Field(default=4, ge=0, le=40)

    def ends(self, said: Said) -> list[int]:
        """Behind which characters it was said, in order."""
        leads = (match.end for word in self.words for match in said.find(word) if match.exact)
        return sorted(end for end in leads if said.text[end : end + 1] != "的")


class Leads(RulePart):
    """Part of a rule that looks for phrases: behind `harmless_after` they are none, behind `unsure_after` unsure."""

    harmless_after: Lead | None = None
    unsure_after: Lead | None = None

    def said(
        self, said: Said, phrases: Iterable[str], unless: Iterable[str], windows: Sequence[Window]
    ) -> Iterator[Finding]:
        """The phrases that were said (see `said_phrases`), by what leads up to them."""
        yield from self.turned(said, said_phrases(said, phrases, unless, windows))

    def turned(self, said: Said, findings: Iterable[Finding]) -> Iterator[Finding]:
        """These findings, without those that are harmless by what leads up to them, unsure where they may be."""
        harmless, unsure = _Standing(self.harmless_after, said), _Standing(self.unsure_after, said)
        for finding in findings:
            first, _ = said.within(finding.from_ms, finding.to_ms)
            if not harmless.before(first):
                yield replace(finding, sure=False) if unsure.before(first) else finding


class _Standing:
    """Where a lead stands in what was said, worked out once for all that is found there."""

    def __init__(self, lead: Lead | None, said: Said) -> None:
        self._said = said
        self._reach = 0 if lead is None else lead.reach
        self._ends = [] if lead is None else lead.ends(said)

    def before(self, first: int) -> bool:
        """Whether it leads up to the character `first`, in the same turn."""
        near = self._ends[bisect_left(self._ends, first - self._reach) : bisect_right(self._ends, first)]
        return any(self._said.signs[end - 1].turn == self._said.signs[first].turn for end in near)
