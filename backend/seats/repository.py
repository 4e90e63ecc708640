"""Every query on seats. A change is read under a lock, decided by pure code, and written once with its log entry."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, or_, select, text
from sqlalchemy.dialects.postgresql import insert as pg_insert

from backend.identity.models import User
from backend.kernel.bulk import insert_many, rows, upsert_many
from backend.kernel.database import Event, Transaction
from backend.kernel.pipeline import Statement, driver_sql
from backend.seats.errors import SeatChangedMeanwhile
from backend.seats.models import Seat, SeatChange
from backend.seats.schemas import PauseReason, SeatAlert
from backend.seats.seating import ALERTS, Seated, alerts, pending_from, pending_text, view
from telephony.seats import SeatState, SeatStatus

_SEATS: Table = Seat.__table__  # type: ignore[assignment]
_CHANGES: Table = SeatChange.__table__  # type: ignore[assignment]
_COLUMNS = [column.name for column in _SEATS.columns]
_WATCHERS = "permission:seats.watch"

_SAVE = upsert_many(_SEATS, _COLUMNS, where="seats.version = excluded.version - 1")
_LOG = insert_many(_CHANGES, [column.name for column in _CHANGES.columns if column.name != "id"])
_SAVE_SQL, _LOG_SQL = driver_sql(_SAVE), driver_sql(_LOG)
_LOCK_SQL = driver_sql(
    text("SELECT * FROM seats WHERE seat = ANY(:seats) OR call_id = ANY(:calls) ORDER BY seat FOR UPDATE")
)


async def all_seats(tx: Transaction, host: str | None = None) -> list[Seated]:
    """Every seat (of this PBX, if one is given), by number, as it stands."""
    query = select(_SEATS).order_by(_SEATS.c.seat)
    return await _read(tx, query if host is None else query.where(_SEATS.c.host == host))


async def lookup(tx: Transaction, seats: Collection[str]) -> list[Seated]:
    """These seats, as they stand."""
    return await _read(tx, select(_SEATS).where(_SEATS.c.seat.in_(sorted(seats))).order_by(_SEATS.c.seat))


async def seat_of_user(tx: Transaction, user_id: UUID) -> Seated | None:
    """Where this person sits; not locked."""
    found = await _read(tx, select(_SEATS).where(_SEATS.c.user_id == user_id))
    return found[0] if found else None


async def agent_at(tx: Transaction, seat: str) -> str | None:
    """The name of who sits at this seat."""
    return (await tx.session.execute(select(_SEATS.c.agent_name).where(_SEATS.c.seat == seat))).scalar_one_or_none()


async def registered(tx: Transaction, host: str) -> list[tuple[str, datetime]]:
    """The seats whose phone is registered at this PBX, and since when they are as they are."""
    query = select(_SEATS.c.seat, _SEATS.c.since).where(_SEATS.c.phone_registered, _SEATS.c.host == host)
    query = query.order_by(_SEATS.c.seat)
    return [(row.seat, row.since) for row in await tx.session.execute(query)]


async def talked_in(tx: Transaction, call_id: str, user_id: UUID) -> bool:
    """Whether this person talked in the call, even if they handed it over since."""
    query = select(_CHANGES.c.id).where(
        _CHANGES.c.call_id == call_id, _CHANGES.c.user_id == user_id, _CHANGES.c.to_state == "talking"
    )
    return (await tx.session.execute(query.limit(1))).first() is not None


async def alerts_since(tx: Transaction, since: datetime, limit: int) -> list[SeatAlert]:
    """What the shift leader was told of seats since then, newest first."""
    query = (
        select(_CHANGES.c.seat, User.display_name, _CHANGES.c.call_id, _CHANGES.c.at, _CHANGES.c.reason)
        .outerjoin(User, User.user_id == _CHANGES.c.user_id)
        .where(_CHANGES.c.at >= since, _CHANGES.c.to_state == "paused", _CHANGES.c.reason.in_(sorted(ALERTS)))
        .order_by(_CHANGES.c.at.desc(), _CHANGES.c.id.desc())
        .limit(limit)
    )
    return [
        SeatAlert(seat=seat, agent_name=name, call_id=call_id, at=at, reason=PauseReason(reason))
        for seat, name, call_id, at, reason in await tx.session.execute(query)
    ]


async def lock(
    tx: Transaction, *, seats: Collection[str] = (), calls: Collection[str] = (), user_id: UUID | None = None
) -> dict[str, Seated]:
    """These seats, those with these calls and that of this person, held until the end of the transaction.

    They are locked in the order of their numbers, so that two transactions never wait for each other.
    """
    wanted: list[ColumnElement[bool]] = [_SEATS.c.seat.in_(seats), _SEATS.c.call_id.in_(calls)]
    if user_id is not None:
        wanted.append(_SEATS.c.user_id == user_id)
    query = select(_SEATS).where(or_(*wanted)).order_by(_SEATS.c.seat).with_for_update()
    return {seated.seat: seated for seated in await _read(tx, query)}


async def lock_wrap_ups(tx: Transaction, until: datetime) -> list[Seated]:
    """The seats whose wrap-up has run out at `until`; those that somebody else holds are left for the next look."""
    query = select(_SEATS).where(_SEATS.c.wrap_up_until <= until).order_by(_SEATS.c.seat)
    return await _read(tx, query.with_for_update(skip_locked=True))


async def lock_absent(tx: Transaction, since: datetime) -> list[Seated]:
    """The seats of people whose browser phone has been away, and who have done nothing, since before `since`."""
    query = select(_SEATS).where(
        _SEATS.c.phone == "browser",
        _SEATS.c.user_id.is_not(None),
        _SEATS.c.phone_registered.is_(False),
        _SEATS.c.state.in_(["paused", "wrap_up"]),
        _SEATS.c.since < since,
        or_(_SEATS.c.phone_lost_at.is_(None), _SEATS.c.phone_lost_at < since),
    )
    return await _read(tx, query.order_by(_SEATS.c.seat).with_for_update(skip_locked=True))


async def save(tx: Transaction, before: Seated, after: Seated, at: datetime) -> Seated:
    """Write one change; see `save_all`."""
    return (await save_all(tx, [(before, after)], at))[0]


async def save_all(tx: Transaction, changes: Iterable[tuple[Seated, Seated]], at: datetime) -> list[Seated]:
    """Write what changed, log it and tell it; returns the seats as they now stand, in the order given.

    Raises `SeatChangedMeanwhile` when a seat's version is not the one that was read.
    """
    pairs = numbered(changes)
    moved = [(before, after) for before, after in pairs if after != before]
    if moved:
        written = await tx.session.execute(_SAVE, rows(_row(after) for _, after in moved))
        if written.rowcount != len(moved):  # type: ignore[attr-defined]
            raise SeatChangedMeanwhile("The seat was moved by somebody else at this moment.", next_step="Try again.")
        if entries := _log_entries((before, after, at) for before, after in moved):
            await tx.session.execute(_LOG, rows(entries))
        for event in events(moved, at):
            tx.emit(event.topic, entity=event.entity, audience=event.audience, payload=event.payload, at=event.at)
    return [after for _, after in pairs]


def numbered(changes: Iterable[tuple[Seated, Seated]]) -> list[tuple[Seated, Seated]]:
    """The changes with each seat that really changes under its next version."""
    return [
        (before, before if after == before else replace(after, version=before.version + 1)) for before, after in changes
    ]


def lock_statement(seats: Collection[str], calls: Collection[str]) -> Statement:
    """Like `lock`, for the recorder; `seated_of` reads its rows."""
    return Statement(_LOCK_SQL, {"seats": list(seats), "calls": list(calls)})


def save_statements(
    moved: Sequence[tuple[Seated, Seated]], steps: Iterable[tuple[Seated, Seated, datetime]]
) -> list[Statement]:
    """Like `save_all`, for the recorder, which holds the seats locked; the events are told by the caller.

    `steps` lead from one to the other and are logged one by one: a seat that rang and talked within one batch has done
    both.
    """
    if not moved:
        return []
    entries = _log_entries(steps)
    log = [Statement(_LOG_SQL, rows(entries))] if entries else []
    return [Statement(_SAVE_SQL, rows(_row(after) for _, after in moved)), *log]


def events(moved: Iterable[tuple[Seated, Seated]], at: datetime) -> list[Event]:
    """Who is to hear of these changes."""
    told: list[Event] = []
    for before, after in moved:
        audience = (f"seat:{after.seat}", _WATCHERS, *_people(before, after))
        told.append(Event("seat_changed", after.seat, audience, view(after).model_dump(mode="json"), at))
        if alerts(before, after):
            reason = PauseReason(after.state.reason)
            alert = SeatAlert(
                seat=after.seat, agent_name=after.agent_name, call_id=before.call_id, at=at, reason=reason
            )
            told.append(Event("seat_alert", after.seat, (_WATCHERS,), alert.model_dump(mode="json"), at))
    return told


def _people(before: Seated, after: Seated) -> set[str]:
    """Who sat and who sits there: every tab of theirs must learn of it, whichever tab it happened in."""
    return {f"user:{seated.user_id}" for seated in (before, after) if seated.user_id is not None}


async def ensure(tx: Transaction, host: str, seats: Iterable[tuple[str, str]], at: datetime) -> None:
    """Make the seats (number, phone) of this PBX that do not exist yet; phone and PBX of those that do are brought
    up to date."""
    new = {"host": host, "state": "offline", "since": at, "phone_registered": False, "version": 0}
    values = [{"seat": seat, "phone": phone, **new} for seat, phone in seats]
    if not values:
        return
    statement = pg_insert(_SEATS)
    await tx.session.execute(
        statement.on_conflict_do_update(
            index_elements=["seat"],
            set_={"phone": statement.excluded.phone, "host": statement.excluded.host},
            where=or_(_SEATS.c.phone != statement.excluded.phone, _SEATS.c.host != statement.excluded.host),
        ),
        values,
    )


def _log_entries(steps: Iterable[tuple[Seated, Seated, datetime]]) -> list[dict[str, Any]]:
    return [
        {
            "seat": after.seat,
            "at": at,
            "from_state": before.state.status.value,
            "to_state": after.state.status.value,
            "reason": after.state.reason or None,
            "user_id": after.user_id or before.user_id,
            "call_id": after.call_id or before.call_id,
        }
        for before, after, at in steps
        if (before.state.status, before.state.reason) != (after.state.status, after.state.reason)
    ]


async def _read(tx: Transaction, query: Select[Any]) -> list[Seated]:
    return [seated_of(row) for row in (await tx.session.execute(query)).mappings()]


def seated_of(row: Mapping[Any, Any]) -> Seated:
    """A row of `seats` as a value."""
    return Seated(
        seat=row["seat"],
        phone=row["phone"],
        host=row["host"],
        state=SeatState(
            status=SeatStatus(row["state"]),
            since=row["since"],
            reason=row["reason"] or "",
            phone=row["phone_registered"],
            after=pending_from(row["pending"]),
        ),
        wrap_up_until=row["wrap_up_until"],
        phone_lost_at=row["phone_lost_at"],
        user_id=row["user_id"],
        agent_name=row["agent_name"],
        call_id=row["call_id"],
        version=row["version"],
    )


def _row(seated: Seated) -> dict[str, Any]:
    return {
        "seat": seated.seat,
        "phone": seated.phone,
        "host": seated.host,
        "state": seated.state.status.value,
        "since": seated.state.since,
        "reason": seated.state.reason or None,
        "pending": pending_text(seated.state.after),
        "wrap_up_until": seated.wrap_up_until,
        "phone_registered": seated.state.phone,
        "phone_lost_at": seated.phone_lost_at,
        "user_id": seated.user_id,
        "agent_name": seated.agent_name,
        "call_id": seated.call_id,
        "version": seated.version,
    }
