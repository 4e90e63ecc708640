"""Rings are announced the moment they are known, ahead of the record.

The record of a ring takes a transaction; the seat's console should not wait for it. So an arrival and a ring are posted
as notices: the hub reads who is calling while the PBX still looks for a seat, and shows the pop-up when the seat rings.
The event in the record follows and is what counts; a notice that gets lost costs milliseconds. Notices hold the
caller's number, travel over a socket that only the platform's own user can open, and are stored nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telephony import facts as f


@dataclass(frozen=True, slots=True)
class Arriving:
    """A call that has just come in; `continues` is the call of another PBX that it is the rest of, empty for most."""

    call_id: str
    caller_number: str
    dialed_number: str
    at: datetime
    continues: str = ""


@dataclass(frozen=True, slots=True)
class Ringing:
    """A seat whose telephone has just begun to ring for that call."""

    call_id: str
    seat: str
    at: datetime


def announcements(facts: Sequence[f.Fact]) -> Iterator[dict[str, Any]]:
    """What is worth announcing of these facts; what was only found by re-synchronisation is not."""
    firsts = {fact.call_id: fact.first_call_id for fact in facts if isinstance(fact, f.CallContinues)}
    for fact in facts:
        if fact.recovered:
            continue
        match fact:
            case f.CallArrived():
                yield {
                    "call_id": fact.call_id,
                    "caller_number": fact.caller_number[:64],
                    "dialed_number": fact.dialed_number,
                    "at": fact.at.isoformat(),
                    "continues": firsts.get(fact.call_id, ""),
                }
            case f.SeatRinging():
                yield {"call_id": fact.call_id, "seat": fact.seat, "at": fact.at.isoformat()}


def read(notice: dict[str, Any]) -> Arriving | Ringing:
    """A notice as it was meant."""
    at = datetime.fromisoformat(notice["at"])
    if "seat" in notice:
        return Ringing(notice["call_id"], notice["seat"], at)
    return Arriving(notice["call_id"], notice["caller_number"], notice["dialed_number"], at, notice["continues"])
