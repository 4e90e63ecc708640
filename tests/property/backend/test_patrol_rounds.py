"""When a closed case is visited, and what counts as the same point: whatever the day and the plan."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from backend.cases.recurrence import family
from backend.deadlines.calendar import WorkingCalendar
from backend.grid.measure import metres_between
from backend.kernel.clock import beijing
from backend.kernel.config import PROJECT_ROOT
from backend.patrols.schedule import rounds
from backend.patrols.settings import DayKind, PatrolPlan, load_settings

SETTINGS = load_settings(PROJECT_ROOT / Path("configs/patrols.yaml"))
CALENDAR = WorkingCalendar("test", ((time(9), time(18)),))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
TIMES = st.sampled_from([(time(10),), (time(10), time(16)), (time(9), time(14), time(19)), (time(0, 30), time(12))])
PLANS = st.builds(
    PatrolPlan, name=st.just("p"), days=st.integers(1, 40), day_kind=st.sampled_from(DayKind), rounds=TIMES
)


@given(closed_at=MOMENTS, plan=PLANS)
def test_visits_follow_the_closing_one_after_the_other(closed_at: datetime, plan: PatrolPlan) -> None:
    found = rounds(closed_at, plan, SETTINGS, CALENDAR)
    assert [each.n for each in found] == list(range(1, plan.days * len(plan.rounds) + 1))
    for each in found:
        assert closed_at <= each.opens_at <= each.due_at <= each.ends_at
        assert beijing(each.due_at).date() > beijing(closed_at).date()
        assert beijing(each.due_at).time() in plan.rounds
        if plan.day_kind is DayKind.WORKING:
            assert CALENDAR.is_working_day(beijing(each.due_at).date())
    assert all(one.ends_at <= following.opens_at for one, following in pairwise(found))
    assert len({beijing(each.due_at).date() for each in found}) == plan.days


@given(closed_at=MOMENTS, plan=PLANS, hours=st.integers(-12, 12))
def test_the_zone_of_the_clock_changes_nothing(closed_at: datetime, plan: PatrolPlan, hours: int) -> None:
    elsewhere = closed_at.astimezone(timezone(timedelta(hours=hours)))
    assert rounds(elsewhere, plan, SETTINGS, CALENDAR) == rounds(closed_at, plan, SETTINGS, CALENDAR)


POINTS = st.tuples(st.floats(116.3, 116.5), st.floats(39.8, 40.0))


@given(one=POINTS, other=POINTS, third=POINTS)
def test_metres_are_a_distance(
    one: tuple[float, float], other: tuple[float, float], third: tuple[float, float]
) -> None:
    assert metres_between(one, one) == 0
    assert metres_between(one, other) == metres_between(other, one)
    direct, around = metres_between(one, third), metres_between(one, other) + metres_between(other, third)
    assert direct <= around * 1.01 + 1


def test_a_family_is_cut_at_its_level() -> None:
    assert [family("0205", levels) for levels in (1, 2, 3)] == ["02", "0205", "0205"]
    assert [family("S050101", levels) for levels in (1, 2, 3)] == ["S05", "S0501", "S050101"]
