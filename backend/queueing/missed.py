"""Missed callers 漏接: who gave up waiting, or asked by key to be called back, is owed one callback, never two.

The telephony process collects them again and again from the record of calls and from what callers asked of the PBX;
each call counts once, a number has one open row, and a talk with that number since then ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.calls.models import Call
from backend.citizens.numbers import dial_digits, mask, read_number
from backend.citizens.service import caller_view, names_of
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.ids import new_id
from backend.orders import service as orders
from backend.orders.schemas import OrderView
from backend.queueing.errors import MissedChangedMeanwhile, MissedNotFound
from backend.queueing.models import MissedCall, MissedCaller
from backend.queueing.schemas import MissedView
from backend.queueing.states import MissedMove, MissedState, move_missed
from backend.seats import service as seats
from telephony.commands import DialOut
from telephony.routing import number_of_key

CHANGED = "missed_changed"
_MISSED = ("abandoned", "no_seat")


async def collect(tx: Transaction, host: str, since: datetime, short: timedelta, now: datetime) -> int:
    """Take up the calls that came to the PBX `host` since `since` and were missed, and end the rows of those who have
    talked to us meanwhile; returns how many calls were taken up. Doing it again changes nothing.

    Who gives up sooner than `short` has dialled by mistake and is not called back.
    """
    taken = select(MissedCall.call_id).where(MissedCall.call_id == Call.call_id)
    query = (
        select(Call.call_id, Call.caller_e164, Call.arrived_at, Call.dialed_number, Call.queue)
        .where(Call.host == host, Call.direction == "inbound", Call.counted)
        .where(Call.stage == "ended", Call.outcome.in_(_MISSED))
        .where(Call.answered_at.is_(None), Call.caller_e164.is_not(None), Call.arrived_at > since)
        .where(Call.wait_ms >= short / timedelta(milliseconds=1), ~exists(taken))
        .order_by(Call.arrived_at)
        .limit(500)
    )
    missed = (await tx.session.execute(query)).all()
    for call in missed:
        await _owe(tx, call.call_id, call.caller_e164, call.arrived_at, call.dialed_number, call.queue, wish=False)
    answered = await _end_answered(tx, now)
    if missed or answered:
        tx.emit(CHANGED, entity="missed", audience=["permission:missed.read"], payload={}, at=now)
    return len(missed)


async def take_wishes(tx: Transaction, wishes: Mapping[str, str], now: datetime) -> None:
    """Callers who pressed the key for a callback: the PBX's key of the number -> the id of the call."""
    query = select(Call.call_id, Call.arrived_at, Call.dialed_number, Call.queue).where(
        Call.call_id.in_(wishes.values())
    )
    calls = {row.call_id: row for row in await tx.session.execute(query)}
    for key, call_id in wishes.items():
        number, call = read_number(number_of_key(key)).e164, calls.get(call_id)
        if number is not None:
            arrived, dialed, queue = (
                (now, "", None) if call is None else (call.arrived_at, call.dialed_number, call.queue)
            )
            await _owe(tx, call_id, number, arrived, dialed, queue, wish=True)
    if wishes:
        tx.emit(CHANGED, entity="missed", audience=["permission:missed.read"], payload={}, at=now)


async def end(tx: Transaction, who: Principal, missed_id: UUID, by: MissedMove, note: str, now: datetime) -> MissedView:
    """Called back, or no need to. Raises `MissedNotFound`, `MissedCannotMove`, `MissedChangedMeanwhile`."""
    missed = await tx.session.get(MissedCaller, missed_id)
    if missed is None:
        raise MissedNotFound("There is no such missed caller.", next_step="Load the list anew.")
    after = move_missed(MissedState(missed.state), by)
    statement = (
        update(MissedCaller)
        .where(MissedCaller.missed_id == missed_id, MissedCaller.version == missed.version)
        .values(
            state=after.value,
            version=missed.version + 1,
            ended_at=now,
            ended_by_id=who.user_id,
            ended_by=who.display_name,
            note=note.strip(),
        )
        .returning(MissedCaller)
        .execution_options(populate_existing=True)
    )
    ended = (await tx.session.execute(statement)).scalar_one_or_none()
    if ended is None:
        raise MissedChangedMeanwhile(
            "Somebody else dealt with this caller first.", kept="What they wrote holds.", next_step="Load it anew."
        )
    detail = {"number": mask(read_number(ended.number)), "note": ended.note}
    await audit.record(tx, who, f"missed_{after.value}", "missed_caller", missed_id, detail, at=now)
    tx.emit(CHANGED, entity="missed", audience=["permission:missed.read"], payload={}, at=now)
    return (await _views(tx, [ended]))[0]


