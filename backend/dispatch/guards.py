"""The rules of the loop, one small function each: it returns when the rule holds, and raises its own error when not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.cases.errors import CaseCannotMove
from backend.cases.schemas import CaseStatus
from backend.cases.states import OPEN
from backend.deadlines import clocks
from backend.deadlines.kept import ClockKey, Kept
from backend.deadlines.schemas import ClockName, ClockState
from backend.dispatch import errors as e
from backend.dispatch.life import Actor, Appeal, Extension, Life, Occasion, Task, Unit
from backend.dispatch.schemas import ClosedAs, ExtensionState, TaskRole, TaskState
from backend.units.schemas import UnitKind

HANDLES = frozenset({UnitKind.STREET, UnitKind.COMMUNITY, UnitKind.DEPARTMENT})
MOST_EXTENSIONS = 2
LONGEST_SUSPENSION = timedelta(days=365)
REFUSALS_TO_COORDINATION = 2
"""So many refusals 推诿 bring a case to the coordination 协调会商."""

_RANK = {TaskRole.HELP: 0, TaskRole.SITE: 0, TaskRole.LEAD: 1, TaskRole.REPLY: 2}
"""Who answers for whom: a higher rank reports after all lower ones."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A unit that is to be asked, and for what."""

    unit: Unit
    role: TaskRole


@dataclass(frozen=True, slots=True)
class EscalationShare:
    """What a street got and escalated this month, and how much it may: `free` cases, then `most_percent` of all."""

    received: int
    escalated: int
    most_percent: int
    free: int

    @property
    def used_up(self) -> bool:
        """Whether one more would be too many."""
        after = self.escalated + 1
        return after > self.free and after * 100 > self.received * self.most_percent


def not_a_handler(life: Life, who: Actor | None) -> None:
    """Neither the unit that handled, nor who worked for it, verifies or calls back."""
    if who is None:
        return
    if who.unit_code is not None and who.unit_code in life.handlers:
        raise e.HandlerCannotJudge
    if who.user_id in life.workers:
        raise e.WorkerCannotJudge


def may_verify(life: Life, who: Actor | None) -> None:
    """The supervising side verifies: neither who handled, nor who dispatched."""
    not_a_handler(life, who)
    if who is not None and who.user_id in life.senders:
        raise e.SenderCannotVerify


def being_handled(life: Life) -> None:
    """Units act only while the case is with them."""
    if life.status is not CaseStatus.HANDLING:
        raise e.NotBeingHandled(
            f"This case is {life.status}; its units cannot act on it now.", "Wait until it goes on."
        )


def open_for_more(life: Life) -> None:
    """Nobody reads what is added to a case that has ended."""
    if life.status not in OPEN:
        raise e.AddedToClosed(
            f"This case is {life.status} already.", "File what was said as a new case; the closed one stands beside it."
        )


# ---- dispatch ----


def one_leads(asked: Sequence[Asked]) -> None:
    """Exactly one unit leads, each has one part."""
    if sum(each.role is TaskRole.LEAD for each in asked) != 1:
        raise e.LeadNotClear("Exactly one unit leads a case.", "Choose the one that leads.", field="units")
    twice = [code for code, count in Counter(each.unit.code for each in asked).items() if count > 1]
    if twice:
        raise e.UnitNamedTwice(f"{twice[0]} is named twice.", "Name each unit once.", field="units")


def units_handle(asked: Sequence[Asked]) -> None:
    """Only units that handle cases are asked."""
    for each in asked:
        if each.unit.kind not in HANDLES:
            raise e.UnitDoesNotHandle(
                f"{each.unit.name} does not handle cases.", "Choose a street or a department.", field="units"
            )


def never_down_again(life: Life, asked: Sequence[Asked]) -> None:
    """What came up, and what is hard, stays in the large loop."""
    down = next((each.unit for each in asked if each.unit.in_small_loop), None)
    if life.in_large_loop and down is not None:
        why = "came up from its street" if life.came_up else "is a hard case"
        raise e.NeverDownAgain(
            f"This case {why}; it is not sent down to {down.name}.",
            "Choose among the departments.",
            field="units",
        )


def not_hard_yet(life: Life) -> None:
    """What is hard was declared so once, and stays it."""
    if life.hard:
        raise e.HardBefore("This case was declared hard already.", "Dispatch it among the departments.")


def not_refused_before(life: Life, asked: Sequence[Asked]) -> None:
    """Nobody is asked twice for what it refused, unless the coordination decides so."""
    refused = {task.unit.code for task in life.refusals}
    again = next((each.unit for each in asked if each.unit.code in refused), None)
    if again is not None:
        raise e.RefusedBefore(f"{again.name} refused this case.", "Choose another unit.", field="units")


