"""Every query about calls to citizens: the attempt, its order, and what the record of calls knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select, update

from backend.callbacks.attempt_rules import CallSeen, OrderSeen
from backend.callbacks.models import Callback, CallbackAttempt
from backend.calls.models import Call
from backend.cases.models import Case
from backend.kernel.database import Transaction
from backend.kernel.schemas import Problem
from backend.orders.models import PbxOrder
from backend.orders.schemas import OrderState

NOT_PLACED = "not_placed"
"""What stands in place of a result where nobody was called."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to a citizen with all that is known of it."""

    row: CallbackAttempt
    case: Case
    order: OrderSeen
    problem: Problem | None
    call: CallSeen | None


async def by_id(tx: Transaction, attempt_id: UUID) -> Attempt | None:
    """The attempt."""
    found = await _read(tx, _whole().where(CallbackAttempt.attempt_id == attempt_id))
    return found[0] if found else None


async def of_case(tx: Transaction, case_id: UUID) -> list[Attempt]:
    """Every attempt of a case, oldest first."""
    return await _read(tx, _whole().where(CallbackAttempt.case_id == case_id).order_by(CallbackAttempt.at))


async def open_of_user(tx: Transaction, user_id: UUID) -> list[Attempt]:
    """The attempts of this person without a filed result, newest first."""
    query = _whole().where(CallbackAttempt.user_id == user_id, CallbackAttempt.result.is_(None))
    return await _read(tx, query.order_by(CallbackAttempt.at.desc()))


async def open_of_callback(tx: Transaction, callback_id: UUID) -> list[Attempt]:
    """The attempts for this callback visit without a filed result."""
    return await _read(tx, _whole().where(CallbackAttempt.callback_id == callback_id, CallbackAttempt.result.is_(None)))


async def open_before(tx: Transaction, before: datetime, limit: int) -> list[Attempt]:
    """Attempts begun before then whose result nobody has filed, oldest first."""
    query = _whole().where(CallbackAttempt.result.is_(None), CallbackAttempt.at < before)
    return await _read(tx, query.order_by(CallbackAttempt.at).limit(limit))


async def count_of_case(tx: Transaction, case_id: UUID) -> int:
    """How many attempts there were for this case."""
    query = select(func.count()).select_from(CallbackAttempt).where(CallbackAttempt.case_id == case_id)
    return int((await tx.session.execute(query)).scalar_one())


async def lock_callback(tx: Transaction, callback_id: UUID) -> Callback | None:
    """The callback visit, held until the end of the transaction."""
    query = select(Callback).where(Callback.callback_id == callback_id).with_for_update()
    return (await tx.session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def file(tx: Transaction, attempt_id: UUID, result: str, by: str | None, now: datetime) -> bool:
    """Compare-and-set: store the result; False when there is one already."""
    statement = (
        update(CallbackAttempt)
        .where(CallbackAttempt.attempt_id == attempt_id, CallbackAttempt.result.is_(None))
        .values(result=result, filed_by=by, filed_at=now)
        .returning(CallbackAttempt)
        .execution_options(populate_existing=True)
    )
    return (await tx.session.execute(statement)).scalar_one_or_none() is not None


def _whole() -> Select[CallbackAttempt, Case, PbxOrder, Call | None]:
    return (
        select(CallbackAttempt, Case, PbxOrder, Call)
        .join(Case, Case.case_id == CallbackAttempt.case_id)
        .join(PbxOrder, PbxOrder.order_id == CallbackAttempt.attempt_id)
        .outerjoin(Call, Call.call_id == CallbackAttempt.call_id)
        .execution_options(populate_existing=True)
    )


async def _read(tx: Transaction, query: Select[CallbackAttempt, Case, PbxOrder, Call | None]) -> list[Attempt]:
    rows = (await tx.session.execute(query)).all()
    return [
        Attempt(
            row=row,
            case=case,
            order=OrderSeen(OrderState(order.state), order.ordered_at, order.ended_at),
            problem=None if order.problem is None else Problem.model_validate(order.problem),
            call=None if call is None else _seen(call),
        )
        for row, case, order, call in rows
    ]


def _seen(call: Call) -> CallSeen:
    return CallSeen(call.arrived_at, call.answered_at, call.ended_at, call.talk_ms, call.outcome, call.cause)
