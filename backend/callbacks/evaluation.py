"""After closing: every case gets its callback, and what the citizen says there evaluates the case or opens it again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from backend.callbacks import service
from backend.callbacks.attempt_repository import lock_callback
from backend.callbacks.errors import AnswersFiled, CallbackNotFound
from backend.callbacks.models import CallbackAnswers
from backend.callbacks.schemas import Answers, AnswersView, CallbackState, Solved
from backend.cases import group_repository
from backend.cases.filing import PATROL
from backend.cases.rules import clean_text
from backend.cases.schemas import CaseStatus
from backend.cases.service import find_case
from backend.cases.states import OPEN
from backend.deadlines.rules import Timekeeping
from backend.dispatch import case_moves, group_moves
from backend.dispatch import service as dispatch
from backend.dispatch.errors import HasNoParent, ParentStillOpen
from backend.dispatch.life import Life, Moved, Occasion
from backend.dispatch.service import CLOSED_JOB
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.jobs import JobKind


@dataclass(frozen=True)
class ClosedCaseCaller:
    """What a worker does when a case was closed: promise its callback, `after` so long."""

    database: Database
    after: timedelta

    @property
    def job(self) -> JobKind:
        """The kind of job, for a worker."""
        return JobKind(CLOSED_JOB, self.run)

    async def run(self, payload: dict[str, Any]) -> None:
        """Promise the callback, unless the case was opened again or one is promised."""
        case_id, now = UUID(payload["case_id"]), clock.now()
        request_id = uuid5(case_id, f"closed:{payload['version']}")
        async with self.database.transaction() as tx:
            if await _owed(tx, case_id):
                await service.schedule_after_closing(
                    tx, UUID(payload["by"]), case_id, request_id, now + self.after, now
                )


@dataclass(frozen=True)
class UnreachedChildren:
    """What a worker does when the callback of a merged case was given up: it ends with its parent, without a score."""

    database: Database
    time: Timekeeping

    @property
    def job(self) -> JobKind:
        """The kind of job, for a worker."""
        return JobKind(service.UNREACHED_JOB, self.run)

    async def run(self, payload: dict[str, Any]) -> None:
        """End the child, unless its parent is open again or it went its own way meanwhile."""
        async with self.database.transaction() as tx:
            with suppress(HasNoParent, ParentStillOpen):
                await dispatch.move_case(
                    tx, None, UUID(payload["case_id"]), None, group_moves.end, self.time, clock.now()
                )


async def _owed(tx: Transaction, case_id: UUID) -> bool:
    """Whether the case has come to the point where its citizen is called back: a child when its parent is closed."""
    case = await find_case(tx, case_id)
    if case.channel == PATROL and case.caller_number is None:
        return False  # behind what a patrol reported stands nobody who could be called
    status = case.status
    if status == CaseStatus.MERGED.value:
        link = await group_repository.link_of(tx.session, case_id)
        status = (await find_case(tx, link.parent_id)).status if link is not None else status
        return CaseStatus(status) not in OPEN
    return status == CaseStatus.CLOSED.value


async def file_answers(
    tx: Transaction, who: Principal, callback_id: UUID, answers: Answers, time: Timekeeping, now: datetime
) -> AnswersView:
    """File what the citizen said: "not solved" opens the case again, anything else evaluates it. The same once more is
    no error.

    Raises `CallbackNotFound`, `HandlerCannotJudge`, `AnswersFiled`, `CallbackCannotMove`, `CaseCannotMove` for a
    case that is not closed, or `ParentStillOpen` for a child of a group whose parent is not.
    """
    callback = await lock_callback(tx, callback_id)
    if callback is None:
        raise CallbackNotFound("There is no such callback visit.", next_step="Look for it in the list.")
    await dispatch.refuse_handlers(tx, who, callback.case_id)
    said = answers.model_copy(update={"note": clean_text(answers.note)})
    filed = await tx.session.get(CallbackAnswers, callback_id)
    if filed is not None:
        return _same(filed, said)
    if callback.state != CallbackState.DONE.value:
        await service.complete(tx, who, callback_id, now)
    row = CallbackAnswers(
        callback_id=callback_id,
        case_id=callback.case_id,
        contacted=said.contacted,
        solved=said.solved.value,
        satisfied=said.satisfied.value,
        note=said.note,
        answered_at=now,
        answered_by_id=who.user_id,
        answered_by=who.display_name,
    )
    tx.session.add(row)
    await dispatch.move_case(tx, who, callback.case_id, None, _following(said), time, now)
    return _view(row)


def _following(said: Answers) -> Callable[[Life, Occasion], Moved]:
    alone = case_moves.not_solved if said.solved is Solved.NO else case_moves.evaluate
    merged = group_moves.not_solved if said.solved is Solved.NO else group_moves.solved

    def act(life: Life, at: Occasion) -> Moved:
        follow: Callable[..., Moved] = merged if life.status is CaseStatus.MERGED else alone
        return follow(life, at, contacted=said.contacted, solved=said.solved.value, satisfied=said.satisfied.value)

    return act


def _same(filed: CallbackAnswers, said: Answers) -> AnswersView:
    view = _view(filed)
    if Answers.model_validate(view.model_dump(include=set(Answers.model_fields))) != said:
        raise AnswersFiled(
            f"{filed.answered_by} filed the answers already.", kept="They stand as they were filed first."
        )
    return view


def _view(row: CallbackAnswers) -> AnswersView:
    return AnswersView.model_validate(row)
