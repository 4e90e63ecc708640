"""What the PBX is told of single numbers, whole: it stands in Asterisk's own database, so that it holds with no process
of ours alive. The telephony process compares it with what Asterisk has and corrects (`telephony.table`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from backend.cases.models import Case
from backend.kernel.database import Transaction
from backend.queueing import blacklist, missed
from backend.seats.models import Seat
from telephony.pbx.parts import HostPart
from telephony.routing import caller_key
from telephony.table import BLACKLIST, OWN_SEAT, PRIORITY, Table

EMERGENCY_PRIORITY = 10
WISH_PRIORITY = 5


async def wanted(tx: Transaction, part: HostPart, now: datetime) -> Table:
    """Who is refused until when, who goes before others, and to which seat of this PBX each caller with an open case
    goes first."""
    table: dict[tuple[str, str], str] = {}
    for number, until in (await blacklist.in_force(tx, now)).items():
        table[BLACKLIST, caller_key(number)] = str(int(until.timestamp()))
    for number in await missed.wishing(tx):
        table[PRIORITY, caller_key(number)] = str(WISH_PRIORITY)
    for number in await _emergencies(tx):
        table[PRIORITY, caller_key(number)] = str(EMERGENCY_PRIORITY)
    if part.pbx.own_seat_seconds:
        places = part.own_penalties
        for number, seat in (await _own_seats(tx)).items():
            if seat in places:
                table[OWN_SEAT, caller_key(number)] = f"{seat}-{places[seat]}"
    return table


async def _emergencies(tx: Transaction) -> set[str]:
    query = select(Case.caller_e164).where(
        Case.closed_at.is_(None), Case.urgency == "emergency", Case.caller_e164.is_not(None)
    )
    return {number for number in (await tx.session.execute(query)).scalars() if number is not None}


async def _own_seats(tx: Transaction) -> dict[str, str]:
    """The caller of each open case -> the seat at which whoever took his latest one sits now."""
    query = (
        select(Case.caller_e164, Seat.seat)
        .join(Seat, Seat.user_id == Case.filed_by_id)
        .where(Case.closed_at.is_(None), Case.caller_e164.is_not(None))
        .ext(distinct_on(Case.caller_e164))
        .order_by(Case.caller_e164, Case.filed_at.desc())
    )
    return {row.caller_e164: row.seat for row in await tx.session.execute(query) if row.caller_e164}
