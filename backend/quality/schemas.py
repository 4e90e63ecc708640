"""Quality checks as the console shows them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from asr.audio import Leg
from asr.checks.hits import Severity
from backend.kernel.schemas import Schema


class HitView(Schema):
    """One hit of a call, times in ms from the start of the recording; `title` is the rule's, as it was when it hit.

    `text` is what was said there, for those who may read transcripts. Nothing is deducted for a hit that is not `sure`.
    """

    hit_id: UUID
    rule_id: str
    rule_version: int
    title: dict[str, str]
    kind: str
    leg: Leg
    from_ms: int
    to_ms: int
    text: str
    severity: Severity
    sure: bool
    points: int


class CallHits(Schema):
    """What the last check found in a call; `checked_at` is None while it was not checked yet."""

    checked_at: datetime | None
    hits: list[HitView]
