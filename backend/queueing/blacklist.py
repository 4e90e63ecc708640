"""The black list for malicious repeat callers: asked for by one person, agreed to by another, ended by its date."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from backend.calls.models import Call
from backend.calls.service import call_for_case
from backend.citizens.numbers import mask, read_number
from backend.citizens.service import caller_view, names_of
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.ids import new_id
from backend.queueing.errors import (
    EntryChangedMeanwhile,
    EntryInvalid,
    EntryNotFound,
    NumberListed,
    SecondPersonNeeded,
)
from backend.queueing.models import BlacklistEntry
from backend.queueing.schemas import BlacklistAsk, BlacklistView
from backend.queueing.states import EntryMove, EntryState, move_entry

LONGEST = timedelta(days=365)
CHANGED = "blacklist_changed"


async def ask(tx: Transaction, who: Principal, wish: BlacklistAsk, now: datetime) -> BlacklistView:
    """Ask that a number be refused; it is not until a second person agrees.

    Raises `EntryInvalid`, `NumberListed`.
    """
    number = await _number(tx, wish)
    if not now < wish.until <= now + LONGEST:
        raise EntryInvalid(
            f"An entry ends within {LONGEST.days} days from now.",
            kept="Nobody is refused.",
            next_step="Choose another end.",
            field="until",
        )
    await _end_expired(tx, number, now)
    entry = BlacklistEntry(
        entry_id=new_id(),
        number=number,
        state=EntryState.ASKED.value,
        version=1,
        until=wish.until,
        reason=wish.reason.strip(),
        asked_at=now,
        asked_by_id=who.user_id,
        asked_by=who.display_name,
    )
    tx.session.add(entry)
    try:
        await tx.session.flush()
    except IntegrityError as error:
        raise NumberListed(
            "This number stands on the black list, or is asked for, already.",
            kept="That entry is unchanged.",
            next_step="Decide about that entry.",
        ) from error
    return await _told(tx, who, entry, "blacklist_asked", now)


async def decide(tx: Transaction, who: Principal, entry_id: UUID, by: EntryMove, now: datetime) -> BlacklistView:
    """Agree, decline or lift. Raises `EntryNotFound`, `SecondPersonNeeded`, `EntryCannotMove`,
    `EntryChangedMeanwhile`.
    """
    entry = await tx.session.get(BlacklistEntry, entry_id)
    if entry is None:
        raise EntryNotFound("There is no such entry of the black list.", next_step="Load the list anew.")
    after = move_entry(EntryState(entry.state), by)
    if entry.asked_by_id == who.user_id and by is not EntryMove.LIFT:
        raise SecondPersonNeeded(
            "You asked for this entry, so somebody else decides about it.",
            kept="The entry waits.",
            next_step="Ask a colleague who may decide.",
        )
    values: dict[str, object] = {"state": after.value, "version": entry.version + 1}
    if by is not EntryMove.LIFT:
        values |= {"decided_at": now, "decided_by_id": who.user_id, "decided_by": who.display_name}
    statement = (
        update(BlacklistEntry)
        .where(BlacklistEntry.entry_id == entry_id, BlacklistEntry.version == entry.version)
        .values(values)
        .returning(BlacklistEntry)
        .execution_options(populate_existing=True)
    )
    decided = (await tx.session.execute(statement)).scalar_one_or_none()
    if decided is None:
        raise EntryChangedMeanwhile(
            "Somebody else decided about this entry first.", kept="Their decision holds.", next_step="Load it anew."
        )
    return await _told(tx, who, decided, f"blacklist_{after.value}", now)


async def entries(tx: Transaction, now: datetime) -> list[BlacklistView]:
    """What is asked for and what is in force first, then the history; the newest 500."""
    query = select(BlacklistEntry).order_by(BlacklistEntry.asked_at.desc()).limit(500)
    rows = list((await tx.session.execute(query)).scalars())
    names = await names_of(tx, {row.number for row in rows})
    shown = [_view(row, names.get(row.number), now) for row in rows]
    return sorted(shown, key=lambda each: (each.state is not EntryState.ASKED, not each.in_force))


async def of_call(tx: Transaction, who: Principal, call_id: str, now: datetime) -> BlacklistView | None:
    """The entry for this call's number that is in force or waits for consent. Raises `CallUnknown`."""
    caller = (await call_for_case(tx, who, call_id)).caller
    query = select(BlacklistEntry).where(
        BlacklistEntry.number == caller.e164,
        BlacklistEntry.state.in_([EntryState.ASKED.value, EntryState.AGREED.value]),
        BlacklistEntry.until > now,
    )
    entry = (await tx.session.execute(query)).scalar_one_or_none()
    return None if entry is None else _view(entry, None, now)


async def in_force(tx: Transaction, now: datetime) -> dict[str, datetime]:
    """The numbers that are refused now, each with the end of that."""
    query = select(BlacklistEntry.number, BlacklistEntry.until).where(
        BlacklistEntry.state == EntryState.AGREED.value, BlacklistEntry.until > now
    )
    return {row.number: row.until for row in await tx.session.execute(query)}


async def _number(tx: Transaction, wish: BlacklistAsk) -> str:
    if wish.call_id is not None:
        query = select(Call.caller_e164).where(Call.call_id == wish.call_id, Call.direction == "inbound")
        number = (await tx.session.execute(query)).scalar_one_or_none()
    else:
        number = read_number(wish.number).e164
    if number is None:
        raise EntryInvalid(
            "There is no telephone number that could be refused.",
            kept="Nobody is refused.",
            next_step="Write the whole number, or choose a call that shows one.",
            field="number",
        )
    return number


async def _end_expired(tx: Transaction, number: str, now: datetime) -> None:
    """An entry whose end has passed makes room for a new one."""
    expired = update(BlacklistEntry).where(BlacklistEntry.number == number, BlacklistEntry.until <= now)
    await tx.session.execute(
        expired.where(BlacklistEntry.state == EntryState.AGREED.value).values(state=EntryState.LIFTED.value)
    )


async def _told(tx: Transaction, who: Principal, entry: BlacklistEntry, action: str, now: datetime) -> BlacklistView:
    detail = {"number": mask(read_number(entry.number)), "until": entry.until.isoformat(), "reason": entry.reason}
    await audit.record(tx, who, action, "blacklist", entry.entry_id, detail, at=now)
    tx.emit(CHANGED, entity=str(entry.entry_id), audience=["permission:blacklist.read"], payload={}, at=now)
    names = await names_of(tx, {entry.number})
    return _view(entry, names.get(entry.number), now)


def _view(entry: BlacklistEntry, name: str | None, now: datetime) -> BlacklistView:
    state = EntryState(entry.state)
    return BlacklistView(
        entry_id=entry.entry_id,
        caller=caller_view(read_number(entry.number), name),
        state=state,
        in_force=state is EntryState.AGREED and entry.until > now,
        until=entry.until,
        reason=entry.reason,
        asked_at=entry.asked_at,
        asked_by_id=entry.asked_by_id,
        asked_by=entry.asked_by,
        decided_at=entry.decided_at,
        decided_by=entry.decided_by,
    )
