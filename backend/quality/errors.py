"""What can go wrong with quality checks and their rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from backend.kernel.datafile import Mistake
from backend.kernel.errors import Conflict, HotlineError, NotFound, Unavailable


class CheckOvertaken(Unavailable):
    """The transcript or the check of a call changed again and again while it was checked; it is tried later."""


class RuleUnknown(NotFound):
    """There is no such rule, draft or trial."""


class RuleTextInvalid(HotlineError):
    """What was typed is no rule, or one that its own examples contradict; each mistake with its line, and among the
    facts as JSON with its kind."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        told = "; ".join(str(mistake) for mistake in mistakes)
        super().__init__(
            f"The rule has mistakes: {told}.",
            kept="What you typed is kept.",
            next_step="Correct these lines.",
            field="text",
            facts={"mistakes": json.dumps([asdict(mistake) for mistake in mistakes], ensure_ascii=False)},
        )


class RuleVersionTaken(Conflict):
    """A rule of this id and version stands or stood already, or somebody drafts the same rule."""


class RuleChangedMeanwhile(Conflict):
    """Somebody else changed the rule first."""


class RuleNotProven(Conflict):
    """The draft was not tried to the end as it is written now."""


class DaysNotSensible(HotlineError):
    """The days of a trial or of a new check lie ahead or are too many, or a day on which a rule begins or ends lies
    behind."""


class RuleReasonMissing(HotlineError):
    """A rule is switched on or off, or calls are checked anew, for a reason that is written down."""
