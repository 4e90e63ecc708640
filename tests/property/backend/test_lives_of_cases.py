"""Random lives of cases: whatever people try in whatever order, the rules hold and nothing of the story is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backend.cases.schemas import CaseStatus
from backend.cases.states import OPEN, TRANSITIONS, CaseMove
from backend.deadlines import clocks, kept
from backend.deadlines.clocks import Limit, LimitKind
from backend.deadlines.rules import load_timekeeping
from backend.deadlines.schemas import ClockName, ClockState
from backend.dispatch import appeal_moves as appeals
from backend.dispatch import case_moves as cases
from backend.dispatch import task_moves as tasks
from backend.dispatch.guards import MOST_EXTENSIONS, Asked, EscalationShare
from backend.dispatch.life import Actor, Entry, Life, Moved, Occasion, Unit
from backend.dispatch.progress import DISPATCH, FEEDBACK, handling
from backend.dispatch.schemas import AppealState, ClosedAs, ExtensionState, TaskRole, TaskState
from backend.dispatch.states import SENDING, WORK_FOR_UNIT, AppealMove, ExtensionMove, TaskMove
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.errors import Conflict, Forbidden, NotFound
from backend.units.schemas import UnitKind

CONFIGS = PROJECT_ROOT / "configs"
TIME = load_timekeeping(CONFIGS / "calendar.yaml", CONFIGS / "deadlines.yaml")
STREETS = [Unit(f"S{n}", f"street {n}", UnitKind.STREET) for n in range(2)]
COMMUNITIES = [Unit("C0", "community 0", UnitKind.COMMUNITY)]
DEPARTMENTS = [Unit(f"D{n}", f"department {n}", UnitKind.DEPARTMENT) for n in range(4)]
CENTRE = Unit("96010", "centre", UnitKind.CENTRE)
UNITS = st.sampled_from([*STREETS, *DEPARTMENTS, *COMMUNITIES, CENTRE])
PEOPLE = [Actor(UUID(int=n), code) for n, code in enumerate([None, None, "S0", "S0", "D0", "D0"])]
JUDGE = Actor(UUID(int=90))
"""Of the supervising side: dispatches nothing."""
ASKED = st.lists(st.builds(Asked, UNITS, st.sampled_from([TaskRole.LEAD, TaskRole.HELP])), min_size=1, max_size=3)
NTH = st.integers(0, 5)
CASES = st.builds(
    Life,
    st.just(CaseStatus.FILED),
    st.sampled_from(["normal", "urgent", "emergency"]),
    st.sampled_from(["0101", "0401", "1101"]),
    st.booleans(),
    st.none() | st.builds(Limit, st.sampled_from(LimitKind), st.integers(1, 10)),
)
OVER = {ClosedAs.OUT_OF_SCOPE, ClosedAs.WITHDRAWN}


class Lives(RuleBasedStateMachine):
    """One case, and everybody who may do something with it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
        self.entries: list[Entry] = []
        self.first: Unit | None = None
        self.sent_before_hard = 0
        self.life = Life(CaseStatus.FILED, "normal", "0101", reachable=True)

    @initialize(case=CASES)
    def file(self, case: Life) -> None:
        limit = TIME.dispatch_limit(case.urgency, case.class_code)
        self.life = replace(case, clocks=kept.begin({}, DISPATCH, limit, self.now))
        self.entries, self.first, self.sent_before_hard = [], None, 0

    @precondition(lambda self: self.life.status is CaseStatus.EVALUATED or self.life.closed_as in OVER)
    @rule(case=CASES)
    def file_another(self, case: Life) -> None:
        self.file(case)

    def attempt(self, act: Any, who: Actor = PEOPLE[0]) -> None:
        """Try a move; a rule may stand against it, and then nothing has changed."""
        try:
            moved: Moved = act(at=Occasion(self.now, who, TIME))
        except (Conflict, Forbidden, NotFound):
            return
        assert moved.entries, "a move that nobody is told of"
        self.entries += moved.entries
        kinds = {entry.kind for entry in moved.entries}
        workers = self.life.workers | ({who.user_id} if kinds & WORK_FOR_UNIT else set())
        senders = self.life.senders | ({who.user_id} if kinds & SENDING else set())
        if kinds & {CaseMove.VERIFY, CaseMove.CLOSE, CaseMove.REWORK}:
            assert who.user_id not in self.life.workers | self.life.senders
        self.life = replace(moved.life, workers=workers, senders=senders)

    def nth(self, n: int) -> int:
        return n % len(self.life.tasks) + 1

    @rule(hours=st.integers(1, 200))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(asked=ASKED)
    def dispatch(self, asked: list[Asked]) -> None:
        self.attempt(partial(cases.dispatch, self.life, asked, ""))

    @precondition(lambda self: self.life.status is CaseStatus.COORDINATION)
    @rule(asked=ASKED)
    def decide(self, asked: list[Asked]) -> None:
        self.attempt(partial(cases.decide, self.life, asked, ""))

    def the_usual_happens(self, unit: Unit, good: bool) -> None:
        """What most often comes next, so that lives grow old."""
        life, lead = self.life, [Asked(unit, TaskRole.LEAD)]
        acts: dict[CaseStatus, Any] = {
            CaseStatus.FILED: partial(cases.dispatch, life, lead, ""),
            CaseStatus.COORDINATION: partial(cases.decide, life, lead, ""),
            CaseStatus.SUSPENDED: partial(cases.resume, life),
            CaseStatus.REPORTED: partial(cases.verify if good else cases.rework, life, "seen"),
            CaseStatus.VERIFIED: partial(cases.close, life),
            CaseStatus.CLOSED: partial(cases.evaluate if good else cases.not_solved, life, solved=good),
        }
        if life.status in acts:
            judged = life.status in {CaseStatus.REPORTED, CaseStatus.VERIFIED}
            self.attempt(acts[life.status], who=JUDGE if judged else PEOPLE[0])
        elif life.status is CaseStatus.HANDLING:
            self.attempt(*self.usual_work(good))

    def usual_work(self, good: bool) -> tuple[Any, Actor]:
        """Sign, contact, report: helpers first, the reply last; by somebody of the unit."""
        order = [TaskRole.HELP, TaskRole.SITE, TaskRole.LEAD, TaskRole.REPLY]
        task = min(self.life.open_tasks, key=lambda each: order.index(each.role))
        staff = Actor(uuid5(NAMESPACE_OID, task.unit.code), task.unit.code)
        if task.state is TaskState.SENT:
            sign = tasks.sign if good else partial(tasks.refuse, reason="not ours")
            return partial(sign, self.life, task.n), staff
        if self.life.reachable and task.contacted_at is None:
            return partial(tasks.contact, self.life, task.n, "called", self.now + timedelta(days=2)), staff
        return partial(tasks.report, self.life, task.n, "done"), staff

    @rule(unit=UNITS)
    def goes_well(self, unit: Unit) -> None:
        self.the_usual_happens(unit, good=True)

    @rule(unit=UNITS)
    def goes_well_again(self, unit: Unit) -> None:
        self.the_usual_happens(unit, good=True)

    @rule(unit=UNITS)
    def goes_badly(self, unit: Unit) -> None:
        self.the_usual_happens(unit, good=False)

    @precondition(lambda self: self.life.open_tasks)
    @rule(n=NTH, move=st.sampled_from(["sign", "sign", "sign", "refuse", "contact", "contact", "report", "report"]))
    def act_on_task(self, n: int, move: str) -> None:
        open_tasks = self.life.open_tasks
        number = open_tasks[n % len(open_tasks)].n
        acts = {
            "sign": partial(tasks.sign, self.life, number),
            "refuse": partial(tasks.refuse, self.life, number, "not ours"),
            "contact": partial(tasks.contact, self.life, number, "called", self.now + timedelta(days=2)),
            "report": partial(tasks.report, self.life, number, "done"),
        }
        self.attempt(acts[move], who=PEOPLE[2])

    @precondition(lambda self: self.life.tasks)
    @rule(n=NTH, move=st.sampled_from(["sign", "refuse", "report"]))
    def act_on_any_task(self, n: int, move: str) -> None:
        acts: dict[str, Any] = {
            "sign": partial(tasks.sign, self.life, self.nth(n)),
            "refuse": partial(tasks.refuse, self.life, self.nth(n), "not ours"),
            "report": partial(tasks.report, self.life, self.nth(n), "done"),
        }
        self.attempt(acts[move], who=PEOPLE[4])

    @precondition(lambda self: self.life.open_tasks)
    @rule(n=NTH, used_up=st.booleans())
    def escalate(self, n: int, used_up: bool) -> None:
        share = EscalationShare(received=10, escalated=9 if used_up else 0, most_percent=20, free=1)
        number = self.life.open_tasks[n % len(self.life.open_tasks)].n
        self.attempt(partial(tasks.escalate, self.life, number, "too big", share))

    @precondition(lambda self: self.life.open_tasks)
    @rule(n=NTH, called=st.lists(st.sampled_from(DEPARTMENTS) | UNITS, min_size=1, max_size=2))
    def whistle(self, n: int, called: list[Unit]) -> None:
        number = self.life.open_tasks[n % len(self.life.open_tasks)].n
        self.attempt(partial(tasks.whistle, self.life, number, called, "come"))

    @precondition(lambda self: self.life.open_tasks)
    @rule(n=NTH, amount=st.sampled_from([1, 1, 2, 20]), who=st.integers(2, 5))
    def ask_for_time(self, n: int, amount: int, who: int) -> None:
        number = self.life.open_tasks[n % len(self.life.open_tasks)].n
        self.attempt(partial(tasks.ask_extension, self.life, number, amount, "rain"), who=PEOPLE[who])

    @precondition(lambda self: self.life.extensions)
    @rule(n=NTH, who=st.integers(0, 8), move=st.sampled_from(["agree", "grant", "grant", "decline"]))
    def decide_on_time(self, n: int, who: int, move: str) -> None:
        number = len(self.life.extensions) - n // 4
        acts = {"agree": tasks.agree_extension, "grant": tasks.grant_extension, "decline": tasks.decline_extension}
        self.attempt(partial(acts[move], self.life, number), who=PEOPLE[who % len(PEOPLE)])

    @precondition(lambda self: self.life.extensions)
    @rule()
    def both_levels_agree(self) -> None:
        last = self.life.extensions[-1]
        leader = Actor(UUID(int=99), self.life.task(last.task).unit.code)
        self.attempt(partial(tasks.agree_extension, self.life, last.n), who=leader)
        self.attempt(partial(tasks.grant_extension, self.life, last.n))

    @rule(days=st.integers(-1, 400))
    def suspend(self, days: int) -> None:
        self.attempt(partial(cases.suspend, self.life, self.now + timedelta(days=days), "frozen ground"))

    @precondition(lambda self: self.life.status is CaseStatus.SUSPENDED)
    @rule()
    def resume(self) -> None:
        self.attempt(partial(cases.resume, self.life))

    @precondition(lambda self: self.life.status in {CaseStatus.REPORTED, CaseStatus.VERIFIED})
    @rule(who=st.integers(0, 5), move=st.sampled_from(["rework", "verify", "close"]))
    def judge(self, who: int, move: str) -> None:
        acts: dict[str, Any] = {
            "rework": partial(cases.rework, self.life, "still there"),
            "verify": partial(cases.verify, self.life, ""),
            "close": partial(cases.close, self.life),
        }
        self.attempt(acts[move], who=PEOPLE[who])

    @precondition(lambda self: self.life.status is CaseStatus.CLOSED)
    @rule(solved=st.booleans())
    def call_back(self, solved: bool) -> None:
        self.attempt(partial(cases.evaluate if solved else cases.not_solved, self.life, solved=solved))

    @precondition(lambda self: self.life.status in {CaseStatus.CLOSED, CaseStatus.EVALUATED})
    @rule()
    def find_it_back(self) -> None:
        self.attempt(partial(cases.recurred, self.life, "there again"))

    @rule(urgency=st.sampled_from(["normal", "urgent", "emergency"]))
    def change_urgency(self, urgency: str) -> None:
        self.attempt(partial(cases.change_urgency, self.life, urgency, "worse"))

    @rule(really=st.integers(0, 2))
    def declare_hard(self, really: int) -> None:
        if really == 0:
            was, sent = self.life.hard, len(self.life.tasks)
            self.attempt(partial(cases.declare_hard, self.life, "beyond any street"))
            self.sent_before_hard = sent if self.life.hard and not was else self.sent_before_hard

    @rule(move=st.sampled_from(["urge", "supervise", "add", "urge", "supervise", "add_urging", "out"]))
    def press(self, move: str) -> None:
        acts: dict[str, Any] = {
            "urge": partial(cases.urge, self.life, "", None),
            "supervise": partial(cases.supervise, self.life, "now"),
            "add": partial(cases.add, self.life, {"text": "more"}, urging=False),
            "add_urging": partial(cases.add, self.life, {"text": "more"}, urging=True),
            "out": partial(cases.declare_out_of_scope, self.life, "not ours"),
        }
        self.attempt(acts[move])

    @precondition(lambda self: len(self.entries) > 12)
    @rule(really=st.integers(0, 5))
    def withdraw(self, really: int) -> None:
        if really == 0:
            self.attempt(partial(cases.withdraw, self.life, "no need"))

    @precondition(lambda self: self.life.tasks and self.life.status not in OPEN)
    @rule(n=NTH, who=st.integers(0, 5))
    def appeal(self, n: int, who: int) -> None:
        self.attempt(partial(appeals.make, self.life, self.nth(n), "rain"), who=PEOPLE[who])

    @precondition(lambda self: self.life.appeal is not None)
    @rule(who=st.integers(0, 5), agreed=st.booleans())
    def review(self, who: int, agreed: bool) -> None:
        decide = appeals.agree if agreed else appeals.decline
        self.attempt(partial(decide, self.life, "seen"), who=PEOPLE[who])

    # ---- what always holds ----

    @invariant()
    def only_what_ran_out_and_two_outsiders_exempted_is_out_of_the_statistics(self) -> None:
        told, appeal = Counter(entry.kind for entry in self.entries), self.life.appeal
        assert told[AppealMove.MAKE] == (appeal is not None) <= 1
        assert told[AppealMove.GRANT] <= told[AppealMove.SUPPORT] <= 1
        exempted = {key for key, each in self.life.clocks.items() if each.exempted}
        assert all(self.life.clocks[key].state is ClockState.MISSED for key in exempted)
        if appeal is None:
            assert not exempted
            return
        assert exempted <= set(appeal.clocks)
        assert not exempted or appeal.state is AppealState.GRANTED
        reviewers = {appeal.supported_by, appeal.decided_by} - {None}
        assert len(reviewers) == 2 or appeal.state is not AppealState.GRANTED
        assert not reviewers & {each.user_id for each in PEOPLE if each.unit_code == appeal.unit.code}

    @invariant()
    def the_story_leads_to_where_the_case_stands(self) -> None:
        status: CaseStatus | None = CaseStatus.FILED
        moves = {each.value: each for each in CaseMove}
        for entry in self.entries:
            if entry.kind in moves:
                status = TRANSITIONS[status, moves[entry.kind]]
        assert status is self.life.status

    @invariant()
    def the_sums_of_the_ledger_are_right(self) -> None:
        told = Counter(entry.kind for entry in self.entries)
        stands = Counter(task.state for task in self.life.tasks)
        assert told[TaskMove.SEND] == len(self.life.tasks) == sum(stands.values())
        assert told[TaskMove.REFUSE] == stands[TaskState.RETURNED]
        assert told[TaskMove.ESCALATE] == stands[TaskState.ESCALATED] <= 1
        assert told[TaskMove.RECALL] == stands[TaskState.RECALLED]
        assert told[TaskMove.REPORT] - told[TaskMove.REDO] == stands[TaskState.REPORTED]
        decided = Counter(each.state for each in self.life.extensions)
        assert told[ExtensionMove.GRANT] == decided[ExtensionState.GRANTED] <= MOST_EXTENSIONS
        assert told[ExtensionMove.DECLINE] == decided[ExtensionState.DECLINED]
        assert told[ExtensionMove.LAPSE] == decided[ExtensionState.LAPSED]
        assert told[CaseMove.URGE] == self.life.urged
        assert told[CaseMove.SUPERVISE] == self.life.supervised
        assert told[CaseMove.SUSPEND] <= 1
        assert told[CaseMove.REOPEN] + told[CaseMove.FILE_AGAIN] == self.life.reopened

    @invariant()
    def no_clock_ends_before_it_began_and_none_runs_for_nothing(self) -> None:
        for each in self.life.clocks.values():
            assert each.started_at <= each.clock.start <= clocks.due(each.clock, TIME.calendar)
            assert each.ended_at is None or each.ended_at >= each.started_at
        running = {key for key, each in self.life.clocks.items() if each.runs}
        assert {key for key in running if key.name is ClockName.HANDLING} == {
            handling(task.n) for task in self.life.open_tasks
        }
        waits = self.life.status in {CaseStatus.FILED, CaseStatus.COORDINATION}
        assert (DISPATCH in running) == waits
        out_with_units = self.life.status in {CaseStatus.HANDLING, CaseStatus.SUSPENDED}
        assert (FEEDBACK in running) == (out_with_units or (waits and bool(self.life.tasks)))
        assert self.life.status in OPEN or not running

    @invariant()
    def somebody_has_the_case(self) -> None:
        leads = [task for task in self.life.open_tasks if task.role is TaskRole.LEAD]
        if self.life.status in {CaseStatus.HANDLING, CaseStatus.SUSPENDED}:
            assert len(leads) == 1 or (not leads and [task.role for task in self.life.open_tasks] == [TaskRole.REPLY])
        elif self.life.status in {CaseStatus.FILED, CaseStatus.COORDINATION}:
            assert {task.role for task in self.life.open_tasks} <= {TaskRole.REPLY}
        else:
            assert not self.life.open_tasks
        assert len({task.unit.code for task in self.life.open_tasks}) == len(self.life.open_tasks)

    @invariant()
    def what_came_up_never_goes_down(self) -> None:
        if self.life.came_up:
            at_work = [task for task in self.life.open_tasks if task.role is not TaskRole.REPLY]
            assert not any(task.unit.in_small_loop for task in at_work)

    @invariant()
    def what_is_hard_is_so_for_good_and_nothing_of_it_is_sent_down(self) -> None:
        told = Counter(entry.kind for entry in self.entries)
        assert told[CaseMove.DECLARE_HARD] == self.life.hard <= 1
        if self.life.hard:
            sent = self.life.tasks[self.sent_before_hard :]
            down = [task for task in sent if task.unit.in_small_loop]
            assert all((task.unit, task.role) == (self.life.first_unit, TaskRole.REPLY) for task in down)

    @invariant()
    def the_first_unit_keeps_the_reply(self) -> None:
        first = self.life.first_unit
        assert self.first is None or self.first == first
        self.first = first
        if first is not None and self.life.status is CaseStatus.HANDLING:
            assert first.code in {task.unit.code for task in self.life.open_tasks}


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