async def call_back(
    tx: Transaction, who: Principal, missed_id: UUID, request_id: UUID, shown_number: str, now: datetime
) -> OrderView:
    """Order a call to a missed caller from this person's own seat; a talk ends the row by itself.

    Raises `MissedNotFound`, `MissedCannotMove`, `AtNoSeat`, `SeatInCall`, `PhoneNotRegistered`, `OrderRequestReused`.
    """
    missed = await tx.session.get(MissedCaller, missed_id)
    digits = dial_digits(read_number(missed.number)) if missed is not None else None
    if missed is None or digits is None:
        raise MissedNotFound("There is no such missed caller.", next_step="Load the list anew.")
    move_missed(MissedState(missed.state), MissedMove.TALKED)
    repeated = await orders.find(tx, request_id)
    if repeated is not None:
        return repeated
    seat = await seats.seat_to_dial_from(tx, who)
    order = DialOut(seat=seat.seat, number=digits, shown_number=shown_number, call_id=f"out-{request_id.hex}")
    placed = await orders.place(tx, request_id, order, who, now, host=seat.host)
    detail = {"number": mask(read_number(missed.number))}
    await audit.record(tx, who, "missed_called", "missed_caller", missed_id, detail, at=now)
    return placed.order


async def page(tx: Transaction, state: MissedState, limit: int) -> list[MissedView]:
    """Those who are owed a callback in the order in which they first called; those dealt with, the latest first."""
    order = MissedCaller.first_at if state is MissedState.OPEN else MissedCaller.ended_at.desc()
    query = select(MissedCaller).where(MissedCaller.state == state.value).order_by(order).limit(limit)
    return await _views(tx, list((await tx.session.execute(query)).scalars()))


async def wishing(tx: Transaction) -> set[str]:
    """The numbers that asked for a callback and still wait for it."""
    query = select(MissedCaller.number).where(MissedCaller.state == MissedState.OPEN.value, MissedCaller.wish)
    return set((await tx.session.execute(query)).scalars())


async def _owe(
    tx: Transaction, call_id: str, number: str, arrived: datetime, dialed: str, queue: str | None, *, wish: bool
) -> None:
    known = (await tx.session.execute(select(MissedCall.missed_id).where(MissedCall.call_id == call_id))).scalar()
    if known is not None:
        if wish:
            wished = update(MissedCaller).where(MissedCaller.missed_id == known, MissedCaller.wish.is_(False))
            await tx.session.execute(wished.values(wish=True, version=MissedCaller.version + 1))
        return
    row = insert(MissedCaller).values(
        missed_id=new_id(),
        number=number,
        state=MissedState.OPEN.value,
        version=1,
        wish=wish,
        times=1,
        first_at=arrived,
        last_at=arrived,
        dialed_number=dialed,
        queue=queue,
        note="",
    )
    owed = row.on_conflict_do_update(
        index_elements=["number"],
        index_where=MissedCaller.state == MissedState.OPEN.value,
        set_={
            "times": MissedCaller.times + 1,
            "wish": MissedCaller.wish | row.excluded.wish,
            "first_at": func.least(MissedCaller.first_at, row.excluded.first_at),
            "last_at": func.greatest(MissedCaller.last_at, row.excluded.last_at),
            "version": MissedCaller.version + 1,
        },
    ).returning(MissedCaller.missed_id)
    missed_id = (await tx.session.execute(owed)).scalar_one()
    await tx.session.execute(insert(MissedCall).values(call_id=call_id, missed_id=missed_id))


async def _end_answered(tx: Transaction, now: datetime) -> int:
    talked = select(Call.call_id).where(
        Call.caller_e164 == MissedCaller.number, Call.answered_at.is_not(None), Call.answered_at > MissedCaller.last_at
    )
    after = move_missed(MissedState.OPEN, MissedMove.TALKED)
    ended = await tx.session.execute(
        update(MissedCaller)
        .where(MissedCaller.state == MissedState.OPEN.value, exists(talked))
        .values(state=after.value, version=MissedCaller.version + 1, ended_at=now)
    )
    return ended.rowcount  # type: ignore[attr-defined,no-any-return]


async def _views(tx: Transaction, rows: list[MissedCaller]) -> list[MissedView]:
    names = await names_of(tx, {row.number for row in rows})
    latest = (
        select(MissedCall.missed_id, func.max(MissedCall.call_id).label("call_id"))
        .where(MissedCall.missed_id.in_([row.missed_id for row in rows]))
        .group_by(MissedCall.missed_id)
    )
    calls = {row.missed_id: row.call_id for row in await tx.session.execute(latest)}
    return [
        MissedView(
            missed_id=row.missed_id,
            caller=caller_view(read_number(row.number), names.get(row.number)),
            state=MissedState(row.state),
            wish=row.wish,
            times=row.times,
            first_at=row.first_at,
            last_at=row.last_at,
            dialed_number=row.dialed_number,
            queue=row.queue,
            call_id=calls.get(row.missed_id),
            ended_at=row.ended_at,
            ended_by=row.ended_by,
            note=row.note,
        )
        for row in rows
    ]
