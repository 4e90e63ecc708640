"""Boards: whatever was counted, the parts add up to the whole, and every day of the hall lies in one part."""

from __future__ import annotations

from dataclasses import astuple
from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from backend.boards.period import MOST_DAYS, Period, period
from backend.boards.tally import Cell, RuleCell, Tally, by
from backend.boards.views import Counted, Names, board, figures
from backend.kernel.clock import BEIJING, beijing

AGENTS = [None, *(UUID(int=n) for n in range(1, 5))]
COUNTS = st.integers(0, 40)
TALLIES = st.builds(Tally, *[COUNTS] * len(astuple(Tally())))
PERIODS = st.builds(
    lambda first, days: Period(first, first + timedelta(days=days)),
    st.dates(date(2000, 1, 1), date(2090, 1, 1)),
    st.integers(0, MOST_DAYS - 1),
)


@st.composite
def counted(draw: st.DrawFn, seen: Period) -> Counted:
    days = st.integers(0, len(seen) - 1).map(lambda n: seen.first + timedelta(days=n))
    cells = st.builds(Cell, st.sampled_from(AGENTS), st.sampled_from([None, "q1", "q2"]), days, TALLIES)
    severity = st.sampled_from(["fatal", "major", "minor", "praise"])
    rules = st.builds(RuleCell, st.sampled_from(["a", "b"]), st.integers(1, 3), severity, COUNTS, COUNTS, COUNTS)
    return Counted(seen, draw(st.lists(cells, max_size=12)), draw(st.lists(rules, max_size=6)))


@given(PERIODS)
def test_parts_cover_each_day_once_and_in_order(seen: Period) -> None:
    parts = seen.parts
    assert [day for part in parts for day in part.days] == list(seen.days)
    assert all(seen.part_of(day) == n for n, part in enumerate(parts) for day in part.days)
    assert all(len(part) <= 7 for part in parts)
    assert all(part.first.weekday() == 0 for part in parts[1:] if len(parts) < len(seen))


@given(PERIODS, st.data())
def test_a_moment_is_in_the_period_when_its_day_in_beijing_is(seen: Period, data: st.DataObject) -> None:
    edge = data.draw(st.sampled_from([seen.since, seen.until]))
    moment = edge + data.draw(st.timedeltas(timedelta(days=-2), timedelta(days=2)))
    assert (seen.since <= moment < seen.until) == (seen.first <= beijing(moment).date() <= seen.last)


@given(PERIODS)
def test_the_period_before_is_as_long_and_ends_the_day_before(seen: Period) -> None:
    assert len(seen.before) == len(seen)
    assert seen.before.until == seen.since
    assert seen.since == datetime(seen.first.year, seen.first.month, seen.first.day, tzinfo=BEIJING)


@given(st.data())
def test_the_parts_of_a_board_add_up_to_the_whole(data: st.DataObject) -> None:
    seen = data.draw(PERIODS)
    now, before = data.draw(counted(seen)), data.draw(counted(seen.before))
    teams = st.sampled_from([None, "甲班", "乙班"])
    people = {agent: (f"agent {agent}", data.draw(teams)) for agent in AGENTS if agent}
    shown = board(now, before, Names(people, {"q1": "一队"}, {}, {}))
    for parts in (
        [each.figures for each in shown.agents],
        [each.figures for each in shown.teams],
        [each.figures for each in shown.queues],
        [each.figures for each in shown.parts],
    ):
        for name in ("calls", "calls_hit", "calls_fatal", "calls_praised", "hits", "unsure", "praise", "reviews"):
            assert sum(getattr(part, name) for part in parts) == getattr(shown.total, name), name
        assert sum(part.granted.part for part in parts) == shown.total.granted.part
        assert sum(part.passed.whole for part in parts) == shown.total.passed.whole
    assert len(shown.parts) == len(seen.parts)
    assert all(len(agent.trend) == len(seen.parts) for agent in shown.agents)
    assert sum(rule.hits for rule in shown.rules) == sum(cell.hits for cell in now.rules)
    assert len({rule.rule_id for rule in shown.rules}) == len(shown.rules)


@given(st.lists(TALLIES, max_size=8), st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_any_way_to_part_calls_gives_the_same_whole(tallies: list[Tally], keys: list[int]) -> None:
    cells = [Cell(AGENTS[key], None, date(2026, 2, 28), tally) for key, tally in zip(keys, tallies, strict=False)]
    assert Tally.sum(by(cells, lambda cell: cell.agent).values()) == Tally.sum(tallies)


@given(TALLIES)
def test_a_rate_is_there_when_something_was_checked_and_grows_with_the_hits(tally: Tally) -> None:
    shown = figures(tally)
    assert (shown.per_100 is None) == (tally.calls == 0)
    assert (shown.mean_score is None) == (tally.reviews == 0)
    if tally.calls:
        more = figures(tally + Tally(hits=1)).per_100
        assert (more or 0) > (shown.per_100 or 0)


@given(st.dates(date(2001, 1, 1), date(2080, 1, 1)), st.integers(0, MOST_DAYS - 1), st.integers(0, 400))
def test_what_may_be_asked_for_is_what_is_shown(last: date, days: int, later: int) -> None:
    first = last - timedelta(days=days)
    seen = period(first, last, last + timedelta(days=later))
    assert (seen.first, seen.last) == (first, last)
