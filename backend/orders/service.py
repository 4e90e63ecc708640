"""Giving orders to the PBX, taking them, and storing how they came out. Every function works in an open transaction.

An order is carried out at most once. It is stored in the transaction of what it belongs to; the process that leads the
PBX takes it by compare-and-set and commits that before it sends anything; nothing leads from `taken` back to `ordered`.
Whatever breaks in between leaves an order whose fate is unknown, and that is told instead of tried again: a citizen
is never dialled twice. An order that waited too long expires: a citizen is never dialled minutes later. While the PBX
is away, whoever gave it hears so soon; but one that was late only because a machine stood still is carried out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.errors import HotlineError
from backend.orders import repository
from backend.orders.errors import OrderExpired, OrderFateUnknown, OrderRequestReused
from backend.orders.models import PbxOrder
from backend.orders.schemas import OrderState, OrderView
from backend.orders.states import OrderMove, move
from telephony.commands import from_payload
from telephony.order import Order, OrderUnreadable

PATIENCE = timedelta(seconds=5)
"""How long an order waits for a PBX that is away."""

LATEST = timedelta(seconds=20)
"""How long after it was given an order may still be taken: whoever gave it yet looks at a screen that says so."""

ORDER_CHANGED = "order_changed"
"""The topic under which every change of an order is told, to whoever gave it and to the process that leads its PBX."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The order as it stands, and whether it was given just now and not by an earlier copy of the same request."""

    order: OrderView
    fresh: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """An order in the hands of the process that carries it out."""

    order_id: UUID
    order: Order


async def place(tx: Transaction, order_id: UUID, order: Order, who: Principal, now: datetime, *, host: str) -> Placed:
    """Order something from the PBX `host`. `order_id` is the request id of the client: the same request orders once.

    Who gave it hears of every change as `order_changed`. Raises `OrderRequestReused` when the id came before with
    another order or from somebody else.
    """
    payload = order.as_payload()
    fresh = await repository.add(
        tx,
        {
            "order_id": order_id,
            "host": host,
            "kind": order.kind,
            "payload": payload,
            "call_id": payload.get("call_id"),
            "seat": payload.get("seat"),
            "state": move(None, OrderMove.PLACE).value,
            "ordered_by_id": who.user_id,
            "ordered_by": who.display_name,
            "ordered_at": now,
            "expires_at": now + PATIENCE,
        },
    )
    stored = await repository.by_id(tx, order_id)
    assert stored is not None
    if not fresh and (stored.kind, stored.payload, stored.ordered_by_id) != (order.kind, payload, who.user_id):
        raise OrderRequestReused(
            "This request gave another order already.",
            kept="Nothing was ordered a second time.",
            next_step="Look at the present state, then try again.",
        )
    return Placed(_told(tx, stored, now) if fresh else view(stored), fresh)


async def find(tx: Transaction, order_id: UUID) -> OrderView | None:
    """The order as it stands."""
    stored = await repository.by_id(tx, order_id)
    return None if stored is None else view(stored)


async def open_order_of_seat(tx: Transaction, seat: str, kind: str) -> OrderView | None:
    """An order of this kind for this seat that is still to come out."""
    stored = await repository.open_of_seat(tx, seat, kind)
    return None if stored is None else view(stored)


async def take(tx: Transaction, host: str, taker: str, now: datetime) -> list[Taken]:
    """Take every order that waits at this PBX; those that have waited too long expire instead.

    Only the process that leads the PBX may call it. It must carry out what it took, and must have committed this
    transaction before it sends anything.
    """
    taken: list[Taken] = []
    for waiting in await repository.waiting(tx, host):
        if waiting.ordered_at + LATEST <= now:
            await _end(tx, waiting.order_id, OrderMove.EXPIRE, _expired(), now)
            continue
        state = move(OrderState(waiting.state), OrderMove.TAKE)
        order_id, before = waiting.order_id, OrderState(waiting.state)
        stored = await repository.change(tx, order_id, before, state=state.value, taken_by=taker, taken_at=now)
        if stored is None:
            continue
        _told(tx, stored, now)
        try:
            taken.append(Taken(order_id, from_payload(stored.kind, stored.payload)))
        except OrderUnreadable as problem:
            await _end(tx, order_id, OrderMove.FAIL, problem, now)
    return taken


async def expire(tx: Transaction, host: str, now: datetime) -> int:
    """End the orders that have waited too long, while none can be carried out; returns how many."""
    late = [waiting for waiting in await repository.waiting(tx, host) if waiting.expires_at <= now]
    for waiting in late:
        await _end(tx, waiting.order_id, OrderMove.EXPIRE, _expired(), now)
    return len(late)


async def finish(tx: Transaction, order_id: UUID, problem: HotlineError | None, now: datetime) -> bool:
    """Store how an order that was taken came out: done without a problem, unknown, or failed.

    False when somebody else declared it lost meanwhile.
    """
    by = OrderMove.FINISH
    if problem is not None:
        by = OrderMove.LOSE if isinstance(problem, OrderFateUnknown) else OrderMove.FAIL
    return await _end(tx, order_id, by, problem, now)


async def disown(tx: Transaction, host: str, in_hand: Collection[UUID], now: datetime) -> int:
    """Declare the fate of those orders unknown that were taken by a process that is gone; returns how many.

    `in_hand` are those that the caller, who leads, is carrying out at this moment.
    """
    lost = await repository.taken_by_others(tx, host, in_hand)
    for order in lost:
        await _end(tx, order.order_id, OrderMove.LOSE, fate_unknown(), now)
    return len(lost)


def fate_unknown() -> OrderFateUnknown:
    """What is told of an order that was on its way when something broke."""
    return OrderFateUnknown(
        "The link to the PBX broke while it carried this out, so it is not known whether it did.",
        kept="It is not tried again by itself.",
        next_step="Look at the present state of the seat and the call before you order it again.",
    )


def view(order: PbxOrder) -> OrderView:
    """The order as it is told."""
    return OrderView.model_validate(order)


def _expired() -> OrderExpired:
    return OrderExpired(
        "The link to the PBX was away, so this was not carried out.",
        kept="Nothing was sent to the PBX.",
        next_step="Try again when the link is live.",
    )


async def _end(tx: Transaction, order_id: UUID, by: OrderMove, problem: HotlineError | None, now: datetime) -> bool:
    before = OrderState.ORDERED if by is OrderMove.EXPIRE else OrderState.TAKEN
    ended: dict[str, Any] = {"state": move(before, by).value, "ended_at": now}
    if problem is not None:
        ended["problem"] = problem.as_dict()
    stored = await repository.change(tx, order_id, before, **ended)
    if stored is not None:
        _told(tx, stored, now)
    return stored is not None


def _told(tx: Transaction, order: PbxOrder, now: datetime) -> OrderView:
    told = view(order)
    audience = [f"user:{order.ordered_by_id}"]
    tx.emit(ORDER_CHANGED, entity=str(order.order_id), audience=audience, payload=told.model_dump(mode="json"), at=now)
    return told
