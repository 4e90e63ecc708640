"""The part of the protocol that controls a hardware phone at the seat: what is ordered of it, how its call stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from pydantic import Field

from backend.calls.desk_phones import phone_calls
from backend.calls.schemas import PhoneCall, PhoneVerb
from backend.kernel.database import Database
from backend.kernel.events import StoredEvent
from backend.kernel.schemas import CallId, Schema

if TYPE_CHECKING:
    from agent_console.protocol import EventBody


class ControlPhone(Schema):
    """Order something of the hardware phone at the own seat. The same `request_id` orders once.

    `to` is whom to call (a seat, a queue, a number) or, for `tone`, the key; only `hang_up` needs no call.
    """

    command: Literal["control_phone"] = "control_phone"
    id: int
    request_id: UUID
    verb: PhoneVerb
    call_id: CallId | None = None
    to: str = Field(default="", max_length=64)


class PhoneChanged(Schema):
    """The call of this seat's hardware phone moved; None when it is in no call any more."""

    kind: Literal["phone_changed"] = "phone_changed"
    seat: str
    call: PhoneCall | None


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
