"""Pop-ups: made while the PBX still looks for a seat, shown the moment a telephone rings.

The arrival of a call is announced as soon as the PBX tells it; the hub then reads who is calling in one round trip, and
when the ring is announced, the card only has to be sent. The event `call_ringing` follows from the record with the same
card; when no announcement came (the hub was just started, the notice was lost), the card is read then.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from agent_console.cards import cards
from agent_console.messages.calls import CallAnswered, CallCard, CallRinging, Ring
from agent_console.protocol import EventBody
from backend.calls.announce import Arriving, Ringing, read
from backend.calls.popups import repeats_statement
from backend.calls.schemas import HandedBy
from backend.cases.repository import cases_statement
from backend.cases.schemas import CaseSummary
from backend.cases.service import POP_UP_CASES
from backend.cases.views import summary_of
from backend.citizens.numbers import read_number
from backend.citizens.repository import names_statement
from backend.citizens.schemas import CallerView
from backend.citizens.service import caller_view
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.errors import Unavailable
from backend.kernel.events import StoredEvent
from backend.kernel.notices import notices
from backend.kernel.pipeline import PipelinedConnection

_MOST = 2000

Show = Callable[[str, Ring], None]
"""Shows a pop-up at a seat."""


class Popups:
    """The cards that are ready, by call."""

    def __init__(self, database: Database, rings: Sequence[Path]) -> None:
        self._database = database
        self._rings = rings
        self._connection = PipelinedConnection(database.url, application_name="hotline popups")
        self._one_at_a_time = asyncio.Lock()
        self._ready: OrderedDict[str, CallCard] = OrderedDict()

    async def follow(self, show: Show) -> None:
        """Make cards on arrivals and show them on rings, for ever; each PBX of this machine has its own board."""
        await self._prepare([])
        try:
            async with asyncio.TaskGroup() as group:
                for board in self._rings:
                    group.create_task(self._follow_board(board, show))
        finally:
            await self._connection.close()

    async def _follow_board(self, board: Path, show: Show) -> None:
        async for batch in notices(board):
            announced = [read(notice) for notice in batch]
            if arriving := [one for one in announced if isinstance(one, Arriving)]:
                await self._prepare(arriving)
            for one in announced:
                if isinstance(one, Ringing) and one.call_id in self._ready:
                    card = self._ready[one.call_id].model_copy(update={"ringing_since": one.at})
                    show(one.seat, Ring(card=card))

    async def ring(self, events: Sequence[StoredEvent]) -> list[EventBody | None]:
        """The pop-ups of `call_ringing` events, from the record."""
        await self._read_missing(events)
        return [self._popup(event) for event in events]

    async def answer(self, events: Sequence[StoredEvent]) -> list[EventBody | None]:
        """`call_answered`, each with its card: the ring may have passed while nobody watched the PBX."""
        await self._read_missing(events)
        return [
            CallAnswered(
                call_id=event.entity,
                seat=event.payload.get("seat"),
                answered_at=event.at,
                card=self._answered(event.entity, event.at),
            )
            for event in events
        ]

    def forget_case(self, call_id: str | None) -> None:
        """A case was filed in this call: whatever is ready for its caller is out of date.

        The number of the caller is not in the event, so all cards with the same masked number go.
        """
        known = self._ready.get(call_id or "")
        if known is None:
            self._ready.clear()
            return
        for key in [key for key, card in self._ready.items() if card.caller.number == known.caller.number]:
            del self._ready[key]

    def forget_call(self, call_id: str) -> None:
        """The call has ended."""
        self._ready.pop(call_id, None)

    async def _prepare(self, calls: Sequence[Arriving]) -> None:
        """Make the cards of these calls; without any, just have everything at hand for the first one."""
        callers = {call.call_id: read_number(call.caller_number) for call in calls}
        numbers = {caller.e164 for caller in callers.values() if caller.e164 is not None}
        try:
            async with self._one_at_a_time:
                names, repeats, known = await self._connection.read(
                    names_statement(numbers),
                    repeats_statement(numbers, {*callers, *(call.continues for call in calls)}, clock.now()),
                    cases_statement(numbers, POP_UP_CASES),
                )
        except Unavailable:
            return
        name_of = {row["e164"]: row["name"] for row in names}
        calls_of = {row["e164"]: row["calls"] for row in repeats}
        cases_of: dict[str | None, list[CaseSummary]] = {}
        for row in known:
            cases_of.setdefault(row["caller_e164"], []).append(summary_of(row))
        for call in calls:
            caller = callers[call.call_id]
            view = caller_view(caller, name_of.get(caller.e164))
            card = _card(call, view, cases_of.get(caller.e164, []), calls_of.get(caller.e164, 0))
            self._keep({call.call_id: card})

    def _keep(self, made: dict[str, CallCard]) -> None:
        self._ready |= made
        while len(self._ready) > _MOST:
            self._ready.popitem(last=False)

    async def _read_missing(self, events: Sequence[StoredEvent]) -> None:
        missing = {event.entity for event in events} - self._ready.keys()
        if missing:
            async with self._database.transaction() as tx:
                self._keep(await cards(tx, missing, "ringing", clock.now()))

    def _answered(self, call_id: str, at: datetime) -> CallCard | None:
        card = self._ready.get(call_id)
        return None if card is None else card.model_copy(update={"stage": "answered", "answered_at": at})

    def _popup(self, event: StoredEvent) -> EventBody | None:
        card = self._ready.get(event.entity)
        if card is None:
            return None
        handed = event.payload.get("handed_by")
        handed_by = None if handed is None else HandedBy.model_validate(handed)
        return CallRinging(card=card.model_copy(update={"ringing_since": event.at, "handed_by": handed_by}))


def _card(call: Arriving, caller: CallerView, cases: list[CaseSummary], repeats: int) -> CallCard:
    return CallCard(
        call_id=call.call_id,
        stage="ringing",
        dialed_number=call.dialed_number,
        caller=caller,
        arrived_at=call.at,
        ringing_since=None,
        answered_at=None,
        ended_at=None,
        recording_paused_at=None,
        cases=cases,
        calls_30_days=repeats + 1,
        draft=None,
    )
