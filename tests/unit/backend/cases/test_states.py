"""The life of a case and its number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.cases.errors import CaseCannotMove
from backend.cases.numbering import case_number, day_of, prefix_of
from backend.cases.schemas import CaseStatus
from backend.cases.states import OPEN, TRANSITIONS, CaseMove, move


@pytest.mark.parametrize("by", CaseMove)
@pytest.mark.parametrize("status", [None, *CaseStatus])
def test_only_what_stands_in_the_table_can_be_done(status: CaseStatus | None, by: CaseMove) -> None:
    if (status, by) in TRANSITIONS:
        assert move(status, by) is TRANSITIONS[status, by]
    else:
        with pytest.raises(CaseCannotMove):
            move(status, by)


def test_every_state_is_reached_and_only_the_citizens_answer_moves_a_closed_case() -> None:
    assert set(TRANSITIONS.values()) == set(CaseStatus)
    after_closing = {(status, by) for status, by in TRANSITIONS if status is not None and status not in OPEN}
    answered = {CaseMove.EVALUATE, CaseMove.REOPEN, CaseMove.FILE_AGAIN}
    assert after_closing == {(CaseStatus.CLOSED, by) for by in answered}


@pytest.mark.parametrize("status", sorted(OPEN))
def test_whatever_is_open_may_be_urged_supervised_and_withdrawn(status: CaseStatus) -> None:
    assert move(status, CaseMove.URGE) is move(status, CaseMove.SUPERVISE) is status
    assert move(status, CaseMove.WITHDRAW) is CaseStatus.CLOSED


@pytest.mark.parametrize(
    ("dialed", "prefix"),
    [
        ("96010", "96010"),
        ("12345", "12345"),
        ("01065120001", "01065120001"),
        (None, "96010"),
        ("", "96010"),
        ("s", "96010"),
        ("9", "96010"),
        ("96010; DROP", "96010"),
        ("９６０１０", "96010"),
        ("1" * 40, "96010"),
    ],
)
def test_the_number_begins_with_what_was_dialed(dialed: str | None, prefix: str) -> None:
    assert prefix_of(dialed) == prefix


def test_the_day_changes_at_midnight_in_beijing() -> None:
    assert day_of(datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert day_of(datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_a_case_number_as_the_trade_writes_it() -> None:
    assert case_number("96010", date(2026, 11, 22), 123) == "96010-20261122-000123"
    assert case_number("96010", date(2026, 11, 22), 1_234_567) == "96010-20261122-1234567"


@given(
    st.timedeltas(timedelta(0), timedelta(days=30_000)),
    st.integers(1, 999_998),
    st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_later_numbers_sort_later(since: timedelta, count: int, later: timedelta) -> None:
    moment = datetime(2000, 1, 1, tzinfo=UTC) + since
    first, second = case_number("96010", day_of(moment), count), case_number("96010", day_of(moment + later), count + 1)
    assert first < second
