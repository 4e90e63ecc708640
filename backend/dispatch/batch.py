"""Batch dispatch: many cases in one act, each a move of its own with a result of its own.

Each case is a transaction: it is dispatched whole or not at all, whatever becomes of the others. What was dispatched is
kept under the request, in the same transaction, so that the same request sent again finds it done.
"""

from __future__ import annotations

import hashlib
import json

from backend.cases import repository as case_rows
from backend.cases.repository import serialise_request
from backend.cases.service import find_case
from backend.dispatch import case_moves, looking
from backend.dispatch.desk_schemas import BatchDone, BatchedCaseWish, BatchResult, BatchWish
from backend.dispatch.errors import BatchReused, NoDirectDispatch
from backend.dispatch.guards import Asked
from backend.dispatch.life import Life, Moved, Occasion
from backend.dispatch.models import BatchedCase
from backend.dispatch.room import Room
from backend.dispatch.schemas import LoopView
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.kernel.errors import HotlineError, Unavailable
from backend.kernel.schemas import Problem


async def dispatch_many(room: Room, who: Principal, wish: BatchWish) -> BatchDone:
    """Dispatch each case of the batch, or tell what stood against it."""
    return BatchDone(results=[await _dispatch(room, who, wish, each) for each in wish.cases])


async def _dispatch(room: Room, who: Principal, wish: BatchWish, asked: BatchedCaseWish) -> BatchResult:
    try:
        async with room.database.transaction() as tx:
            return await _dispatch_once(room, tx, who, wish, asked)
    except Unavailable:
        raise
    except HotlineError as error:
        async with room.database.transaction() as tx:
            case = await case_rows.case_by_id(tx.session, asked.case_id)
        number = case.number if case is not None else None
        problem = Problem.model_validate(error.as_dict())
        return BatchResult(case_id=asked.case_id, case_number=number, units=[], problem=problem)


async def _dispatch_once(
    room: Room, tx: Transaction, who: Principal, wish: BatchWish, asked: BatchedCaseWish
) -> BatchResult:
    await serialise_request(tx.session, wish.request_id)
    done = await tx.session.get(BatchedCase, (wish.request_id, asked.case_id))
    if done is not None:
        _same(done, who, wish)
    else:
        done = await _first_time(room, tx, who, wish, asked)
    case = await find_case(tx, asked.case_id)
    return BatchResult(case_id=case.case_id, case_number=case.number, units=done.units, problem=None)


async def _first_time(
    room: Room, tx: Transaction, who: Principal, wish: BatchWish, asked: BatchedCaseWish
) -> BatchedCase:
    units = await room.units_in(tx)
    named = [Asked(looking.unit_of(units, each.code), each.role) for each in wish.units]
    plain = await looking.what_is_plain(tx, asked.case_id)

    def act(life: Life, at: Occasion) -> Moved:
        to = named or looking.propose(life, plain, units)
        if not to:
            raise NoDirectDispatch("Street and class do not make plain where this goes.", "Choose the units.")
        return case_moves.dispatch(life, to, wish.reason, at)

    loop = await room.move_case(tx, who, asked.case_id, asked.version, act)
    row = BatchedCase(
        request_id=wish.request_id,
        case_id=asked.case_id,
        user_id=who.user_id,
        fingerprint=fingerprint(wish),
        units=_sent(loop),
        at=clock.now(),
    )
    tx.session.add(row)
    return row


def fingerprint(wish: BatchWish) -> str:
    """What tells whether a request that comes again is the same dispatch, whichever of its cases it names."""
    said = wish.model_dump(mode="json", include={"units", "reason"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _same(done: BatchedCase, who: Principal, wish: BatchWish) -> None:
    if done.user_id != who.user_id or done.fingerprint != fingerprint(wish):
        raise BatchReused("This request dispatched this case already, with other content.", "Make a new request.")


def _sent(loop: LoopView) -> list[str]:
    return [task.unit_name for task in loop.tasks if task.ended_at is None]
