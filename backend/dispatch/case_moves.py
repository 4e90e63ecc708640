"""The moves of a case: what the hotline, the district centre and the supervision centre do. Pure, with time given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from backend.cases.states import CaseMove
from backend.dispatch import group_guards, guards
from backend.dispatch.guards import Asked
from backend.dispatch.life import Life, Moved, Occasion, Unit
from backend.dispatch.progress import DISPATCH, FEEDBACK, Progress, handling
from backend.dispatch.schemas import ClosedAs, TaskRole, TaskState
from backend.dispatch.states import TaskMove


def dispatch(life: Life, asked: Sequence[Asked], reason: str, at: Occasion) -> Moved:
    """Send the case to units 派遣: one leads, others help, who was asked first keeps the reply."""
    guards.not_refused_before(life, asked)
    return _send(life, asked, CaseMove.DISPATCH, reason, at)


def decide(life: Life, asked: Sequence[Asked], reason: str, at: Occasion) -> Moved:
    """What the coordination 协调会商 decided: it binds, whoever refused before."""
    return _send(life, asked, CaseMove.DECIDE, reason, at)


def declare_out_of_scope(life: Life, explanation: str, at: Occasion) -> Moved:
    """No matter of the hotline: explained, redirected, closed with its own code."""
    guards.never_dispatched(life)
    group_guards.no_children_wait(life)
    step = Progress(life, at)
    step.case(CaseMove.DECLARE_OUT_OF_SCOPE, reason=explanation)
    step.change(closed_as=ClosedAs.OUT_OF_SCOPE)
    step.stop(DISPATCH)
    return step.moved


def declare_hard(life: Life, reason: str, at: Occasion) -> Moved:
    """A hard case 疑难: from now on, and for good, only departments get it, as if it had come up."""
    guards.not_hard_yet(life)
    step = Progress(life, at)
    step.case(CaseMove.DECLARE_HARD, reason=reason)
    step.change(hard=True)
    return step.moved


def suspend(life: Life, until: datetime, reason: str, at: Occasion) -> Moved:
    """Let the case rest 挂账, once; its clocks stand still and go on by themselves."""
    guards.may_suspend(life, until, at.now)
    step = Progress(life, at)
    step.case(CaseMove.SUSPEND, reason=reason, until_at=until.isoformat())
    step.change(suspended_until=until)
    step.pause(until)
    return step.moved


def resume(life: Life, at: Occasion) -> Moved:
    """Go on, at the end of the suspension or before it."""
    step = Progress(life, at)
    step.case(CaseMove.RESUME)
    step.resume()
    return step.moved


def rework(life: Life, reason: str, at: Occasion) -> Moved:
    """The verification 核查 found it not done: who led and who answers do it again, with the time that was left."""
    guards.may_verify(life, at.who)
    step = Progress(life, at)
    step.case(CaseMove.REWORK, reason=reason)
    for task in _last_round(life):
        step.task(task, TaskMove.REDO, changes={"ended_at": None})
        step.restart(handling(task))
    step.restart(FEEDBACK)
    return step.moved


def verify(life: Life, note: str, at: Occasion) -> Moved:
    """The supervision centre found it done."""
    guards.may_verify(life, at.who)
    step = Progress(life, at)
    step.case(CaseMove.VERIFY, note=note or None)
    return step.moved


def close(life: Life, at: Occasion) -> Moved:
    """Close a verified case 结案; its callback follows."""
    guards.may_verify(life, at.who)
    step = Progress(life, at)
    step.case(CaseMove.CLOSE)
    step.change(closed_as=ClosedAs.HANDLED)
    return step.moved


def evaluate(life: Life, at: Occasion, **score: str | bool) -> Moved:
    """What the citizen said of it 综合评价."""
    step = Progress(life, at)
    step.case(CaseMove.EVALUATE, **score)
    return step.moved


def not_solved(life: Life, at: Occasion, **score: str | bool) -> Moved:
    """ "Not solved": the case opens again, to the unit that was asked first, with whoever handled it last leading."""
    step = Progress(life, at)
    if life.closed_as is ClosedAs.ANSWERED:
        step.case(CaseMove.FILE_AGAIN, **score)
        step.start(DISPATCH, step.dispatch_limit)
        step.change(closed_as=None, reopened=life.reopened + 1, parent=None)
        return step.moved
    lead = guards.was_handled(life)
    step.case(CaseMove.REOPEN, **score)
    _ask_again(step, lead)
    return step.moved


def recurred(life: Life, note: str, at: Occasion) -> Moved:
    """A patrol after closing found that it came back: the case opens again to the unit that led it to the end."""
    lead = guards.was_handled(life)
    step = Progress(life, at)
    step.case(CaseMove.REOPEN, note=note, cause="recurred")
    _ask_again(step, lead)
    return step.moved


def withdraw(life: Life, reason: str, at: Occasion) -> Moved:
    """The citizen wants nothing any more."""
    group_guards.no_children_wait(life)
    step = Progress(life, at)
    step.case(CaseMove.WITHDRAW, reason=reason)
    step.recall(keep_reply=False)
    step.change(closed_as=ClosedAs.WITHDRAWN)
    step.cancel()
    return step.moved


def change_urgency(life: Life, urgency: str, reason: str, at: Occasion) -> Moved:
    """Another urgency, other limits; the time already used stays used."""
    step = Progress(life, at)
    step.case(CaseMove.CHANGE_URGENCY, before=life.urgency, urgency=urgency, reason=reason)
    step.change(urgency=urgency)
    step.change_limits()
    return step.moved


def supervise(life: Life, order: str, at: Occasion) -> Moved:
    """A supervision order 督办."""
    step = Progress(life, at)
    step.case(CaseMove.SUPERVISE, reason=order)
    step.change(supervised=life.supervised + 1)
    return step.moved


def urge(life: Life, note: str, call_id: str | None, at: Occasion) -> Moved:
    """The citizen asks again 催办, usually by the next call."""
    step = Progress(life, at)
    step.case(CaseMove.URGE, note=note or None, call_id=call_id)
    step.change(urged=life.urged + 1)
    return step.moved


def add(life: Life, said: Mapping[str, str | None], *, urging: bool, at: Occasion) -> Moved:
    """The citizen, or a neighbour, says more about what is open already; `urging`: and wants it done."""
    guards.open_for_more(life)
    step = Progress(life, at)
    step.case(CaseMove.ADD, **said)
    if urging:
        step.case(CaseMove.URGE, call_id=said.get("call_id"))
        step.change(urged=life.urged + 1)
    return step.moved


def with_reply(life: Life, asked: Sequence[Asked]) -> list[Asked]:
    """Who is asked, the lead first, together with the unit that was asked first of all 首接负责."""
    ordered = sorted(asked, key=lambda each: each.role is not TaskRole.LEAD)
    first = life.first_unit
    if first is None or ordered[0].unit.code == first.code:
        return ordered
    others = [each for each in ordered if each.unit.code != first.code]
    if any(task.role is TaskRole.REPLY for task in life.open_tasks):
        return others
    return [*others, Asked(first, TaskRole.REPLY)]


def _send(life: Life, asked: Sequence[Asked], by: CaseMove, reason: str, at: Occasion) -> Moved:
    guards.one_leads(asked)
    guards.units_handle(asked)
    guards.never_down_again(life, asked)
    step = Progress(life, at)
    lead = next(each.unit for each in asked if each.role is TaskRole.LEAD)
    step.case(by, unit=lead.name, reason=reason or None)
    if life.first_unit is not None and lead.code == life.first_unit.code:
        step.recall(keep_reply=False)  # the lead answers the citizen itself
    step.stop(DISPATCH)
    step.start(FEEDBACK, step.feedback_limit)
    step.send(with_reply(step.life, asked), binding=by is CaseMove.DECIDE)
    return step.moved


def _ask_again(step: Progress, lead: Unit) -> None:
    """Whoever led it to the end leads again, whoever was asked first replies."""
    life = step.life
    step.start(FEEDBACK, step.feedback_limit)
    step.send(with_reply(life, [Asked(lead, TaskRole.LEAD)]), binding=True)
    step.change(closed_as=None, reopened=life.reopened + 1, parent=None)


def _last_round(life: Life) -> list[int]:
    """The tasks that answer for the last report: the lead, and the reply where there is one."""
    reported = [task for task in life.tasks if task.state is TaskState.REPORTED]
    lead = next(task for task in reversed(reported) if task.role is TaskRole.LEAD)
    replies = [task for task in reported if task.role is TaskRole.REPLY]
    return [lead.n, *(task.n for task in replies[-1:] if task.ended_at is not None and task.ended_at >= lead.sent_at)]
