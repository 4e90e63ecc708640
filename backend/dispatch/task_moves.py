"""The moves of a unit's task: sign, contact, report, refuse, escalate, whistle, ask for time. Pure, with time given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.cases.states import CaseMove
from backend.dispatch import guards
from backend.dispatch.errors import ExtensionNotFound
from backend.dispatch.guards import Asked, EscalationShare
from backend.dispatch.life import Actor, Extension, Life, Moved, Occasion, Unit
from backend.dispatch.progress import DISPATCH, FEEDBACK, Progress, handling
from backend.dispatch.schemas import TaskRole
from backend.dispatch.states import ExtensionMove, TaskMove, move_extension


def sign(life: Life, n: int, at: Occasion) -> Moved:
    """The unit takes the task over 签收."""
    guards.being_handled(life)
    step = Progress(life, at)
    step.task(n, TaskMove.SIGN, changes={"signed_at": at.now})
    return step.moved


def contact(life: Life, n: int, note: str, agreed: datetime | None, at: Occasion) -> Moved:
    """The unit talked with the citizen; `agreed` is a time they agreed on, if they did."""
    guards.being_handled(life)
    guards.may_contact(life)
    guards.agreed_within_a_year(agreed, at.now)
    step = Progress(life, at)
    changes = {"contacted_at": at.now, "agreed_at": agreed or life.task(n).agreed_at}
    step.task(n, TaskMove.CONTACT, changes=changes, note=note, agreed_at=agreed.isoformat() if agreed else None)
    return step.moved


def report(life: Life, n: int, result: str, at: Occasion) -> Moved:
    """The unit reports what it did 反馈; when nobody has anything left to do, the case is reported back."""
    guards.being_handled(life)
    task = life.task(n)
    step = Progress(life, at)
    step.task(n, TaskMove.REPORT, note=result)
    guards.others_are_done(life, task)
    guards.contacted(life, task)
    step.stop(handling(n))
    if not step.life.open_tasks:
        step.case(CaseMove.REPORT)
        step.stop(FEEDBACK)
    return step.moved


def refuse(life: Life, n: int, reason: str, at: Occasion) -> Moved:
    """The unit sends the task back 退回 before it signs: to the dispatch, the second time to the coordination."""
    guards.being_handled(life)
    task = life.task(n)
    guards.may_refuse(task)
    step = Progress(life, at)
    step.task(n, TaskMove.REFUSE, reason=reason)
    step.cancel(part=n)
    refusals = len(step.life.refusals)
    coordinate = refusals >= guards.REFUSALS_TO_COORDINATION
    if coordinate or task.role is TaskRole.LEAD:
        step.recall(keep_reply=True)
        step.case(CaseMove.COORDINATE if coordinate else CaseMove.TAKE_BACK, unit=task.unit.name, refusals=refusals)
        step.start(DISPATCH, step.dispatch_limit)
    return step.moved


def escalate(life: Life, n: int, reason: str, share: EscalationShare, at: Occasion) -> Moved:
    """The street cannot solve it in the small loop 请办: the district centre dispatches it among all departments."""
    guards.being_handled(life)
    task = life.task(n)
    guards.may_escalate(life, task, share)
    step = Progress(life, at)
    step.task(n, TaskMove.ESCALATE, reason=reason)
    step.stop(handling(n))
    step.recall(keep_reply=True)
    step.case(CaseMove.ESCALATE, unit=task.unit.name, reason=reason)
    step.start(DISPATCH, step.dispatch_limit)
    return step.moved


def whistle(life: Life, n: int, called: Sequence[Unit], what: str, at: Occasion) -> Moved:
    """The street calls departments to the place 吹哨; they must report there."""
    guards.being_handled(life)
    guards.may_whistle(life.task(n), called)
    guards.not_at_work_already(life, called)
    step = Progress(life, at)
    step.task(n, TaskMove.WHISTLE, note=what, units="、".join(unit.name for unit in called))
    step.send([Asked(unit, TaskRole.SITE) for unit in called])
    return step.moved


def ask_extension(life: Life, n: int, amount: int, reason: str, at: Occasion) -> Moved:
    """The unit asks for so much more time 延期, in the kind of its limit, after it agreed a time with the citizen."""
    guards.being_handled(life)
    step = Progress(life, at)
    task = step.task(n, TaskMove.ASK_EXTENSION, reason=reason, amount=amount)
    guards.may_ask_for_time(life, task, amount, at, life.clocks[handling(n)])
    assert at.who is not None
    state = move_extension(None, ExtensionMove.ASK)
    asked = Extension(len(life.extensions) + 1, n, amount, state, at.who.user_id)
    step.change(extensions=(*life.extensions, asked))
    return step.moved


def agree_extension(life: Life, extension: int, at: Occasion) -> Moved:
    """The first level: the unit's own leader agrees."""
    asked, who = _asked(life, extension, at)
    guards.being_handled(life)
    guards.own_unit_decides(life, asked, who)
    guards.another_decides(asked, who)
    step = Progress(life, at)
    step.extension(extension, ExtensionMove.AGREE, agreed_by=who.user_id)
    return step.moved


def grant_extension(life: Life, extension: int, at: Occasion) -> Moved:
    """The second level: the centre grants it, and the clocks have so much more time."""
    asked, who = _asked(life, extension, at)
    guards.being_handled(life)
    guards.another_decides(asked, who)
    guards.not_a_handler(life, who)
    step = Progress(life, at)
    step.extension(extension, ExtensionMove.GRANT)
    step.extend(asked.task, asked.amount)
    return step.moved


def decline_extension(life: Life, extension: int, at: Occasion) -> Moved:
    """Either level says no: the leader of the unit that asks, or the centre."""
    asked, who = _asked(life, extension, at)
    if who.unit_code in life.handlers:
        guards.own_unit_decides(life, asked, who)
    step = Progress(life, at)
    step.extension(extension, ExtensionMove.DECLINE)
    return step.moved


def _asked(life: Life, extension: int, at: Occasion) -> tuple[Extension, Actor]:
    if not 0 < extension <= len(life.extensions):
        raise ExtensionNotFound("There is no such request for more time.", next_step="Load the case anew.")
    assert at.who is not None, "the platform itself decides on no request"
    return life.extensions[extension - 1], at.who
