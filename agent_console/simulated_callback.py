"""How a simulated agent calls a citizen back: dials from the case, waits for the end, files how it came out."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from agent_console.client import ConsoleClient
from agent_console.messages.calls import Dial, FileResult
from backend.callbacks.schemas import AttemptResult, AttemptStage, AttemptView

_ATTEMPTS = TypeAdapter(list[AttemptView])
_LOOK_EVERY_S = 0.5
_LONGEST_S = 120.0


async def call_back(client: ConsoleClient, case_id: UUID) -> AttemptResult | None:
    """Call the citizen of this case and file the result; None when the seat's own phone did not take the call.

    Raises `CommandRefused` when nobody may be called now, `TimeoutError`.
    """
    request_id = uuid4()
    await client.insist(Dial(id=0, request_id=request_id, case_id=case_id))
    async with asyncio.timeout(_LONGEST_S):
        attempt = await _attempt(client, case_id, request_id)
        while attempt.stage not in {AttemptStage.ENDED, AttemptStage.NOT_PLACED}:
            await asyncio.sleep(_LOOK_EVERY_S)
            attempt = await _attempt(client, case_id, request_id)
    if attempt.stage is AttemptStage.NOT_PLACED:
        return None
    result = attempt.proposed or AttemptResult.NO_ANSWER
    await client.insist(FileResult(id=0, attempt_id=request_id, result=result))
    return result


async def _attempt(client: ConsoleClient, case_id: UUID, request_id: UUID) -> AttemptView:
    answer = (await client.http.get(f"/api/cases/{case_id}/attempts")).raise_for_status()
    return next(one for one in _ATTEMPTS.validate_json(answer.content) if one.attempt_id == request_id)
