"""What waits at the desks of dispatcher, commander and verifier, and what a batch dispatch is and brings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from backend.cases.schemas import CaseSummary
from backend.dispatch.schemas import AskedUnit, Note, ProposedUnit
from backend.kernel.schemas import Problem, Schema


class Matter(StrEnum):
    """Why a case waits at a desk."""

    DISPATCH = "dispatch"
    """待派遣: no unit was asked yet."""
    RETURNED = "returned"
    """退回: a unit refused it."""
    ESCALATED = "escalated"
    """请办: it came up from its street."""
    COORDINATION = "coordination"
    """协调会商: the decision is to be entered."""
    EXTENSION = "extension"
    """延期: the unit's leader agreed, the centre is to grant it."""
    APPEAL = "appeal"
    """申诉: a reviewer is to decide."""
    OVERDUE = "overdue"
    """超时: a clock of its units ran out."""
    VERIFY = "verify"
    """待核查."""
    CLOSE = "close"
    """待结案."""


class DeskItem(Schema):
    """A case that waits at a desk. `due_at` is what is due next in it, `since` when it came to this desk.

    `unit` is who refused, escalated, asks or appeals, `detail` what it said. `proposal` is where the case goes
    directly.
    """

    case: CaseSummary
    version: int
    matter: Matter
    due_at: datetime | None
    since: datetime
    unit: str | None = None
    detail: str | None = None
    proposal: list[ProposedUnit] = []


class DeskQueue(Schema):
    """What waits at a desk, what is due next first. `counts` are those of all its matters, each up to `most`."""

    items: list[DeskItem]
    counts: dict[Matter, int]
    most: int


class BatchedCaseWish(Schema):
    """A case of a batch, at the version at which it was seen."""

    case_id: UUID
    version: int


class BatchWish(Schema):
    """Many cases that are to be dispatched in one act: to `units`, or with none of them each where it goes directly.

    The same `request_id` dispatches each case once, however often it is sent.
    """

    request_id: UUID
    cases: Annotated[list[BatchedCaseWish], Field(min_length=1, max_length=100)]
    units: list[AskedUnit] = Field(default=[], max_length=30)
    reason: Note = ""


class BatchResult(Schema):
    """What became of one case of a batch: sent to `units`, or untouched because of `problem`."""

    case_id: UUID
    case_number: str | None
    units: list[str]
    problem: Problem | None


class BatchDone(Schema):
    """What became of each case of a batch, in the order of asking."""

    results: list[BatchResult]
