"""Which days a board is about."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from backend.boards.errors import PeriodInvalid
from backend.boards.period import Period, period

TODAY = date(2026, 3, 1)


def test_without_a_wish_it_is_today() -> None:
    assert period(None, None, TODAY) == Period(TODAY, TODAY)
    assert period(None, date(2026, 2, 3), TODAY) == Period(date(2026, 2, 3), date(2026, 2, 3))
    assert period(date(2026, 2, 27), None, TODAY) == Period(date(2026, 2, 27), TODAY)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 2, 2), date(2026, 2, 1)),
        (date(2025, 11, 29), TODAY),
        (TODAY, date(2026, 3, 2)),
        (date(1, 1, 1), date(1, 1, 1)),
        (date.max, date.max),
    ],
)
def test_no_days_too_many_or_days_to_come_are_refused(first: date, last: date) -> None:
    with pytest.raises(PeriodInvalid):
        period(first, last, TODAY)


def test_a_day_begins_at_midnight_in_beijing_also_at_the_end_of_a_month() -> None:
    seen = Period(date(2026, 2, 28), date(2026, 3, 1))
    assert seen.since == datetime(2026, 2, 27, 16, tzinfo=UTC)
    assert seen.until == datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert seen.before == Period(date(2026, 2, 26), date(2026, 2, 27))


def test_a_long_period_goes_by_weeks_that_begin_on_monday() -> None:
    seen = Period(date(2026, 1, 1), date(2026, 2, 15))  # a Thursday to a Sunday
    assert [(each.first.day, each.last.day) for each in seen.parts] == [
        (1, 4), (5, 11), (12, 18), (19, 25), (26, 1), (2, 8), (9, 15),
    ]  # fmt: skip
    assert (seen.part_of(date(2026, 1, 4)), seen.part_of(date(2026, 1, 5))) == (0, 1)
