"""How long somebody who mistyped has to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backend.identity.throttle import PER_ADDRESS, PER_USERNAME, Limit, wait_seconds

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LIMITS = st.sampled_from([PER_USERNAME, PER_ADDRESS])
AGES = st.lists(st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=2)), max_size=200)


def failures(*ages_s: float) -> list[datetime]:
    return [NOW - timedelta(seconds=age) for age in ages_s]


def test_a_few_slips_cost_nothing() -> None:
    assert wait_seconds(failures(1, 2, 3, 4), NOW, PER_USERNAME) == 0


def test_the_wait_doubles_with_each_further_failure() -> None:
    limit = Limit(free=1, first_wait=timedelta(seconds=5), longest_wait=timedelta(minutes=1), window=timedelta(hours=1))
    assert [wait_seconds(failures(*[0.0] * count), NOW, limit) for count in range(7)] == [0, 5, 10, 20, 40, 60, 60]


def test_the_wait_runs_from_the_last_failure() -> None:
    assert wait_seconds(failures(2, 50, 51, 52, 53), NOW, PER_USERNAME) == 3
    assert wait_seconds(failures(5, 50, 51, 52, 53), NOW, PER_USERNAME) == 0


def test_failures_outside_the_window_are_forgotten() -> None:
    old = PER_USERNAME.window.total_seconds()
    assert wait_seconds(failures(*[old] * 50), NOW, PER_USERNAME) == 0


@given(AGES, LIMITS)
def test_nobody_is_locked_out_for_longer_than_the_cap(ages: list[timedelta], limit: Limit) -> None:
    times = [NOW - age for age in ages]
    wait = wait_seconds(times, NOW, limit)
    assert 0 <= wait <= limit.longest_wait.total_seconds()
    assert wait_seconds(times, NOW + timedelta(seconds=wait), limit) == 0


@given(AGES, LIMITS)
def test_one_more_failure_never_shortens_the_wait(ages: list[timedelta], limit: Limit) -> None:
    times = [NOW - age for age in ages]
    assert wait_seconds([*times, NOW], NOW, limit) >= wait_seconds(times, NOW, limit)
