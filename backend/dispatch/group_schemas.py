"""Groups of cases 群诉, as the console asks for and shows them."""

from __future__ import annotations

from uuid import UUID

from backend.cases.schemas import CaseSummary
from backend.citizens.schemas import CallerView
from backend.dispatch.schemas import ReasonedCaseAct
from backend.kernel.schemas import Schema


class JoinWish(ReasonedCaseAct):
    """Under which case this one is to go on."""

    parent_id: UUID


class GroupMember(Schema):
    """A case of a group; `caller` is None for who wishes secrecy or left no number."""

    case: CaseSummary
    version: int
    identity_secret: bool
    caller: CallerView | None


class GroupView(Schema):
    """The group of a case at its `version`: its parent, None for a case that is in no group, its children, and how many
    citizens they are."""

    version: int
    parent: GroupMember | None
    children: list[GroupMember]
    callers: int
