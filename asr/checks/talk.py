"""One call as the rules look at it: what each leg said, and what is known of the call beside its sound."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from asr.audio import Leg
from asr.checks.facts import CallFacts
from asr.checks.said import Said
from asr.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Window:
    """Where a rule looks. `sure` is False where it follows a hit that was none surely."""

    start_ms: int
    end_ms: int
    sure: bool = True

    def holds(self, start_ms: int) -> bool:
        """Whether what begins then begins here."""
        return self.start_ms <= start_ms <= self.end_ms


class Talk:
    """A transcript with the facts of its call; what several rules ask for is worked out once."""

    def __init__(self, transcript: Transcript, facts: CallFacts) -> None:
        self.transcript = transcript
        self.facts = facts

    @property
    def duration_ms(self) -> int:
        """The length of the recording; nothing is found after it."""
        return self.transcript.duration_ms

    def said(self, leg: Leg) -> Said:
        """What this leg said, as characters with their times."""
        return self._said[leg]

    @cached_property
    def _said(self) -> dict[Leg, Said]:
        return {leg: Said.of(self.transcript, leg) for leg in Leg}
