"""What is suggested while the caller speaks, over HTTP. Asked in the body: what was said belongs in no log."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request

from backend.cases.reference import References
from backend.cases.suggestion_schemas import Suggestions, SuggestionsAsked
from backend.cases.suggestions import Suggesting
from backend.grid.names import Names
from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.versions import InForce

router = APIRouter(prefix="/api/cases", tags=["intake"])

Store = Annotated[Database, Depends(database_of)]
Agent = Annotated[Principal, Depends(requires("cases.file"))]


@router.post("/suggestions")
async def suggestions(request: Request, asked: SuggestionsAsked, database: Store, _: Agent) -> Suggestions:
    """What the form could say by what the caller said so far."""
    state, now = request.app.state, clock.now()
    async with database.transaction() as tx:
        reference = await cast("References", state.references).at(tx, now)
        names = await cast("InForce[Names]", state.names).at(tx.session, now)
    by = Suggesting(reference, names, state.urgency_words, clock.beijing(now).date())
    return await by.suggest(database, asked)
