"""Callback visits over HTTP; they are scheduled, made and canceled by the console's commands."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from backend.callbacks import attempts, evaluation, service
from backend.callbacks.schemas import Answers, AnswersView, AttemptView, CallbackQuery, CallbackView, CurrentAttempt
from backend.dispatch.settings import LoopRules
from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.schemas import Page

router = APIRouter(prefix="/api", tags=["callbacks"])

Store = Annotated[Database, Depends(database_of)]
Reader = Annotated[Principal, Depends(requires("callbacks.read"))]


@router.get("/callbacks")
async def list_callbacks(database: Store, _: Reader, query: Annotated[CallbackQuery, Query()]) -> Page[CallbackView]:
    """Callback visits, those due first first."""
    async with database.transaction() as tx:
        return await service.list_callbacks(tx, query)


@router.get("/cases/{case_id}/callbacks")
async def callbacks_of_case(case_id: UUID, database: Store, _: Reader) -> list[CallbackView]:
    """The callback visits of one case, by their time."""
    async with database.transaction() as tx:
        return await service.callbacks_of_case(tx, case_id)


@router.post("/callbacks/{callback_id}/answers")
async def file_answers(
    request: Request,
    callback_id: UUID,
    answers: Answers,
    database: Store,
    who: Annotated[Principal, Depends(requires("callbacks.evaluate"))],
) -> AnswersView:
    """File what the citizen said of a closed case."""
    rules = cast("LoopRules", request.app.state.loop)
    async with database.transaction() as tx:
        return await evaluation.file_answers(tx, who, callback_id, answers, rules.time, clock.now())


@router.get("/cases/{case_id}/attempts")
async def attempts_of_case(case_id: UUID, database: Store, _: Reader) -> list[AttemptView]:
    """The calls to the citizen of one case, oldest first."""
    async with database.transaction() as tx:
        return await attempts.attempts_of_case(tx, case_id, clock.now())


@router.get("/attempts/current")
async def current_attempt(
    database: Store, who: Annotated[Principal, Depends(requires("calls.dial"))]
) -> CurrentAttempt:
    """The call that this person is making, or whose result they are yet to file."""
    async with database.transaction() as tx:
        return CurrentAttempt(attempt=await attempts.current_attempt(tx, who, clock.now()))
