"""Random groups 群诉: whoever is merged, moved, called back or taken out in whatever order, their rules hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from backend.cases.schemas import CaseStatus
from backend.cases.states import OPEN, CaseMove
from backend.deadlines import kept
from backend.deadlines.rules import load_timekeeping
from backend.dispatch import case_moves as cases
from backend.dispatch import group_moves as groups
from backend.dispatch import task_moves as tasks
from backend.dispatch.guards import Asked
from backend.dispatch.life import Actor, Kin, Life, Moved, Occasion, Unit
from backend.dispatch.progress import DISPATCH
from backend.dispatch.schemas import ClosedAs, TaskRole, TaskState
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.errors import Conflict, Forbidden, NotFound
from backend.units.schemas import UnitKind

CONFIGS = PROJECT_ROOT / "configs"
TIME = load_timekeeping(CONFIGS / "calendar.yaml", CONFIGS / "deadlines.yaml")
UNITS = [Unit("S0", "street", UnitKind.STREET), Unit("D0", "department", UnitKind.DEPARTMENT)]
CASES = 5
NTH = st.integers(0, CASES - 1)


class Groups(RuleBasedStateMachine):
    """A few cases, and who is whose child, as the shell keeps it beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
        limit = TIME.dispatch_limit("normal", "0101")
        clocks = kept.begin({}, DISPATCH, limit, self.now)
        self.lives = [Life(CaseStatus.FILED, "normal", "0101", reachable=False, clocks=clocks) for _ in range(CASES)]
        self.parent_of: dict[int, int] = {}
        self.told: list[list[str]] = [[] for _ in range(CASES)]

    @property
    def at(self) -> Occasion:
        return Occasion(self.now, Actor(UUID(int=1)), TIME)

    def kin(self, n: int) -> Kin:
        return Kin(UUID(int=n + 1), f"case {n}", self.lives[n].status, self.lives[n].last_lead)

    def life(self, n: int) -> Life:
        """The case as the shell would read it."""
        above = self.parent_of.get(n)
        below = tuple(self.kin(child) for child, parent in self.parent_of.items() if parent == n)
        parent = self.kin(above) if above is not None else None
        return replace(self.lives[n], parent=parent, children=below)

    def attempt(self, n: int, act: Any) -> None:
        """Try a move; a rule may stand against it, and then nothing has changed."""
        try:
            moved: Moved = act(self.life(n), at=self.at)
        except (Conflict, Forbidden, NotFound):
            return
        self.keep(n, moved)

    def keep(self, n: int, moved: Moved) -> None:
        self.lives[n] = moved.life
        self.told[n] += [entry.kind for entry in moved.entries]
        if moved.life.parent is None:
            self.parent_of.pop(n, None)
        for child in moved.life.waiting_children:
            number = child.case_id.int - 1
            told = groups.told_to_children(moved.entries, f"case {n}")
            self.told[number] += [str(entry.detail["event"]) for entry in told]

    @rule(child=NTH, parent=NTH)
    def join(self, child: int, parent: int) -> None:
        try:
            below, above = groups.join(
                self.life(child), self.kin(child), self.life(parent), self.kin(parent), "same cause", self.at
            )
        except (Conflict, NotFound):
            return
        assert child != parent
        self.parent_of[child] = parent
        self.keep(child, below)
        self.keep(parent, above)

    @rule(n=NTH)
    def leave(self, n: int) -> None:
        self.attempt(n, lambda life, at: groups.leave(life, "another cause", at))

    def goes_on(self, n: int, unit: Unit, hours: int) -> None:
        """What comes next in the life of a case, if it goes on by itself."""
        self.now += timedelta(hours=hours)
        acts: dict[CaseStatus, Any] = {
            CaseStatus.FILED: lambda life, at: cases.dispatch(life, [Asked(unit, TaskRole.LEAD)], "", at),
            CaseStatus.REPORTED: lambda life, at: cases.verify(life, "", at),
            CaseStatus.VERIFIED: cases.close,
        }
        life = self.lives[n]
        if life.status in acts:
            self.attempt(n, acts[life.status])
        elif life.open_tasks:
            task = life.open_tasks[0]
            sign = partial(tasks.sign, n=task.n)
            self.attempt(n, sign if task.state is TaskState.SENT else partial(tasks.report, n=task.n, result="done"))

    @rule(n=NTH, unit=st.sampled_from(UNITS), hours=st.integers(1, 30))
    def one_step(self, n: int, unit: Unit, hours: int) -> None:
        self.goes_on(n, unit, hours)

    @rule(n=NTH, unit=st.sampled_from(UNITS))
    def goes_on_further(self, n: int, unit: Unit) -> None:
        for _ in range(4):
            self.goes_on(n, unit, 1)

    @rule(n=NTH, solved=st.booleans())
    def call_back(self, n: int, solved: bool) -> None:
        merged = self.lives[n].status is CaseStatus.MERGED
        alone = cases.evaluate if solved else cases.not_solved
        self.attempt(n, (groups.solved if solved else groups.not_solved) if merged else alone)

    @rule(n=NTH)
    def nobody_is_reached(self, n: int) -> None:
        self.attempt(n, groups.end)

    @rule(n=NTH, unit=st.sampled_from(UNITS))
    def a_parent_goes_round(self, n: int, unit: Unit) -> None:
        parents = sorted(set(self.parent_of.values()))
        for _ in range(7):
            if parents:
                self.goes_on(parents[n % len(parents)], unit, 1)

    @rule(n=NTH, solved=st.booleans())
    def a_child_is_called_back(self, n: int, solved: bool) -> None:
        children = sorted(self.parent_of)
        if children:
            self.call_back(children[n % len(children)], solved)

    @rule(n=NTH, really=st.integers(0, 4))
    def withdraw(self, n: int, really: int) -> None:
        if really:
            return
        self.attempt(n, lambda life, at: cases.withdraw(life, "no need", at))

    # ---- what always holds ----

    @invariant()
    def a_group_has_two_levels(self) -> None:
        assert not set(self.parent_of) & set(self.parent_of.values())

    @invariant()
    def what_is_merged_has_a_parent_and_nothing_of_its_own_runs(self) -> None:
        for n, life in enumerate(self.lives):
            if life.status is CaseStatus.MERGED:
                assert n in self.parent_of
                assert not life.open_tasks
                assert not any(each.runs for each in life.clocks.values())
            elif n in self.parent_of:
                assert life.status not in OPEN, "who goes on by itself is in no group"

    @invariant()
    def a_child_ends_only_by_its_own_callback_or_its_own_wish(self) -> None:
        for n in self.parent_of:
            life = self.lives[n]
            if life.status not in OPEN and life.closed_as is ClosedAs.HANDLED:
                assert CaseMove.END_WITH_PARENT.value in self.told[n] or CaseMove.CLOSE.value in self.told[n]

    @invariant()
    def a_parent_never_ends_by_a_wish_while_others_hang_on_it(self) -> None:
        for child, parent in self.parent_of.items():
            if self.lives[child].status is CaseStatus.MERGED:
                assert self.lives[parent].closed_as not in {ClosedAs.WITHDRAWN, ClosedAs.OUT_OF_SCOPE}


TestGroups = Groups.TestCase
TestGroups.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
