"""Which unit a person works for."""

from __future__ import annotations

from datetime import datetime

from backend.identity import users
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.units.directory import units_on
from backend.units.errors import UnknownUnit


async def set_unit(tx: Transaction, username: str, unit_code: str | None, now: datetime, by: Principal | None) -> None:
    """Let a person work for a unit, or for none; takes effect with the next request of a running session.

    Raises `UnknownUnit`, `UnknownUser`.
    """
    if unit_code is not None:
        directory = await units_on(tx.session, clock.beijing(now).date())
        if directory.unit(unit_code) is None:
            raise UnknownUnit(unit_code)
    await users.set_unit(tx, username, unit_code, now, by)
