"""How a move is put together: changes to a case, its tasks and its clocks, each with its entry. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from backend.cases.states import OPEN, CaseMove, move
from backend.deadlines import clocks, kept
from backend.deadlines.clocks import Limit
from backend.deadlines.kept import ClockKey, Clocks
from backend.deadlines.schemas import ClockName
from backend.dispatch.guards import Asked
from backend.dispatch.life import Entry, Life, Moved, Occasion, Task
from backend.dispatch.schemas import TaskRole
from backend.dispatch.states import ExtensionMove, TaskMove, move_extension, move_task

DISPATCH, FEEDBACK = ClockKey(ClockName.DISPATCH), ClockKey(ClockName.FEEDBACK)


def handling(task: int) -> ClockKey:
    """The clock of a task."""
    return ClockKey(ClockName.HANDLING, task)


class Progress:
    """One move in the making, on one occasion."""

    def __init__(self, life: Life, at: Occasion) -> None:
        self.life = life
        self.at = at
        self._entries: list[Entry] = []

    @property
    def moved(self) -> Moved:
        """What came of it."""
        return Moved(self.life, tuple(self._entries))

    # ---- the case ----

    def case(self, by: CaseMove, **detail: str | int | bool | None) -> None:
        """Move the case."""
        after = move(self.life.status, by)
        closed_at = None if after in OPEN else self.life.closed_at or self.at.now
        self.life = replace(self.life, status=after, closed_at=closed_at)
        self._entries.append(Entry(by.value, detail))

    def change(self, **values: Any) -> None:
        """Change what else is known of the case."""
        self.life = replace(self.life, **values)

    # ---- tasks ----

    def send(self, asked: Iterable[Asked], *, binding: bool = False) -> None:
        """Give units their tasks, each with its own clock."""
        for each in asked:
            n = len(self.life.tasks) + 1
            task = Task(n, each.unit, each.role, self.at.now, move_task(None, TaskMove.SEND), binding)
            self.life = replace(self.life, tasks=(*self.life.tasks, task))
            detail = {"unit": each.unit.name, "role": each.role.value, "binding": binding or None}
            self._entries.append(Entry(TaskMove.SEND.value, detail))
            self._set(kept.begin(self.life.clocks, handling(n), self.handling_limit, self.at.now))

    def task(self, n: int, by: TaskMove, *, changes: dict[str, Any] | None = None, **detail: str | int | None) -> Task:
        """Move a task; what it still asked for lapses when it ends."""
        before = self.life.task(n)
        after = replace(before, state=move_task(before.state, by), **(changes or {}))
        if before.is_open and not after.is_open:
            after = replace(after, ended_at=self.at.now)
            self._lapse(n)
        self.life = self.life.with_task(after)
        self._entries.append(Entry(by.value, {"unit": before.unit.name, **detail}))
        return after

    def recall(self, *, keep_reply: bool) -> None:
        """Take open tasks back: all, or all but the reply."""
        for task in self.life.open_tasks:
            if not (keep_reply and task.role is TaskRole.REPLY):
                self.task(task.n, TaskMove.RECALL)
                self._set(kept.cancel(self.life.clocks, self.at.now, part=task.n))

    def extension(self, n: int, by: ExtensionMove, **changes: Any) -> None:
        """Move a request for more time."""
        before = self.life.extensions[n - 1]
        self.life = self.life.with_extension(replace(before, state=move_extension(before.state, by), **changes))
        unit = self.life.task(before.task).unit.name
        self._entries.append(Entry(by.value, {"unit": unit, "amount": before.amount}))

    def note(self, kind: str, **detail: str | int | bool | None) -> None:
        """Tell what moves nothing by itself."""
        self._entries.append(Entry(kind, detail))

    def _lapse(self, task: int) -> None:
        for each in tuple(self.life.undecided(task)):
            self.extension(each.n, ExtensionMove.LAPSE)

    # ---- clocks ----

    @property
    def dispatch_limit(self) -> Limit:
        """How long the dispatch may take."""
        return self.at.time.dispatch_limit(self.life.urgency, self.life.class_code)

    @property
    def feedback_limit(self) -> Limit:
        """How long the report back may take."""
        return self.at.time.feedback_limit(self.life.urgency, self.life.class_code)

    @property
    def handling_limit(self) -> Limit:
        """How long a unit may take: the limit of the class itself, else that of the report back."""
        return self.life.class_limit or self.feedback_limit

    def start(self, key: ClockKey, limit: Limit) -> None:
        """Let a clock begin, unless it runs."""
        self._set(kept.begin(self.life.clocks, key, limit, self.at.now))

    def stop(self, key: ClockKey) -> None:
        """What the clock was for is done."""
        self._set(kept.stop(self.life.clocks, key, self.at.now, self.at.time.calendar))

    def restart(self, key: ClockKey) -> None:
        """What the clock was for is not done after all."""
        self._set(kept.restart(self.life.clocks, key, self.at.now, self.at.time.calendar))

    def cancel(self, part: int | None = None) -> None:
        """The clocks, or those of one task, are moot."""
        self._set(kept.cancel(self.life.clocks, self.at.now, part=part))

    def pause(self, until: datetime) -> None:
        """Every running clock stands still until then."""
        now = self.at.now
        self._set(kept.change(self.life.clocks, lambda _: True, lambda each: clocks.paused(each, now, until)))

    def resume(self) -> None:
        """Every running clock goes on."""
        self._set(kept.change(self.life.clocks, lambda _: True, lambda each: clocks.resumed(each, self.at.now)))

    def change_limits(self) -> None:
        """Put every running clock under the limit that its case has now; what was used stays used."""
        now, calendar = self.at.now, self.at.time.calendar
        limits = {ClockName.DISPATCH: self.dispatch_limit, ClockName.FEEDBACK: self.feedback_limit}
        for name in ClockName:
            limit = limits.get(name, self.handling_limit)

            def changed(each: clocks.Clock, limit: Limit = limit) -> clocks.Clock:
                return each if each.limit == limit else clocks.with_limit(each, limit, now, calendar)

            self._set(kept.change(self.life.clocks, lambda key, name=name: key.name is name, changed))  # type: ignore[misc]

    def extend(self, task: int, amount: int) -> None:
        """Give a task so much more time, and the report back as much as it needs to come after it."""
        calendar = self.at.time.calendar
        longer = kept.change(
            self.life.clocks, lambda key: key == handling(task), lambda each: clocks.extended(each, amount, calendar)
        )
        until = clocks.due(longer[handling(task)].clock, calendar)

        def covering(each: clocks.Clock) -> clocks.Clock:
            missing = clocks.used(each, until, calendar) - each.total(calendar)
            return replace(each, extended=each.extended + max(clocks.NONE, missing))

        self._set(kept.change(longer, lambda key: key == FEEDBACK, covering))

    def exempt(self, keys: Iterable[ClockKey]) -> None:
        """These clocks, which ran out, count no longer in statistics."""
        self._set(kept.exempt(self.life.clocks, frozenset(keys)))

    def _set(self, after: Clocks) -> None:
        self.life = replace(self.life, clocks=after)
