"""What a call to a citizen came to, and what follows: at most so many attempts, each at its distance from the last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.callbacks.attempt_rules import (
    PLACED_WITHIN,
    Again,
    CallbackRules,
    CallSeen,
    GivenUp,
    OrderSeen,
    Reached,
    proposed_result,
    stage_of,
    what_follows,
)
from backend.callbacks.schemas import AttemptResult as R
from backend.callbacks.schemas import AttemptStage as S
from backend.orders.schemas import OrderState

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
SOON = NOW + timedelta(seconds=1)


def a_call(outcome: str | None = None, cause: int | None = None, *, answered: bool = False) -> CallSeen:
    return CallSeen(NOW, NOW if answered else None, LATER if outcome else None, None, outcome, cause)


@pytest.mark.parametrize(
    ("outcome", "cause", "result"),
    [
        ("answered", 16, R.REACHED),
        ("busy", 17, R.BUSY),
        ("busy", None, R.BUSY),
        ("busy", 21, R.REFUSED),
        ("failed", 21, R.REFUSED),
        ("no_answer", 19, R.NO_ANSWER),
        ("no_answer", 0, R.NO_ANSWER),
        ("failed", 1, R.WRONG_NUMBER),
        ("failed", 28, R.WRONG_NUMBER),
        ("failed", 34, None),
    ],
)
def test_the_result_that_is_proposed_is_what_the_carrier_said(
    outcome: str, cause: int | None, result: R | None
) -> None:
    assert proposed_result(a_call(outcome, cause)) is result


def test_nothing_is_proposed_while_a_call_goes_on() -> None:
    assert proposed_result(None) is None
    assert proposed_result(a_call(answered=True)) is None


@pytest.mark.parametrize(
    ("order", "call", "stage"),
    [
        (OrderSeen(OrderState.ORDERED, NOW, None), None, S.ORDERED),
        (OrderSeen(OrderState.TAKEN, NOW, None), None, S.ORDERED),
        (OrderSeen(OrderState.TAKEN, NOW, None), a_call(), S.CALLING),
        (OrderSeen(OrderState.DONE, NOW, NOW), None, S.ORDERED),
        (OrderSeen(OrderState.DONE, NOW, NOW), a_call(), S.CALLING),
        (OrderSeen(OrderState.DONE, NOW, NOW), a_call(answered=True), S.TALKING),
        (OrderSeen(OrderState.DONE, NOW, NOW), a_call("busy", 17), S.ENDED),
        (OrderSeen(OrderState.FAILED, NOW, NOW), None, S.NOT_PLACED),
        (OrderSeen(OrderState.EXPIRED, NOW, NOW), None, S.NOT_PLACED),
        (OrderSeen(OrderState.UNKNOWN, NOW, NOW), None, S.ORDERED),
        (OrderSeen(OrderState.UNKNOWN, NOW, NOW), a_call(answered=True), S.TALKING),
    ],
)
def test_the_stage_follows_the_record_of_the_call_and_else_the_order(
    order: OrderSeen, call: CallSeen | None, stage: S
) -> None:
    assert stage_of(order, call, SOON)[0] is stage


def test_a_call_that_never_shows_up_was_not_placed() -> None:
    order = OrderSeen(OrderState.DONE, NOW, NOW)
    assert stage_of(order, None, NOW + PLACED_WITHIN) == (S.NOT_PLACED, NOW)


def rules() -> st.SearchStrategy[CallbackRules]:
    spans = st.dictionaries(st.sampled_from(R), st.timedeltas(timedelta(0), timedelta(days=7)))
    return st.builds(CallbackRules, st.just("96010"), st.integers(1, 20), spans)


@given(rules(), st.lists(st.sampled_from(R), min_size=1, max_size=40))
def test_however_the_calls_go_there_is_an_end_within_the_cap(wanted: CallbackRules, results: list[R]) -> None:
    at = NOW
    for attempts, result in enumerate(results, start=1):
        follows = what_follows(result, attempts, at, wanted)
        match follows:
            case Again(not_before):
                assert attempts < wanted.most_attempts
                assert not_before - at == wanted.spans[result]
                at = not_before
            case Reached():
                assert result is R.REACHED
                return
            case GivenUp(reason):
                assert reason in {result.value, "attempts_used_up"}
                return
    assert len(results) < wanted.most_attempts


def test_as_delivered_a_wrong_number_is_not_called_again() -> None:
    assert what_follows(R.WRONG_NUMBER, 1, NOW, CallbackRules()) == GivenUp("wrong_number")
    assert what_follows(R.BUSY, 2, NOW, CallbackRules()) == Again(NOW + timedelta(minutes=10))
    assert what_follows(R.BUSY, 3, NOW, CallbackRules()) == GivenUp("attempts_used_up")
