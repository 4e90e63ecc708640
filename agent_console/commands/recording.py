"""Pausing the recording of the own call, while something is told that nobody may keep."""

from __future__ import annotations

from uuid import UUID

from agent_console.desk import Desk
from agent_console.messages.calls import PauseRecording, ResumeRecording
from backend.calls.errors import NotInThisCall
from backend.kernel import clock
from backend.orders import service as orders
from backend.orders.schemas import OrderView
from backend.seats import service as seats
from backend.seats.schemas import SeatState
from telephony import commands


async def pause_recording(desk: Desk, command: PauseRecording) -> OrderView:
    """Record silence from now on."""
    return await _order(desk, command.request_id, commands.PauseRecording(call_id=command.call_id))


async def resume_recording(desk: Desk, command: ResumeRecording) -> OrderView:
    """Record again."""
    return await _order(desk, command.request_id, commands.ResumeRecording(call_id=command.call_id))


async def _order(desk: Desk, request_id: UUID, order: commands.PauseRecording | commands.ResumeRecording) -> OrderView:
    async with desk.database.transaction() as tx:
        seat = await seats.seat_of(tx, desk.principal)
        if seat is None or seat.call_id != order.call_id or seat.state is not SeatState.TALKING:
            raise NotInThisCall("You do not talk in this call now.", kept="The recording is unchanged.")
        placed = await orders.place(tx, request_id, order, desk.principal, clock.now(), host=seat.host)
        return placed.order