def never_dispatched(life: Life) -> None:
    """Out of scope is decided before a unit is asked."""
    if life.tasks:
        raise e.DispatchedBefore(
            "A unit was asked to handle this case already.", "Dispatch it again, or let the citizen withdraw it."
        )


def was_handled(life: Life) -> Unit:
    """What no unit handled, no unit does again. The unit that led it to the end; of a child 群诉, its parent."""
    lead = (life.parent.lead if life.parent is not None else None) or life.last_lead
    if life.closed_as is not ClosedAs.HANDLED or lead is None:
        raise CaseCannotMove(
            f"A case that is closed as {life.closed_as} is not opened again.",
            kept="The case is unchanged.",
            next_step="File a new case.",
        )
    return lead


# ---- refusal, escalation, whistle ----


def may_refuse(task: Task) -> None:
    """Neither what the coordination decided, nor the reply, nor a whistle is refused."""
    if task.binding:
        raise e.DecisionBinds("The coordination decided that your unit handles this case.", "Sign it.")
    if task.role is TaskRole.REPLY:
        raise e.FirstUnitKeepsReply("Your unit was asked first and keeps the reply to the citizen.", "Sign it.")
    if task.role is TaskRole.SITE:
        raise e.WhistledMustReport("A street called your unit to the place; it must report there.", "Sign it.")


def may_escalate(life: Life, task: Task, share: EscalationShare) -> None:
    """A street that leads escalates, once a case, within its share."""
    if life.in_large_loop:
        raise e.EscalatedBefore("This case is in the large loop already.", "Handle it, or ask for coordination.")
    if task.unit.kind is not UnitKind.STREET or task.role is not TaskRole.LEAD:
        raise e.OnlyStreetsEscalate("Only the street that leads a case escalates it.", "Handle it.")
    if task.binding:
        raise e.DecisionBinds("The coordination decided that your unit handles this case.", "Handle it.")
    if share.used_up:
        raise e.EscalationShareUsedUp(
            f"{share.escalated} of this month's {share.received} cases were escalated; more than "
            f"{share.most_percent} % are not.",
            "Solve it inside the street, or call departments to the place.",
        )


def may_whistle(task: Task, called: Sequence[Unit]) -> None:
    """A street that leads calls departments."""
    if task.unit.kind is not UnitKind.STREET or task.role is not TaskRole.LEAD:
        raise e.OnlyStreetsWhistle("Only the street that leads a case calls units to the place.")
    other = next((unit for unit in called if unit.kind is not UnitKind.DEPARTMENT), None)
    if other is not None:
        raise e.OnlyDepartmentsAreWhistled(
            f"{other.name} is no department.", "Choose among the departments.", field="units"
        )


def not_at_work_already(life: Life, called: Sequence[Unit]) -> None:
    """Nobody is called who has something to do in this case anyway."""
    busy = {task.unit.code for task in life.open_tasks}
    codes = [unit.code for unit in called]
    twice = next((unit for unit in called if unit.code in busy or codes.count(unit.code) > 1), None)
    if twice is not None:
        raise e.UnitNamedTwice(f"{twice.name} has its part in this case already.", "Choose others.", field="units")


# ---- report back ----


def others_are_done(life: Life, task: Task) -> None:
    """Helpers before the lead, the lead before the reply."""
    waiting = next((each for each in life.open_tasks if _RANK[each.role] < _RANK[task.role]), None)
    if waiting is not None:
        raise e.OthersAtWork(f"{waiting.unit.name} has not reported yet.", "Wait for its report, or urge it.")


def contacted(life: Life, task: Task) -> None:
    """Who answers the citizen has contacted the citizen, where that is possible."""
    if life.reachable and task.contacted_at is None and task.n == reply_owner(life):
        raise e.CitizenNotContacted("The citizen was not contacted yet.", "Call the citizen first and enter it.")


def may_contact(life: Life) -> None:
    """A citizen who wants to stay unknown is not called by the handling unit."""
    if not life.reachable:
        raise e.CitizenNotReachable(
            "The citizen wants to stay unknown or left no number.", "Report back; the hotline tells the citizen."
        )


def agreed_within_a_year(agreed: datetime | None, now: datetime) -> None:
    """A time that was agreed with the citizen is one that somebody can keep, or could."""
    if agreed is not None and abs(agreed - now) > LONGEST_SUSPENSION:
        raise e.AgreedTimeTooFar("The agreed time is more than a year away.", "Enter it again.", field="agreed_at")


def reply_owner(life: Life) -> int | None:
    """The number of the open task that answers the citizen: the reply if there is one, else the lead."""
    ranked = [task for task in life.open_tasks if task.role in {TaskRole.LEAD, TaskRole.REPLY}]
    return max(ranked, key=lambda task: _RANK[task.role]).n if ranked else None


