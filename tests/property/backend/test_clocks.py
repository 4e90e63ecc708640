"""Clocks hold what they promise on any calendar, with any pauses, whatever happens to their limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from backend.deadlines import clocks
from backend.deadlines.calendar import WorkingCalendar
from backend.deadlines.clocks import Clock, Limit, LimitKind, Pause, due, moment_of, remaining, used

CALENDAR = WorkingCalendar(version="test", hours=((time(9), time(12)), (time(13), time(18))))
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=270)).map(lambda since: datetime(2026, 1, 1, tzinfo=UTC) + since)
SPANS = st.timedeltas(timedelta(0), timedelta(days=40))
LIMITS = st.builds(Limit, st.sampled_from(LimitKind), st.integers(1, 60))
ZONES = st.sampled_from([ZoneInfo(name) for name in ("Asia/Shanghai", "UTC", "America/New_York", "Europe/London")])


@st.composite
def pauses(draw: st.DrawFn) -> Pause:
    begins = draw(MOMENTS)
    return Pause(begins, begins + draw(SPANS))


@st.composite
def some_clocks(draw: st.DrawFn) -> Clock:
    clock = Clock(draw(MOMENTS), draw(LIMITS), pauses=tuple(draw(st.lists(pauses(), max_size=3))))
    return replace(clock, carried=draw(st.timedeltas(timedelta(0), timedelta(days=3))))


@given(some_clocks())
def test_nothing_is_due_before_it_began(clock: Clock) -> None:
    assert due(clock, CALENDAR) >= clock.start


@given(some_clocks(), SPANS)
def test_a_later_start_is_never_due_earlier(clock: Clock, later: timedelta) -> None:
    assert due(replace(clock, start=clock.start + later), CALENDAR) >= due(clock, CALENDAR)


@given(some_clocks(), st.integers(1, 30))
def test_more_time_is_never_due_earlier(clock: Clock, more: int) -> None:
    longer = replace(clock, limit=Limit(clock.limit.kind, clock.limit.amount + more))
    assert due(longer, CALENDAR) >= due(clock, CALENDAR)
    assert due(clocks.extended(clock, more, CALENDAR), CALENDAR) == due(longer, CALENDAR)


@given(some_clocks(), MOMENTS, ZONES)
def test_the_zone_in_which_moments_are_stored_changes_nothing(clock: Clock, now: datetime, zone: ZoneInfo) -> None:
    elsewhere = replace(
        clock,
        start=clock.start.astimezone(zone),
        pauses=tuple(Pause(each.begins.astimezone(zone), each.ends.astimezone(zone)) for each in clock.pauses),
    )
    assert due(elsewhere, CALENDAR) == due(clock, CALENDAR)
    assert used(elsewhere, now.astimezone(zone), CALENDAR) == used(clock, now, CALENDAR)


@given(some_clocks(), MOMENTS, SPANS)
def test_what_is_used_never_falls_and_never_outruns_the_time_that_passes(
    clock: Clock, now: datetime, later: timedelta
) -> None:
    first, then = used(clock, now, CALENDAR), used(clock, now + later, CALENDAR)
    assert clock.carried <= first <= then <= first + later


@given(some_clocks())
def test_at_the_limit_exactly_all_is_used(clock: Clock) -> None:
    total = clock.total(CALENDAR)
    assert used(clock, due(clock, CALENDAR), CALENDAR) == max(total, clock.carried)
    if total > clock.carried:
        assert remaining(clock, due(clock, CALENDAR) - timedelta(microseconds=1), CALENDAR) > timedelta(0)


@given(some_clocks(), st.integers(0, 100), st.integers(0, 100))
def test_the_moments_of_rising_parts_rise(clock: Clock, one: int, other: int) -> None:
    low, high = sorted((one, other))
    total = clock.total(CALENDAR)
    assert moment_of(clock, total * low / 100, CALENDAR) <= moment_of(clock, total * high / 100, CALENDAR)


@given(MOMENTS, LIMITS, st.integers(0, 99), SPANS)
def test_a_pause_adds_exactly_the_time_that_would_have_counted(
    start: datetime, limit: Limit, percent: int, length: timedelta
) -> None:
    clock = Clock(start, limit)
    begins = start + (due(clock, CALENDAR) - start) * percent / 100
    whole = clocks.paused(clock, begins, begins + length)
    counted = used(Clock(begins, limit), begins + length, CALENDAR)
    assert due(whole, CALENDAR) == moment_of(clock, clock.total(CALENDAR) + counted, CALENDAR)


@given(some_clocks(), SPANS, LIMITS)
def test_another_limit_keeps_the_time_already_used(clock: Clock, after: timedelta, limit: Limit) -> None:
    now = clock.start + after
    changed = clocks.with_limit(clock, limit, now, CALENDAR)
    assert used(changed, now, CALENDAR) == used(clock, now, CALENDAR)
    assert due(changed, CALENDAR) >= now


@given(some_clocks(), SPANS, SPANS)
def test_a_clock_that_stood_still_goes_on_with_what_it_had_used(
    clock: Clock, after: timedelta, still: timedelta
) -> None:
    stopped = clock.start + after
    again = clocks.restarted(clock, stopped, stopped + still, CALENDAR)
    assert used(again, stopped + still, CALENDAR) == used(clock, stopped, CALENDAR)
    assert due(again, CALENDAR) >= stopped + still


@given(some_clocks(), SPANS, SPANS, SPANS)
def test_resuming_early_gives_the_rest_of_the_pause_back(
    clock: Clock, after: timedelta, length: timedelta, until: timedelta
) -> None:
    begins = clock.start + after
    back = begins + min(until, length)
    whole = clocks.paused(replace(clock, pauses=()), begins, begins + length)
    short = clocks.resumed(whole, back)
    assert used(short, back, CALENDAR) == used(whole, back, CALENDAR)
    assert due(short, CALENDAR) <= due(whole, CALENDAR)


@given(st.dates(date(2026, 1, 1), date(2026, 9, 30)), st.integers(1, 20))
def test_a_working_day_later_at_the_same_hour(day: date, amount: int) -> None:
    start = datetime.combine(day, time(10), ZoneInfo("Asia/Shanghai"))
    end = due(Clock(start, Limit(LimitKind.WORKING_DAYS, amount)), CALENDAR).astimezone(ZoneInfo("Asia/Shanghai"))
    if CALENDAR.is_working_day(day):
        assert end.time() == time(10)
    days = [day + timedelta(days=n) for n in range(1, (end.date() - day).days + 1)]
    worked = sum(CALENDAR.is_working_day(each) for each in days)
    assert worked == amount
