"""Thousands of whole lives of cases, a few at a time, each act by whoever comes next: one case's lives at speed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from backend.cases.schemas import CaseStatus
from backend.deadlines.clocks import Limit, LimitKind
from backend.dispatch.guards import Asked
from backend.dispatch.life import Life, Unit
from backend.dispatch.schemas import TaskRole

from .test_lives_of_cases import COMMUNITIES, DEPARTMENTS, STREETS, Lives

EVERY_UNIT = [*STREETS, *DEPARTMENTS, *COMMUNITIES]
URGENCIES = ["normal", "urgent", "emergency"]
AT_A_TIME, ACTS, LIVES = 3, 120, 2100
Act = Callable[[Lives, Random], None]


def _unit(dice: Random) -> Unit:
    return dice.choice(EVERY_UNIT)


def _asked(dice: Random) -> list[Asked]:
    roles = [TaskRole.LEAD, *dice.choices([TaskRole.HELP, TaskRole.LEAD], weights=[5, 1], k=dice.randint(0, 2))]
    return [Asked(unit, role) for unit, role in zip(dice.sample(EVERY_UNIT, len(roles)), roles, strict=True)]


USUAL: list[Act] = [
    lambda one, dice: one.goes_well(_unit(dice)),
    lambda one, dice: one.goes_well_again(_unit(dice)),
    lambda one, dice: one.goes_badly(_unit(dice)),
    lambda one, dice: one.dispatch(_asked(dice)),
    lambda one, dice: one.time_passes(dice.randint(1, 200)),
]
ANYTIME: list[Act] = [
    lambda one, dice: one.suspend(dice.randint(-1, 400)),
    lambda one, dice: one.change_urgency(dice.choice(URGENCIES)),
    lambda one, dice: one.declare_hard(dice.randint(0, 2)),
    lambda one, dice: one.press(dice.choice(["urge", "supervise", "add", "add_urging", "out"])),
]
WITH_OPEN_TASKS: list[Act] = [
    lambda one, dice: one.act_on_task(dice.randint(0, 5), dice.choice(["sign", "refuse", "contact", "report"])),
    lambda one, dice: one.escalate(dice.randint(0, 5), dice.random() < 0.5),
    lambda one, dice: one.whistle(dice.randint(0, 5), dice.sample(DEPARTMENTS, dice.randint(1, 2))),
    lambda one, dice: one.ask_for_time(dice.randint(0, 5), dice.choice([1, 1, 2, 20]), dice.randint(2, 5)),
]
WITH_TASKS: list[Act] = [
    lambda one, dice: one.act_on_any_task(dice.randint(0, 5), dice.choice(["sign", "refuse", "report"])),
]
IN: dict[CaseStatus, list[Act]] = {
    CaseStatus.COORDINATION: [lambda one, dice: one.decide(_asked(dice))],
    CaseStatus.SUSPENDED: [lambda one, dice: one.resume()],
    CaseStatus.REPORTED: [lambda one, dice: one.judge(dice.randint(0, 5), dice.choice(["rework", "verify", "close"]))],
    CaseStatus.VERIFIED: [lambda one, dice: one.judge(dice.randint(0, 5), dice.choice(["rework", "verify", "close"]))],
    CaseStatus.CLOSED: [
        lambda one, dice: one.call_back(dice.random() < 0.5),
        lambda one, dice: one.find_it_back(),
        lambda one, dice: one.appeal(dice.randint(0, 5), dice.randint(0, 5)) if one.life.tasks else None,
    ],
}
WITH_EXTENSIONS: list[Act] = [
    lambda one, dice: one.both_levels_agree(),
    lambda one, dice: one.decide_on_time(dice.randint(0, 5), dice.randint(0, 8), dice.choice(["agree", "grant"])),
]
WITH_APPEAL: list[Act] = [lambda one, dice: one.review(dice.randint(0, 5), dice.random() < 0.7)]


def somebody_acts(one: Lives, dice: Random) -> None:
    """The next act, of what can be tried as the case stands: most often what usually comes next."""
    life = one.life
    if dice.random() < 0.5:
        dice.choice(USUAL)(one, dice)
        return
    acts = [*ANYTIME, *IN.get(life.status, [])]
    acts += WITH_OPEN_TASKS if life.open_tasks else []
    acts += WITH_TASKS if life.tasks else []
    acts += WITH_EXTENSIONS if life.extensions else []
    acts += WITH_APPEAL if life.appeal is not None else []
    dice.choice(acts)(one, dice)


def born(dice: Random) -> Lives:
    """A case that was just filed."""
    one = Lives()
    limit = Limit(dice.choice(list(LimitKind)), dice.randint(1, 10)) if dice.random() < 0.5 else None
    class_code = dice.choice(["0101", "0401", "1101"])
    one.file(Life(CaseStatus.FILED, dice.choice(URGENCIES), class_code, dice.random() < 0.5, limit))
    return one


class Generations(RuleBasedStateMachine):
    """A few cases at a time live their whole lives; whatever always holds is looked at after every move."""

    @rule(seed=st.integers(0, 2**32))
    def a_few_cases_live(self, seed: int) -> None:
        dice = Random(seed)
        cases = [born(dice) for _ in range(AT_A_TIME)]
        always: list[Any] = [each.function for each in cases[0].invariants]
        for _ in range(ACTS):
            one = dice.choice(cases)
            told = len(one.entries)
            somebody_acts(one, dice)
            if len(one.entries) != told:
                for holds in always:
                    holds(one)


TestGenerations = Generations.TestCase
TestGenerations.settings = settings(max_examples=LIVES // AT_A_TIME // 25, stateful_step_count=25, deadline=None)
