"""Every query about orders to the PBX."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.database import Transaction
from backend.orders.models import PbxOrder
from backend.orders.schemas import OrderState

AT_ONCE = 100
"""How many orders are looked at in one transaction."""


async def add(tx: Transaction, values: dict[str, Any]) -> bool:
    """Store a new order; False when its id is taken. Waits for another transaction that is storing the same."""
    statement = insert(PbxOrder).values(values).on_conflict_do_nothing(index_elements=["order_id"])
    return (await tx.session.execute(statement.returning(PbxOrder.order_id))).first() is not None


async def by_id(tx: Transaction, order_id: UUID) -> PbxOrder | None:
    """The order."""
    return await tx.session.get(PbxOrder, order_id, populate_existing=True)


async def open_of_seat(tx: Transaction, seat: str, kind: str) -> PbxOrder | None:
    """An order of this kind for this seat that is still to come out."""
    query = select(PbxOrder).where(PbxOrder.seat == seat, PbxOrder.kind == kind, PbxOrder.ended_at.is_(None)).limit(1)
    return (await tx.session.execute(query)).scalar_one_or_none()


async def waiting(tx: Transaction, host: str) -> Sequence[PbxOrder]:
    """Orders that nobody has taken, oldest first, held until the end of the transaction."""
    return await _held(tx, PbxOrder.host == host, PbxOrder.state == OrderState.ORDERED.value)


async def taken_by_others(tx: Transaction, host: str, in_hand: Collection[UUID]) -> Sequence[PbxOrder]:
    """Orders that were taken and that are not among those in hand, held until the end of the transaction."""
    return await _held(
        tx, PbxOrder.host == host, PbxOrder.state == OrderState.TAKEN.value, PbxOrder.order_id.not_in(in_hand)
    )


async def change(tx: Transaction, order_id: UUID, before: OrderState, **values: Any) -> PbxOrder | None:
    """Compare-and-set: the order as it now stands, None when it did not stand at `before` any more."""
    statement = (
        update(PbxOrder)
        .where(PbxOrder.order_id == order_id, PbxOrder.state == before.value)
        .values(values)
        .returning(PbxOrder)
        .execution_options(populate_existing=True)
    )
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def _held(tx: Transaction, *conditions: ColumnElement[bool]) -> Sequence[PbxOrder]:
    query = (
        select(PbxOrder)
        .where(PbxOrder.ended_at.is_(None), *conditions)
        .order_by(PbxOrder.ordered_at, PbxOrder.order_id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return (await tx.session.execute(query)).scalars().all()
