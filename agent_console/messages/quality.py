"""The part of the protocol that speaks of quality: what was checked, tried and judged."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from backend.kernel.schemas import Schema
from backend.reviews.schemas import ReviewState

# ---- from the hub to the console: events ----------------------------------------------------------------------------


class CallChecked(Schema):
    """Quality checks went over a call, and what they found stands now."""

    kind: Literal["call_checked"] = "call_checked"
    call_id: str
    hits: int


class TrialChanged(Schema):
    """A trial of a quality rule goes on, or came to its end."""

    kind: Literal["trial_changed"] = "trial_changed"
    trial_id: str
    state: str
    checked: int


class RecheckChanged(Schema):
    """An order to check calls of earlier days anew goes on, or came to its end."""

    kind: Literal["recheck_changed"] = "recheck_changed"
    recheck_id: str
    state: str
    checked: int


class ReviewChanged(Schema):
    """A review of mine was drawn, scored, appealed against or decided."""

    kind: Literal["review_changed"] = "review_changed"
    review_id: UUID
    state: ReviewState


class CoachingChanged(Schema):
    """I was given a coaching task, or one that I gave was read."""

    kind: Literal["coaching_changed"] = "coaching_changed"
    task_id: UUID
    review_id: UUID


QualityEvents = CallChecked | TrialChanged | RecheckChanged | ReviewChanged | CoachingChanged
