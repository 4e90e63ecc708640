"""The plan of a simulated day."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.day import HOURS, DayResult, _compared, plan
from backend.calls.day_differences import DayComparison, DayDifference, DayDifferenceKind
from backend.calls.reconcile_day import DayReconciler
from backend.kernel import clock


@given(st.integers(1, 20_000), st.floats(10, 90_000))
def test_every_call_has_its_hour_and_every_hour_its_place(calls: int, length_s: float) -> None:
    hours = plan(calls, length_s)
    assert sum(hour.calls for hour in hours) == calls
    assert all(hour.calls > 0 for hour in hours)
    assert all(0 <= hour.after_s < length_s for hour in hours)
    assert [hour.after_s for hour in hours] == sorted(hour.after_s for hour in hours)


def test_the_morning_is_busier_than_the_night() -> None:
    hours = plan(2000, 1200)
    assert len(hours) == len(HOURS) == 24
    assert hours[10].calls == 150
    assert hours[3].calls == 10
    assert sum(HOURS) == pytest.approx(100)


@pytest.mark.parametrize(
    ("compared", "differences", "whole"), [(64, 0, True), (63, 0, False), (64, 1, False), (65, 0, False)]
)
def test_a_day_is_whole_when_every_call_was_compared_and_none_differs(
    compared: int, differences: int, whole: bool
) -> None:
    result = DayResult(
        placed=60, called=4, compared=compared, answered=50, abandoned=10, held=5, handed_over=2, rings_refused=1,
        reached=3, differences=differences,
    )  # fmt: skip
    assert result.whole is whole


class WritesLate:
    """Asterisk's file has the row of the last call only at the third look."""

    def __init__(self) -> None:
        self.looks = 0

    async def compare(self, *_: object, **__: object) -> DayComparison:
        self.looks += 1
        missing = DayDifference(DayDifferenceKind.NOT_IN_CDR, "c1", "answered", "")
        return DayComparison(1, (missing,) if self.looks < 3 else ())


async def test_the_row_that_is_written_a_moment_after_the_last_hang_up_is_waited_for() -> None:
    days = WritesLate()
    found = await _compared(cast("DayReconciler", days), clock.now())
    assert (found.unexplained, days.looks) == (0, 3)
