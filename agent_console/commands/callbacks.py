"""Callback visits."""

from __future__ import annotations

from agent_console.desk import Desk
from agent_console.messages.cases import CancelCallback, ScheduleCallback
from backend.callbacks import service
from backend.callbacks.schemas import CallbackView
from backend.kernel import clock


async def schedule_callback(desk: Desk, command: ScheduleCallback) -> CallbackView:
    """Promise a callback visit for a case that stands."""
    async with desk.database.transaction() as tx:
        return await service.schedule(
            tx, desk.principal, command.case_id, command.callback, command.request_id, clock.now()
        )


async def cancel_callback(desk: Desk, command: CancelCallback) -> CallbackView:
    """Take a promised callback visit back."""
    async with desk.database.transaction() as tx:
        return await service.cancel(tx, desk.principal, command.callback_id, command.reason, clock.now())