# ---- extension, suspension ----


def may_ask_for_time(life: Life, task: Task, amount: int, at: Occasion, kept: Kept) -> None:
    """The lead asks in time, after contact, twice at most, each time at most for the original limit."""
    if task.role is not TaskRole.LEAD:
        raise e.OnlyLeadAsks("The unit that leads asks for more time.", "Ask the unit that leads.")
    if next(life.undecided(task.n), None) is not None:
        raise e.ExtensionUndecided("A request for more time waits for its decision.", "Wait for it.")
    if _granted(life) >= MOST_EXTENSIONS:
        raise e.ExtensionsUsedUp(f"More time was granted {MOST_EXTENSIONS} times already.", "Finish it in time.")
    if amount > kept.clock.limit.amount:
        raise e.ExtensionTooLong(
            f"An extension is at most as long as the limit, {kept.clock.limit.amount}.", "Ask for less.", field="amount"
        )
    if at.now > clocks.due(kept.clock, at.time.calendar):
        raise e.TooLateToExtend("The limit has passed already.", "Finish it and say why it took longer.")
    if not life.reachable:
        return
    if task.contacted_at is None:
        raise e.CitizenNotContacted("The citizen was not contacted yet.", "Agree on a new time with the citizen first.")
    if task.agreed_at is None or task.agreed_at <= at.now:
        raise e.AgreedTimePassed(
            "No time that lies ahead was agreed with the citizen.", "Agree on one and enter it as a contact first."
        )


def own_unit_decides(life: Life, extension: Extension, who: Actor) -> None:
    """The first level is the leader of the very unit that asks."""
    if who.unit_code != life.task(extension.task).unit.code:
        raise e.ExtensionNotFound("Your unit has made no such request.", next_step="Look at your unit's tasks.")


def another_decides(extension: Extension, who: Actor) -> None:
    """Two levels are two people besides the one who asked."""
    if who.user_id in {extension.asked_by, extension.agreed_by}:
        raise e.SecondPersonDecides("You asked for this or agreed to it yourself.", "Let somebody else decide.")


def may_suspend(life: Life, until: datetime, now: datetime) -> None:
    """Once, with an end within a year."""
    if life.suspended_until is not None:
        raise e.SuspendedBefore("This case was suspended once already.", "Ask for more time instead.")
    if until <= now:
        raise e.SuspensionEndsInPast("A suspension ends in the future.", "Choose a later end.", field="until")
    if until - now > LONGEST_SUSPENSION:
        raise e.SuspensionTooLong(
            f"A suspension ends within {LONGEST_SUSPENSION.days} days.", "Choose an earlier end.", field="until"
        )


def _granted(life: Life) -> int:
    return sum(each.state is ExtensionState.GRANTED for each in life.extensions)


# ---- time-out appeal 申诉 ----


def may_appeal(life: Life, unit_code: str, at: Occasion) -> None:
    """Once a case, some days after closing at most, by the unit whose clock ran out."""
    if life.closed_at is None:
        raise e.AppealBeforeClosing("This case is not closed yet.", "Appeal once it is closed.")
    if life.appeal is not None:
        raise e.AppealedBefore(f"{life.appeal.unit.name} appealed in this case already.", "Wait for what comes of it.")
    if not clocks_run_out(life, unit_code):
        raise e.NoClockRanOut("No clock of your unit ran out in this case.", "There is nothing to appeal against.")
    if at.now >= at.time.appeal_ends(life.closed_at):
        raise e.AppealTooLate(
            f"A time-out is appealed against within {at.time.appeal_days} working days after closing.",
            "The fact stays as it is; tell the commander if there was a cause.",
        )


def clocks_run_out(life: Life, unit_code: str) -> tuple[ClockKey, ...]:
    """The clocks of this unit that ran out: those of its tasks, and that of the report back if it led to the end."""
    keys = [ClockKey(ClockName.HANDLING, task.n) for task in life.tasks if task.unit.code == unit_code]
    led = [task for task in life.tasks if task.role is TaskRole.LEAD and task.state is TaskState.REPORTED]
    if led and led[-1].unit.code == unit_code:
        keys.append(ClockKey(ClockName.FEEDBACK))
    return tuple(key for key in keys if key in life.clocks and life.clocks[key].state is ClockState.MISSED)


def may_review(life: Life, appeal: Appeal, who: Actor) -> None:
    """Two different people, neither of a unit that handled the case."""
    not_a_handler(life, who)
    if who.user_id in {appeal.made_by, appeal.supported_by}:
        raise e.SecondPersonDecides("You reviewed this appeal already.", "Let somebody else decide.")
