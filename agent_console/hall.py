"""The hall as a console shows it: read whole for a welcome, call by call after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from agent_console.protocol import EventBody
from agent_console.supervision import HallCallChanged, HallCallGone, HallState
from backend.calls.live import live_calls
from backend.kernel.database import Database, Transaction
from backend.kernel.events import StoredEvent
from backend.notices import service as notices
from backend.seats import repository, service

_MISSED_SHOWN = timedelta(hours=12)
_MOST_MISSED = 30


async def hall_state(tx: Transaction, now: datetime) -> HallState:
    """Every seat, every open call, and what the shift leader was told and has told lately."""
    return HallState(
        seats=await service.list_seats(tx),
        calls=await live_calls(tx),
        missed_rings=await repository.missed_rings(tx, now - _MISSED_SHOWN, _MOST_MISSED),
        notices=await notices.sent_lately(tx, now),
    )


class HallCalls:
    """Renders `hall_call`: the record is read once for all calls of a batch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def render(self, events: Sequence[StoredEvent]) -> list[EventBody | None]:
        """How each of these calls stands now; a call that has ended is gone from the hall."""
        async with self._database.transaction() as tx:
            found = {call.call_id: call for call in await live_calls(tx, {event.entity for event in events})}
        return [
            HallCallChanged(call=found[event.entity]) if event.entity in found else HallCallGone(call_id=event.entity)
            for event in events
        ]
