"""What a supervisor does to a running call: listen, whisper, barge in, take over, end.

Each is an order to the PBX (`backend.orders`) and stands in the audit log from the moment that it is given; that it
really happened, and until when, the facts of the call tell.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend.calls.errors import ListensToItself, OnAnotherPbx, OwnPhoneBusy, SeatNotTalking
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.orders import service as orders
from backend.orders.schemas import OrderView
from backend.seats import repository as seats
from backend.seats.errors import AtNoSeat
from backend.seats.seating import BUSY, Seated
from telephony.commands import HangUpCall, Supervise, TakeOver
from telephony.facts import SpyMode
from telephony.order import Order
from telephony.seats import PhoneNotRegistered, SeatStatus

_LISTENED = {
    SpyMode.LISTEN: "call_listened",
    SpyMode.WHISPER: "call_whispered",
    SpyMode.BARGE: "call_barged",
}
_IN_CALL = frozenset({SeatStatus.TALKING, SeatStatus.DIALING})


async def take_part(
    tx: Transaction, who: Principal, request_id: UUID, call_id: str, seat: str, mode: SpyMode, now: datetime
) -> OrderView:
    """Let this person's own phone hear the talk of `seat` in this call; the same request orders once.

    Raises `AtNoSeat`, `PhoneNotRegistered`, `OwnPhoneBusy`, `ListensToItself`, `SeatNotTalking` and `OnAnotherPbx`.
    """
    own = await _own_phone(tx, who, seat)
    agent = await _talking(tx, call_id, seat)
    _refuse_apart(own, agent)
    order = Supervise(seat=own.seat, call_id=call_id, agent_seat=seat, mode=mode.value)
    return await _order(tx, who, request_id, order, _LISTENED[mode], agent, now)


async def take_over(
    tx: Transaction, who: Principal, request_id: UUID, call_id: str, seat: str, now: datetime
) -> OrderView:
    """Let this person's own phone talk to the citizen in the place of `seat`; raises what `take_part` raises."""
    own = await _own_phone(tx, who, seat)
    agent = await _talking(tx, call_id, seat)
    _refuse_apart(own, agent)
    order = TakeOver(seat=own.seat, call_id=call_id, agent_seat=seat)
    return await _order(tx, who, request_id, order, "call_taken_over", agent, now)


async def end(tx: Transaction, who: Principal, request_id: UUID, call_id: str, seat: str, now: datetime) -> OrderView:
    """End the call in which `seat` talks, for everybody. Raises `SeatNotTalking`."""
    agent = await _talking(tx, call_id, seat)
    return await _order(tx, who, request_id, HangUpCall(call_id=call_id), "call_cut", agent, now)


async def _own_phone(tx: Transaction, who: Principal, seat: str) -> Seated:
    own = await seats.seat_of_user(tx, who.user_id)
    if own is None:
        raise AtNoSeat("You sit at no seat, so there is no phone of yours.", next_step="Sit down at a seat first.")
    if own.seat == seat:
        raise ListensToItself("This is your own seat.", next_step="Choose another seat.", field="seat")
    if own.state.status in BUSY:
        raise OwnPhoneBusy("You are in a call yourself.", kept="Nothing was ordered.", next_step="End it first.")
    if not own.state.phone:
        raise PhoneNotRegistered("Your own phone is not registered.", next_step="Wait until it has connected.")
    return own


async def _talking(tx: Transaction, call_id: str, seat: str) -> Seated:
    agent = (await seats.lock(tx, seats=[seat])).get(seat)
    if agent is None or agent.state.status not in _IN_CALL or agent.call_id != call_id:
        raise SeatNotTalking(f"Seat {seat} is not in this call any more.", kept="Nothing was ordered.")
    return agent


def _refuse_apart(own: Seated, agent: Seated) -> None:
    """A PBX lets a phone take part in the calls of its own seats only."""
    if own.host != agent.host:
        raise OnAnotherPbx(
            f"Seat {agent.seat} is on another PBX than your own seat {own.seat}.",
            kept="Nothing was ordered.",
            next_step="Sit down at a seat of that site, or ask somebody who does.",
            field="seat",
        )


async def _order(
    tx: Transaction, who: Principal, request_id: UUID, order: Order, act: str, agent: Seated, now: datetime
) -> OrderView:
    placed = await orders.place(tx, request_id, order, who, now, host=agent.host)
    if placed.fresh:
        assert agent.call_id is not None
        detail = {
            "seat": agent.seat,
            "agent": agent.agent_name,
            "own_seat": placed.order.seat,
            "order_id": str(request_id),
        }
        await audit.record(tx, who, act, "call", agent.call_id, detail, at=now)
    return placed.order
