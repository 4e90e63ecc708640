"""What an export says of cases beside their rows: which leader heard it, in which group it is, whether it is hard."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from backend.calls.leading import leaders_of_calls
from backend.cases import group_repository, repository
from backend.cases.schemas import GroupMark
from backend.kernel.database import Transaction


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of the cases of a page."""

    leaders: Mapping[str, str] = field(default_factory=dict)
    """The leader who answered a call."""
    groups: Mapping[UUID, GroupMark] = field(default_factory=dict)
    hard: frozenset[UUID] = frozenset()


async def marks_of(tx: Transaction, cases: Collection[tuple[UUID, str | None]]) -> Marks:
    """The marks of cases, each given with its call."""
    ids = [case_id for case_id, _ in cases]
    return Marks(
        leaders=await leaders_of_calls(tx, [call_id for _, call_id in cases if call_id is not None]),
        groups=await group_repository.marks(tx.session, ids),
        hard=await repository.hard_among(tx.session, ids),
    )
