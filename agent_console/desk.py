"""A desk: the person at a console, the seat they sit at, and the whole present state that a console shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent_console.cards import current_card
from agent_console.hall import hall_state, supervisors_of
from agent_console.messages.seats import LinkView, QueueView
from agent_console.protocol import DeskState
from backend.callbacks.attempt_rules import CallbackRules
from backend.calls import service as calls
from backend.calls.desk_phones import phone_calls
from backend.calls.pbx_link import links_now
from backend.cases.drafts import open_drafts
from backend.cases.reference import References
from backend.identity.principal import Principal
from backend.kernel.database import Database, Transaction
from backend.notices.service import notices_for
from backend.seats import service as seats
from backend.seats.schemas import SeatView
from backend.seats.seating import HallTimes
from telephony.pbx.settings import PbxSettings


@dataclass(frozen=True, slots=True)
class Listening:
    """A call of another seat that a supervisor hears."""

    call_id: str
    seat: str


def captions_of(seat: str) -> str:
    """The audience of what is said at a seat, beside the seat itself: those who listen to it."""
    return f"captions:{seat}"


@dataclass(slots=True)
class Desk:
    """The person at one console. `seat` is the number of the seat they sit at, if any; `listens` the talk of another
    seat in which their phone takes part."""

    database: Database
    principal: Principal
    references: References
    times: HallTimes
    pbx: PbxSettings
    callbacks: CallbackRules
    show_supervision: bool = False
    seat: str | None = None
    listens: Listening | None = None

    @property
    def audience(self) -> frozenset[str]:
        """What this console may hear."""
        own_seat = () if self.seat is None else (f"seat:{self.seat}",)
        heard = () if self.listens is None else (captions_of(self.listens.seat),)
        return self.principal.audience.union(own_seat, heard)

    async def find_seat(self, tx: Transaction) -> SeatView | None:
        """Look up at which seat this person sits."""
        found = await seats.seat_of(tx, self.principal)
        self.seat = found.seat if found is not None else None
        return found


async def desk_state(tx: Transaction, desk: Desk, seat: SeatView | None, now: datetime) -> DeskState:
    """Everything that a console needs to show the truth; `seat` was read in the same transaction."""
    drafts = await open_drafts(tx, desk.principal.user_id) if desk.principal.may("cases.file") else []
    return DeskState(
        seat=seat,
        call=await current_card(tx, seat, now) if seat is not None else None,
        drafts=drafts,
        queue=await queue_view(tx, now),
        links=await link_views(tx, desk.pbx),
        notices=await notices_for(tx, desk.principal, now),
        supervisors=await supervisors_of(tx, seat) if desk.show_supervision and seat is not None else [],
        phone=(await phone_calls(tx, [seat.seat])).get(seat.seat) if seat is not None else None,
        hall=await hall_state(tx, now) if desk.principal.may("seats.watch") else None,
    )


async def queue_view(tx: Transaction, now: datetime) -> QueueView:
    """The hall in one line."""
    hall = await calls.queue_now(tx, now)
    return QueueView(
        waiting=hall.waiting, longest_since=hall.longest_since, answered_within_15s=hall.answered_within_15s
    )


async def link_views(tx: Transaction, pbx: PbxSettings) -> list[LinkView]:
    """The link to each PBX, as its telephony process last said."""
    links = await links_now(tx, [host.name for host in pbx.all_hosts])
    return [LinkView(host=link.host, state=link.state, as_of=link.as_of) for link in links]
