"""Who is behind a number, as far as earlier cases told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from backend.citizens import repository
from backend.citizens.numbers import CallerNumber, mask, read_number
from backend.citizens.schemas import CallerView
from backend.kernel.database import Transaction


async def remember_name(tx: Transaction, number: CallerNumber, name: str, now: datetime) -> None:
    """Know this citizen by name at the next call; without a usable number or a name nothing is remembered."""
    if number.e164 is not None and name:
        await repository.save_name(tx.session, number.e164, name, now)


async def name_of(tx: Transaction, number: CallerNumber) -> str | None:
    """The name known for this number."""
    citizen = await repository.by_number(tx.session, number.e164) if number.e164 is not None else None
    return citizen.name if citizen is not None else None


async def names_of(tx: Transaction, numbers: Iterable[str]) -> dict[str, str]:
    """The names known for these E.164 numbers."""
    return await repository.names(tx.session, numbers)


async def view_of(tx: Transaction, raw: str | None) -> CallerView:
    """A caller as the console may see one: masked, with the name if it is known."""
    number = read_number(raw)
    return caller_view(number, await name_of(tx, number))


def caller_view(number: CallerNumber, name: str | None) -> CallerView:
    """A caller as the console may see one, when the name is at hand already."""
    return CallerView(number=mask(number), usable=number.usable, name=name or None)
