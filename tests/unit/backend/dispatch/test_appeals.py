"""The time-out appeal as pure moves: its table, whose clock ran out, and what is exempted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.cases.schemas import CaseStatus
from backend.deadlines import kept
from backend.deadlines.clocks import Clock, Limit, LimitKind
from backend.deadlines.kept import ClockKey, Kept
from backend.deadlines.rules import load_timekeeping
from backend.deadlines.schemas import ClockName, ClockState
from backend.dispatch import appeal_moves as appeals
from backend.dispatch.errors import AppealCannotMove, AppealTooLate, NoClockRanOut
from backend.dispatch.guards import clocks_run_out
from backend.dispatch.life import Actor, Life, Occasion, Task, Unit
from backend.dispatch.schemas import AppealState, TaskRole, TaskState
from backend.dispatch.states import APPEAL_TRANSITIONS, OPEN_APPEALS, AppealMove, move_appeal
from backend.kernel.clock import beijing
from backend.kernel.config import PROJECT_ROOT
from backend.units.schemas import UnitKind

CONFIGS = PROJECT_ROOT / "configs"
TIME = load_timekeeping(CONFIGS / "calendar.yaml", CONFIGS / "deadlines.yaml")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
STREET, WATER = Unit("S0", "street", UnitKind.STREET), Unit("D0", "water", UnitKind.DEPARTMENT)
STATES = st.sampled_from(ClockState)


def at(user: int, unit: str | None = None) -> Occasion:
    return Occasion(NOW, Actor(UUID(int=user), unit), TIME)


def a_clock(state: ClockState) -> Kept:
    ended = None if state is ClockState.RUNNING else NOW
    return Kept(
        Clock(NOW - timedelta(days=9), Limit(LimitKind.CALENDAR_DAYS, 3)), NOW - timedelta(days=9), state, ended
    )


def closed(lead: ClockState, helper: ClockState, feedback: ClockState) -> Life:
    tasks = [
        Task(n, unit, role, NOW, TaskState.REPORTED, ended_at=NOW)
        for n, (unit, role) in enumerate([(STREET, TaskRole.LEAD), (WATER, TaskRole.HELP)], 1)
    ]
    clocks = {
        ClockKey(ClockName.HANDLING, 1): a_clock(lead),
        ClockKey(ClockName.HANDLING, 2): a_clock(helper),
        ClockKey(ClockName.FEEDBACK): a_clock(feedback),
    }
    life = Life(CaseStatus.CLOSED, "normal", "0101", reachable=True, tasks=tuple(tasks), clocks=clocks)
    return replace(life, closed_at=NOW)


def test_what_is_decided_is_decided() -> None:
    for state in set(AppealState) - OPEN_APPEALS:
        for by in AppealMove:
            with pytest.raises(AppealCannotMove):
                move_appeal(state, by)
    assert {after for (_, by), after in APPEAL_TRANSITIONS.items() if by is AppealMove.GRANT} == {AppealState.GRANTED}


@given(lead=STATES, helper=STATES, feedback=STATES)
def test_a_unit_answers_for_its_own_clocks_and_the_lead_for_the_report_back(
    lead: ClockState, helper: ClockState, feedback: ClockState
) -> None:
    life = closed(lead, helper, feedback)
    missed = ClockState.MISSED
    wanted = [(ClockName.HANDLING, 1)] * (lead is missed) + [(ClockName.FEEDBACK, 0)] * (feedback is missed)
    assert [(key.name, key.part) for key in clocks_run_out(life, "S0")] == wanted
    assert len(clocks_run_out(life, "D0")) == (helper is missed)
    assert clocks_run_out(life, "D1") == ()


@given(lead=STATES, helper=STATES, feedback=STATES, n=st.sampled_from([1, 2]))
def test_two_who_agree_exempt_what_the_appeal_is_about_and_nothing_else(
    lead: ClockState, helper: ClockState, feedback: ClockState, n: int
) -> None:
    life = closed(lead, helper, feedback)
    unit = life.task(n).unit.code
    if not clocks_run_out(life, unit):
        with pytest.raises(NoClockRanOut):
            appeals.make(life, n, "rain", at(1, unit))
        return
    made = appeals.make(life, n, "rain", at(1, unit)).life
    supported = appeals.agree(made, "true", at(2)).life
    assert supported.clocks == life.clocks
    granted = appeals.agree(supported, "true", at(3)).life
    exempted = {key for key, each in granted.clocks.items() if each.exempted}
    assert exempted == set(clocks_run_out(life, unit))
    for key, each in granted.clocks.items():
        assert replace(each, exempted=False) == life.clocks[key], "the fact itself stays as it was"


@given(states=st.lists(STATES, min_size=1, max_size=4), chosen=st.sets(st.integers(0, 3)))
def test_only_what_ran_out_can_be_exempted(states: list[ClockState], chosen: set[int]) -> None:
    clocks = {ClockKey(ClockName.HANDLING, n): a_clock(state) for n, state in enumerate(states)}
    after = kept.exempt(clocks, {ClockKey(ClockName.HANDLING, n) for n in chosen})
    assert {key.part for key, each in after.items() if each.exempted} == {
        n for n, state in enumerate(states) if n in chosen and state is ClockState.MISSED
    }


@given(closed_at=st.integers(0, 300 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)))
def test_the_last_moment_to_appeal_is_the_end_of_the_tenth_working_day(closed_at: datetime) -> None:
    ends = TIME.appeal_ends(closed_at)
    assert TIME.calendar.is_working_day(beijing(ends - timedelta(seconds=1)).date())
    first = beijing(closed_at).date() + timedelta(days=1)
    days = [first + timedelta(days=n) for n in range((beijing(ends).date() - first).days)]
    assert sum(TIME.calendar.is_working_day(day) for day in days) == TIME.appeal_days
    life = replace(closed(ClockState.MISSED, ClockState.MET, ClockState.MET), closed_at=closed_at)
    in_time = replace(at(1, "S0"), now=ends - timedelta(seconds=1))
    assert appeals.make(life, 1, "rain", in_time).life.appeal is not None
    with pytest.raises(AppealTooLate):
        appeals.make(life, 1, "rain", replace(in_time, now=ends))
