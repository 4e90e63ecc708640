"""How the calls of hardware phones stand, told to those who sit at them."""

from __future__ import annotations

from collections.abc import Sequence

from agent_console.messages.phones import PhoneChanged
from agent_console.protocol import EventBody
from backend.calls.desk_phones import phone_calls
from backend.kernel.database import Database
from backend.kernel.events import StoredEvent


class PhoneCalls:
    """Renders what moved at hardware phones: the record is read once for all seats of a batch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def render(self, events: Sequence[StoredEvent]) -> list[EventBody | None]:
        """How the call of each of these seats stands now; nothing for a seat whose phone is the browser."""
        async with self._database.transaction() as tx:
            calls = await phone_calls(tx, {event.entity for event in events})
        return [
            PhoneChanged(seat=event.entity, call=calls[event.entity]) if event.entity in calls else None
            for event in events
        ]
