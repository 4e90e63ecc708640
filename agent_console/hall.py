"""The hall as a console shows it: read whole for a welcome, call by call after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from agent_console.messages.supervision import CallSupervised, HallCallChanged, HallCallGone, HallState
from agent_console.protocol import EventBody
from backend.calls.live import live_calls
from backend.calls.schemas import HallCall, SupervisorView
from backend.kernel.database import Database, Transaction
from backend.kernel.events import StoredEvent
from backend.notices import service as notices
from backend.seats import repository, service
from backend.seats.schemas import SeatView

_ALERTS_SHOWN = timedelta(hours=12)
_MOST_ALERTS = 30


async def hall_state(tx: Transaction, now: datetime) -> HallState:
    """Every seat, every open call, and what the shift leader was told and has told lately."""
    return HallState(
        seats=await service.list_seats(tx),
        calls=await live_calls(tx),
        alerts=await repository.alerts_since(tx, now - _ALERTS_SHOWN, _MOST_ALERTS),
        notices=await notices.sent_lately(tx, now),
    )


async def supervisors_of(tx: Transaction, seat: SeatView) -> list[SupervisorView]:
    """Who takes part in the call of this seat."""
    calls = await live_calls(tx, [seat.call_id]) if seat.call_id is not None else []
    return [one for call in calls for one in call.supervisors]


class HallCalls:
    """Renders what moved in running calls: the record is read once for all calls of a batch."""

    def __init__(self, database: Database, *, show_supervision: bool) -> None:
        self._database = database
        self._show_supervision = show_supervision

    async def render(self, events: Sequence[StoredEvent]) -> list[EventBody | None]:
        """How each of these calls stands now; a call that has ended is gone from the hall."""
        found = await self._found(events)
        return [
            HallCallChanged(call=found[event.entity]) if event.entity in found else HallCallGone(call_id=event.entity)
            for event in events
        ]

    async def supervised(self, events: Sequence[StoredEvent]) -> list[EventBody | None]:
        """Who takes part in each of these calls now, for its seat; nothing where agents are not shown it."""
        if not self._show_supervision:
            return [None for _ in events]
        found = await self._found(events)
        return [
            CallSupervised(call_id=event.entity, supervisors=found[event.entity].supervisors)
            if event.entity in found
            else None
            for event in events
        ]

    async def _found(self, events: Sequence[StoredEvent]) -> dict[str, HallCall]:
        async with self._database.transaction() as tx:
            return {call.call_id: call for call in await live_calls(tx, {event.entity for event in events})}
