"""Callback visits over HTTP; they are scheduled and canceled by the console's commands."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from backend.callbacks import service
from backend.callbacks.schemas import CallbackQuery, CallbackView
from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
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
