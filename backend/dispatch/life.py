"""A case in the loop, as the pure rules see it: its status, its units' tasks, requests for more time, and clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from backend.cases.schemas import CaseStatus
from backend.deadlines.clocks import Limit
from backend.deadlines.kept import ClockKey, Clocks
from backend.deadlines.rules import Timekeeping
from backend.dispatch.schemas import AppealState, ClosedAs, ExtensionState, TaskRole, TaskState
from backend.dispatch.states import OPEN_TASKS, UNDECIDED
from backend.units.schemas import UnitKind

Detail = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it was when it was asked."""

    code: str
    name: str
    kind: UnitKind

    @property
    def in_small_loop(self) -> bool:
        """Whether what it handles is handled inside a street 小循环."""
        return self.kind in {UnitKind.STREET, UnitKind.COMMUNITY}


@dataclass(frozen=True, slots=True)
class Task:
    """What one unit is asked to do; `n` counts the tasks of the case from 1. `binding`: by the coordination."""

    n: int
    unit: Unit
    role: TaskRole
    sent_at: datetime
    state: TaskState = TaskState.SENT
    binding: bool = False
    signed_at: datetime | None = None
    contacted_at: datetime | None = None
    agreed_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the unit still has something to do."""
        return self.state in OPEN_TASKS


@dataclass(frozen=True, slots=True)
class Extension:
    """A request for so much more time for a task, in the kind of its limit; `n` counts those of the case from 1."""

    n: int
    task: int
    amount: int
    state: ExtensionState
    asked_by: UUID
    agreed_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Kin:
    """Another case of the same group 群诉, as its own life stands; `lead` is the unit that led it to the end last."""

    case_id: UUID
    number: str
    status: CaseStatus
    lead: Unit | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """A time-out appeal 申诉 of a unit, about clocks that ran out."""

    unit: Unit
    clocks: tuple[ClockKey, ...]
    reason: str
    made_by: UUID
    state: AppealState
    supported_by: UUID | None = None
    decided_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """Everything about a case that decides what may be done with it next.

    `reachable`: whether a handling unit can and may call the citizen. `class_limit`: the handling limit of the class
    itself. `suspended_until` stays after the suspension, as there is only one. `parent` is the case under which this
    one goes on, `children` are those that go on under this one, ended ones included. `hard`: it was declared a hard
    case 疑难, for good. `workers` worked on it for a unit, `senders` dispatched it: they stay who they are when they
    change to another unit or role.
    """

    status: CaseStatus
    urgency: str
    class_code: str
    reachable: bool
    class_limit: Limit | None = None
    tasks: tuple[Task, ...] = ()
    extensions: tuple[Extension, ...] = ()
    clocks: Clocks = field(default_factory=dict)
    suspended_until: datetime | None = None
    closed_as: ClosedAs | None = None
    closed_at: datetime | None = None
    reopened: int = 0
    urged: int = 0
    supervised: int = 0
    hard: bool = False
    appeal: Appeal | None = None
    parent: Kin | None = None
    children: tuple[Kin, ...] = ()
    workers: frozenset[UUID] = frozenset()
    senders: frozenset[UUID] = frozenset()

    @property
    def waiting_children(self) -> tuple[Kin, ...]:
        """The children whose end hangs on this case."""
        return tuple(child for child in self.children if child.status is CaseStatus.MERGED)

    @property
    def last_lead(self) -> Unit | None:
        """The unit that led the case to the end last, if one did."""
        ended = (each for each in reversed(self.tasks) if each.role is TaskRole.LEAD)
        return next((each.unit for each in ended if each.state is TaskState.REPORTED), None)

    @property
    def first_unit(self) -> Unit | None:
        """The unit that was asked first 首接, for good."""
        return self.tasks[0].unit if self.tasks else None

    @property
    def came_up(self) -> bool:
        """Whether the case came up from the small loop into the large one 大循环."""
        return any(task.state is TaskState.ESCALATED for task in self.tasks)

    @property
    def in_large_loop(self) -> bool:
        """Whether only departments handle it from now on: it came up, or is a hard case 疑难."""
        return self.came_up or self.hard

    @property
    def refusals(self) -> tuple[Task, ...]:
        """The tasks that were refused 推诿."""
        return tuple(task for task in self.tasks if task.state is TaskState.RETURNED)

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """The tasks in which a unit still has something to do."""
        return tuple(task for task in self.tasks if task.is_open)

    @property
    def handlers(self) -> frozenset[str]:
        """The units that ever had a task in this case."""
        return frozenset(task.unit.code for task in self.tasks)

    def task(self, n: int) -> Task:
        """The n-th task."""
        return self.tasks[n - 1]

    def undecided(self, task: int) -> Iterator[Extension]:
        """The request for more time that waits for a decision, if there is one."""
        return (each for each in self.extensions if each.task == task and each.state in UNDECIDED)

    def with_task(self, changed: Task) -> Life:
        """With the task of this number made another."""
        return replace(self, tasks=tuple(changed if each.n == changed.n else each for each in self.tasks))

    def with_extension(self, changed: Extension) -> Life:
        """With the request of this number made another."""
        return replace(self, extensions=tuple(changed if each.n == changed.n else each for each in self.extensions))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who moves: a person, of a unit or of the hotline itself (None)."""

    user_id: UUID
    unit_code: str | None = None


@dataclass(frozen=True, slots=True)
class Occasion:
    """When a move is made, by whom (None: the platform itself), and by which calendar and limits."""

    now: datetime
    who: Actor | None
    time: Timekeeping


@dataclass(frozen=True, slots=True)
class Entry:
    """What the time line tells of a move."""

    kind: str
    detail: Detail


@dataclass(frozen=True, slots=True)
class Moved:
    """A case after a move, and what the time line tells of it."""

    life: Life
    entries: tuple[Entry, ...]
