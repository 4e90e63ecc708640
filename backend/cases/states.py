"""The life of a case, as one table. The steps of the loop from dispatch on extend it."""

from __future__ import annotations

from enum import StrEnum

from backend.cases.errors import CaseCannotMove
from backend.cases.schemas import CaseStatus


class CaseMove(StrEnum):
    """What can be done with a case; each is also the kind of the entry in its time line."""

    FILE = "filed"
    ANSWER_AT_ONCE = "answered_at_once"


TRANSITIONS: dict[tuple[CaseStatus | None, CaseMove], CaseStatus] = {
    (None, CaseMove.FILE): CaseStatus.FILED,
    (CaseStatus.FILED, CaseMove.ANSWER_AT_ONCE): CaseStatus.CLOSED,
}
"""Where a move leads from where; None is a case that does not exist yet. What does not stand here cannot be done."""

OPEN = frozenset(CaseStatus) - {CaseStatus.CLOSED}
"""States in which somebody still has something to do."""


def move(status: CaseStatus | None, by: CaseMove) -> CaseStatus:
    """Where the move leads; raises `CaseCannotMove`."""
    after = TRANSITIONS.get((status, by))
    if after is None:
        raise CaseCannotMove(
            f"A case that is {status or 'not filed yet'} cannot be {by}.",
            kept="The case is unchanged.",
            next_step="Load the case anew to see where it stands.",
        )
    return after
