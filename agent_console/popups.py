"""The cards of ringing calls, made before the telephone rings.

Between a call's arrival and its first ring the PBX needs some ten milliseconds of its own. In that time the hub reads
who is calling; when the seat rings, the card only has to be sent. A card that is not at hand (the hub was just
started) is read then, and a case filed meanwhile for the same number throws the card away.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from datetime import datetime

from agent_console.cards import cards
from agent_console.protocol import CallCard, CallRinging, EventBody
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.events import StoredEvent

_MOST = 2000


class RingingCards:
    """The cards that are ready, by call."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ready: OrderedDict[str, CallCard] = OrderedDict()

    async def prepare(self, events: Sequence[StoredEvent]) -> list[EventBody | None]:
        """`call_arrived`: make the cards; nobody is told anything."""
        await self._make({event.entity for event in events})
        return [None] * len(events)

    async def ring(self, events: Sequence[StoredEvent]) -> list[EventBody | None]:
        """`call_ringing`: the pop-ups."""
        await self._make({event.entity for event in events} - self._ready.keys())
        return [self._popup(event.entity, event.at) for event in events]

    def forget_case(self, call_id: str | None) -> None:
        """A case was filed in this call: whatever is ready for its caller is out of date.

        The number of the caller is not in the event, so all cards with the same masked number go.
        """
        known = self._ready.get(call_id or "")
        if known is None:
            self._ready.clear()
            return
        same = [key for key, card in self._ready.items() if card.caller.number == known.caller.number]
        for key in same:
            del self._ready[key]

    def forget_call(self, call_id: str) -> None:
        """The call has ended."""
        self._ready.pop(call_id, None)

    async def _make(self, call_ids: Collection[str]) -> None:
        if not call_ids:
            return
        async with self._database.transaction() as tx:
            self._ready |= await cards(tx, call_ids, "ringing", clock.now())
        while len(self._ready) > _MOST:
            self._ready.popitem(last=False)

    def _popup(self, call_id: str, since: datetime) -> EventBody | None:
        card = self._ready.get(call_id)
        return None if card is None else CallRinging(card=card.model_copy(update={"ringing_since": since}))
