"""Rules of the loop that need a certain day or a certain count: pure, so they are tried without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from backend.cases.schemas import CaseStatus
from backend.deadlines import clocks
from backend.deadlines.rules import load_timekeeping
from backend.dispatch import case_moves, task_moves
from backend.dispatch.direct import Plain, direct_units
from backend.dispatch.errors import TooLateToExtend
from backend.dispatch.guards import Asked, EscalationShare
from backend.dispatch.life import Actor, Life, Occasion, Unit
from backend.dispatch.progress import handling
from backend.dispatch.schemas import TaskRole
from backend.kernel.config import PROJECT_ROOT
from backend.units.schemas import UnitKind

CONFIGS = PROJECT_ROOT / "configs"
TIME = load_timekeeping(CONFIGS / "calendar.yaml", CONFIGS / "deadlines.yaml")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
STREET = Unit("110101013", "东花市", UnitKind.STREET)
COMMUNITY = Unit("110101013007", "忠实里", UnitKind.COMMUNITY)
WATER = Unit("D35", "区水务局", UnitKind.DEPARTMENT)
UNITS = {unit.code: unit for unit in (STREET, COMMUNITY, WATER)}
FILED = Life(CaseStatus.FILED, "normal", "0102", reachable=False)


def at(hours: float = 0) -> Occasion:
    return Occasion(NOW + timedelta(hours=hours), Actor(uuid4(), STREET.code), TIME)


@pytest.mark.parametrize(
    ("plain", "asked"),
    [
        (Plain("street", STREET.code, None), [(STREET, TaskRole.LEAD)]),
        (Plain("street", STREET.code, COMMUNITY.code), [(STREET, TaskRole.LEAD), (COMMUNITY, TaskRole.HELP)]),
        (Plain("street", STREET.code, "110101013001"), [(STREET, TaskRole.LEAD)]),
        (Plain("street", "110101001", COMMUNITY.code), []),
        (Plain("D35", STREET.code, COMMUNITY.code), [(WATER, TaskRole.LEAD)]),
        (Plain("D99", STREET.code, COMMUNITY.code), []),
        (Plain(None, STREET.code, COMMUNITY.code), []),
    ],
)
def test_street_and_community_get_it_at_once_or_the_department_whose_duty_it_is(
    plain: Plain, asked: list[tuple[Unit, TaskRole]]
) -> None:
    assert direct_units((), plain, UNITS.get) == [Asked(*each) for each in asked]


def test_what_was_dispatched_before_is_no_plain_case() -> None:
    sent = case_moves.dispatch(FILED, [Asked(STREET, TaskRole.LEAD)], "", at()).life
    back = task_moves.refuse(sent, 1, "不归", at()).life
    assert direct_units(back.tasks, Plain("street", STREET.code, None), UNITS.get) == []


@pytest.mark.parametrize(
    ("received", "escalated", "used_up"),
    [(1, 0, False), (5, 4, False), (6, 5, True), (29, 5, True), (30, 5, False), (30, 6, True), (100, 19, False)],
)
def test_a_few_are_free_and_then_a_share_of_all(received: int, escalated: int, used_up: bool) -> None:
    assert EscalationShare(received, escalated, most_percent=20, free=5).used_up is used_up


def test_more_time_is_asked_for_before_the_limit() -> None:
    sent = case_moves.dispatch(FILED, [Asked(STREET, TaskRole.LEAD)], "", at()).life
    signed = task_moves.sign(sent, 1, at(1)).life
    until = clocks.due(signed.clocks[handling(1)].clock, TIME.calendar)
    hours = (until - NOW) / timedelta(hours=1)
    assert task_moves.ask_extension(signed, 1, 1, "等", at(hours)).life.extensions
    with pytest.raises(TooLateToExtend):
        task_moves.ask_extension(signed, 1, 1, "等", at(hours + 0.01))


def test_an_extension_moves_the_report_back_only_as_far_as_it_must() -> None:
    sent = case_moves.dispatch(FILED, [Asked(STREET, TaskRole.LEAD)], "", at()).life
    asked = task_moves.ask_extension(task_moves.sign(sent, 1, at()).life, 1, 3, "等", at()).life
    leader, centre = Actor(uuid4(), STREET.code), Actor(uuid4())
    agreed = task_moves.agree_extension(asked, 1, Occasion(NOW, leader, TIME)).life
    granted = task_moves.grant_extension(agreed, 1, Occasion(NOW, centre, TIME)).life
    dues = {key: clocks.due(kept.clock, TIME.calendar) for key, kept in granted.clocks.items() if kept.runs}
    before = {clocks.due(sent.clocks[key].clock, TIME.calendar) for key in dues}
    assert len(set(dues.values())) == len(before) == 1, "both end together, as both had the same limit"
    assert min(dues.values()) > max(before)
