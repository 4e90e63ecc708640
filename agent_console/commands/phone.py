"""The hardware phone at the own seat."""

from __future__ import annotations

from agent_console.desk import Desk
from agent_console.messages.phones import ControlPhone
from backend.calls.phone_control import control
from backend.kernel import clock
from backend.orders.schemas import OrderView


async def control_phone(desk: Desk, command: ControlPhone) -> OrderView:
    """Order something of the phone."""
    async with desk.database.transaction() as tx:
        return await control(
            tx,
            desk.principal,
            command.request_id,
            command.verb,
            clock.now(),
            call_id=command.call_id,
            to=command.to,
        )
