"""Calling citizens from the seat."""

from __future__ import annotations

from agent_console.desk import Desk
from agent_console.messages.calls import Dial, FileResult
from backend.callbacks import attempts
from backend.callbacks.attempts import DialWish
from backend.callbacks.schemas import AttemptView
from backend.kernel import clock


async def dial(desk: Desk, command: Dial) -> AttemptView:
    """Order a call to the citizen of a case."""
    wish = DialWish(command.request_id, command.case_id, command.callback_id)
    async with desk.database.transaction() as tx:
        return await attempts.dial(tx, desk.principal, wish, desk.callbacks, clock.now())


async def file_result(desk: Desk, command: FileResult) -> AttemptView:
    """File how the call came out; what follows for the callback visit is decided with it."""
    async with desk.database.transaction() as tx:
        return await attempts.file_result(
            tx, desk.principal, command.attempt_id, command.result, desk.callbacks, clock.now()
        )
