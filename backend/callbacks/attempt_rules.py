"""What a call to a citizen came to, and what follows from it: pure, with the present given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backend.callbacks.schemas import AttemptResult, AttemptStage
from backend.orders.schemas import OrderState

R, S = AttemptResult, AttemptStage

PLACED_WITHIN = timedelta(seconds=8)
"""How long after the seat's phone was taken the call to the citizen may take to show up in the record."""

_BY_CAUSE: dict[int, AttemptResult] = {
    1: R.WRONG_NUMBER,  # unallocated number
    22: R.WRONG_NUMBER,  # number changed
    28: R.WRONG_NUMBER,  # invalid number format
    17: R.BUSY,
    18: R.NO_ANSWER,  # no user responding
    19: R.NO_ANSWER,  # no answer from user
    20: R.NO_ANSWER,  # subscriber absent
    21: R.REFUSED,
}
"""What the carrier's Q.850 cause means for who called."""
_BY_OUTCOME = {"answered": R.REACHED, "busy": R.BUSY, "no_answer": R.NO_ANSWER}


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """How citizens are called back.

    `shown_number` is what their telephone displays. At most `most_attempts` calls are made for one callback visit, each
    at least the span of the last result after it; a result without a span leaves no sense in a further call.
    """

    shown_number: str = "96010"
    most_attempts: int = 3
    spans: Mapping[AttemptResult, timedelta] = field(
        default_factory=lambda: {
            R.BUSY: timedelta(minutes=10),
            R.NO_ANSWER: timedelta(minutes=60),
            R.REFUSED: timedelta(minutes=240),
        }
    )


@dataclass(frozen=True, slots=True)
class CallSeen:
    """What the record says of a call that was placed."""

    placed_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    talk_ms: int | None
    outcome: str | None
    cause: int | None


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """What became of the order to place the call."""

    state: OrderState
    at: datetime
    ended_at: datetime | None


def stage_of(order: OrderSeen, call: CallSeen | None, now: datetime) -> tuple[AttemptStage, datetime]:
    """How far the call has come, and since when. The record of calls counts, whatever is known of the order."""
    if call is not None:
        if call.ended_at is not None:
            return S.ENDED, call.ended_at
        return (S.CALLING, call.placed_at) if call.answered_at is None else (S.TALKING, call.answered_at)
    if order.ended_at is None:
        return S.ORDERED, order.at
    may_follow = order.state in {OrderState.DONE, OrderState.UNKNOWN} and now - order.ended_at < PLACED_WITHIN
    return (S.ORDERED, order.at) if may_follow else (S.NOT_PLACED, order.ended_at)


def proposed_result(call: CallSeen | None) -> AttemptResult | None:
    """The result that the PBX suggests, for the agent to confirm; None when it cannot tell or the call goes on."""
    if call is None or call.ended_at is None:
        return None
    if call.outcome == "answered":
        return R.REACHED
    by_cause = _BY_CAUSE.get(call.cause) if call.cause is not None else None
    return by_cause or _BY_OUTCOME.get(call.outcome or "")


@dataclass(frozen=True, slots=True)
class Again:
    """The citizen is to be called once more, not before this time."""

    not_before: datetime


@dataclass(frozen=True, slots=True)
class GivenUp:
    """No further call is made; `reason` is "wrong_number" or whatever result ends it, or "attempts_used_up"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reached:
    """The promise was kept."""


def what_follows(
    result: AttemptResult, attempts: int, called_at: datetime, rules: CallbackRules
) -> Again | GivenUp | Reached:
    """What follows from the result of the last of so many attempts; `called_at` is when it ended."""
    if result is R.REACHED:
        return Reached()
    span = rules.spans.get(result)
    if span is None:
        return GivenUp(result.value)
    if attempts >= rules.most_attempts:
        return GivenUp("attempts_used_up")
    return Again(called_at + span)
