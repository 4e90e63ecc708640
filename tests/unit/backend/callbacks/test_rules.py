"""What can be promised, and the life of a promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.callbacks import errors
from backend.callbacks.rules import FURTHEST, check_wish
from backend.callbacks.schemas import CallbackState, CallbackWay, CallbackWish
from backend.callbacks.states import TRANSITIONS, CallbackMove, move

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ADDRESS = "忠实里西区3号楼"


def wish(due_at: datetime, way: CallbackWay = CallbackWay.PHONE) -> CallbackWish:
    return CallbackWish(way=way, due_at=due_at)


@pytest.mark.parametrize(
    ("asked", "address", "error", "field"),
    [
        (wish(NOW), ADDRESS, errors.CallbackInThePast, "due_at"),
        (wish(NOW - timedelta(days=400)), ADDRESS, errors.CallbackInThePast, "due_at"),
        (wish(NOW + FURTHEST + timedelta(seconds=1)), ADDRESS, errors.CallbackTooFar, "due_at"),
        (wish(datetime.max.replace(tzinfo=UTC)), ADDRESS, errors.CallbackTooFar, "due_at"),
        (wish(datetime.min.replace(tzinfo=UTC)), ADDRESS, errors.CallbackInThePast, "due_at"),
        (wish((NOW + timedelta(days=1)).replace(tzinfo=None)), ADDRESS, errors.CallbackTimeUnclear, "due_at"),
        (wish(NOW + timedelta(days=1), CallbackWay.VISIT), "", errors.VisitWithoutAddress, "address"),
    ],
)
def test_what_cannot_be_promised_is_named(
    asked: CallbackWish, address: str, error: type[errors.CallbackInvalid], field: str
) -> None:
    with pytest.raises(error) as caught:
        check_wish(asked, address, NOW)
    assert caught.value.field == field
    assert caught.value.next_step


def test_a_call_needs_no_address_and_a_visit_only_that() -> None:
    check_wish(wish(NOW + timedelta(hours=1)), "", NOW)
    check_wish(wish(NOW + timedelta(hours=1), CallbackWay.VISIT), ADDRESS, NOW)


@given(st.timedeltas(timedelta(microseconds=1), FURTHEST), st.integers(-14 * 60, 14 * 60), st.sampled_from(CallbackWay))
def test_any_time_ahead_can_be_promised_in_any_zone(ahead: timedelta, offset: int, way: CallbackWay) -> None:
    zone = timezone(timedelta(minutes=offset))
    check_wish(wish((NOW + ahead).astimezone(zone), way), ADDRESS, NOW)


@pytest.mark.parametrize("by", CallbackMove)
@pytest.mark.parametrize("state", [None, *CallbackState])
def test_only_what_stands_in_the_table_can_be_done(state: CallbackState | None, by: CallbackMove) -> None:
    if (state, by) in TRANSITIONS:
        assert move(state, by) is TRANSITIONS[state, by]
    else:
        with pytest.raises(errors.CallbackCannotMove):
            move(state, by)
