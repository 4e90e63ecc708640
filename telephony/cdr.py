"""Asterisk's own call detail records: the independent witness that the platform's record is held against.

A citizen's call leaves one row for each seat that rang (or one without a seat), a call to a citizen one for the
dialling and perhaps a last one without a second leg; all share the linkedid, the call's id. What a seat dials besides,
to consult somebody, leaves rows of its own, which join those of the citizen's call only when he is handed over. How
rows are read from the file: `telephony.cdr_file`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Literal, TypedDict

from telephony.names import is_outside, on_one_line, seat_of

COLUMNS = {
    "linkedid": "${CDR(linkedid)}",
    "uniqueid": "${CDR(uniqueid)}",
    "channel": "${CDR(channel)}",
    "dstchannel": "${CDR(dstchannel)}",
    "src": "${CDR(src)}",
    "dst": "${CDR(dst)}",
    "dcontext": "${CDR(dcontext)}",
    "lastapp": "${CDR(lastapp)}",
    "disposition": "${CDR(disposition)}",
    "start": "${CDR(start,u)}",
    "answer": "${CDR(answer,u)}",
    "end": "${CDR(end,u)}",
    "billsec": "${CDR(billsec,f)}",
    "dialed": "${CDR(dialed)}",
    "recording": "${CDR(recording)}",
    "called": "${CDR(called)}",
    "placed": "${CDR(placed)}",
    "taken": "${CDR(taken)}",
}
"""The columns of the file in their order, and the dialplan expression that fills each. The last three are set where a
seat calls somebody outside: the number, when it was dialled, and when it answered; Asterisk's own `answer` is then that
of the seat's phone.
"""

_FIRST_COLUMNS = 15
"""So many had a file before outbound calls were told; a row without the others is whole."""

Direction = Literal["inbound", "outbound"]
Outcome = Literal["answered", "abandoned", "busy", "no_answer", "failed"]
"""A citizen's call was answered or abandoned; one to a citizen was answered or came out as the carrier said."""

_OUTCOMES: dict[str, Outcome] = {"ANSWERED": "answered", "BUSY": "busy", "NO ANSWER": "no_answer"}


class Counts(TypedDict):
    """How many calls came, and how they ended: offered = answered + abandoned."""

    offered: int
    answered: int
    abandoned: int


@dataclass(frozen=True, slots=True)
class CdrRow:
    """One row as Asterisk wrote it; a moment is None where it never came. See `COLUMNS`."""

    linkedid: str
    uniqueid: str
    channel: str
    dstchannel: str
    src: str
    dst: str
    dcontext: str
    lastapp: str
    disposition: str
    start: datetime
    answer: datetime | None
    end: datetime
    billsec: float
    dialed: str
    recording: str
    called: str
    placed: datetime | None
    taken: datetime | None

    @property
    def seat(self) -> str | None:
        """The seat that this row's second leg rang."""
        return seat_of(self.dstchannel)


@dataclass(frozen=True, slots=True)
class CdrCall:
    """A call with a citizen as Asterisk saw it; direction and numbers mean what they do in the record: `caller` is the
    citizen, `dialed` the hotline's number that he dialled or saw. `seat` answered or, outbound, placed the call.
    """

    call_id: str
    direction: Direction
    caller_number: str
    dialed_number: str
    seat: str | None
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    outcome: Outcome
    recording: str


@dataclass(frozen=True, slots=True)
class CdrLeg:
    """A further leg that a seat dialled by itself, to consult somebody; `outside` says that it left the hall."""

    channel: str
    to: str
    outside: bool
    began_at: datetime
    ended_at: datetime


def parse(lines: Iterable[str]) -> tuple[list[CdrRow], list[str]]:
    """The rows of these lines, and the lines that are none."""
    rows: list[CdrRow] = []
    damaged: list[str] = []
    for line in filter(None, lines):
        row = _row(line)
        if row is None:
            damaged.append(line)
        else:
            rows.append(row)
    return rows, damaged


def calls_from_rows(rows: Iterable[CdrRow]) -> list[CdrCall]:
    """The calls with citizens in these rows, in the order of their arrival; seats among themselves make none."""
    ordered = sorted(rows, key=lambda row: row.linkedid)
    calls = [_call(list(group)) for _, group in groupby(ordered, key=lambda row: row.linkedid)]
    return sorted((call for call in calls if call is not None), key=lambda call: (call.arrived_at, call.call_id))


def legs_from_rows(rows: Iterable[CdrRow]) -> list[CdrLeg]:
    """The further legs that seats dialled in these rows, in the order of their beginning."""
    of_seats = (row for row in rows if seat_of(row.channel) or on_one_line(row.channel))
    dialled = [row for row in of_seats if row.lastapp in {"Dial", "Queue"} and not row.called]
    dialled.sort(key=lambda row: row.uniqueid)
    legs = [_leg(list(group)) for _, group in groupby(dialled, key=lambda row: row.uniqueid)]
    return sorted(legs, key=lambda leg: (leg.began_at, leg.channel))


def count(calls: Iterable[CdrCall]) -> Counts:
    """How many calls citizens placed, and how many of these were answered and abandoned."""
    outcomes = [call.outcome for call in calls if call.direction == "inbound"]
    answered = outcomes.count("answered")
    return {"offered": len(outcomes), "answered": answered, "abandoned": len(outcomes) - answered}


def _call(rows: list[CdrRow]) -> CdrCall | None:
    if any(row.dialed for row in rows):
        return _inbound(rows)
    placing = next((row for row in rows if row.called and is_outside(row.dstchannel)), None)
    return None if placing is None else _outbound(rows, placing)


def _inbound(rows: list[CdrRow]) -> CdrCall:
    first = min(rows, key=lambda row: row.start)
    # a caller who was asked something by the PBX has an answer on every row; who talked, the disposition tells
    answered = [row for row in rows if row.disposition == "ANSWERED"]
    talks = sorted(((row.answer, row.seat) for row in answered if row.answer and row.seat), key=lambda talk: talk[0])
    answered_at, seat = talks[0] if talks else (None, None)
    return CdrCall(
        call_id=first.linkedid,
        direction="inbound",
        caller_number=first.src,
        dialed_number=next(row.dialed for row in rows if row.dialed),
        seat=seat,
        arrived_at=first.start,
        answered_at=answered_at,
        # the seat may go on talking to whom it consulted when the citizen has gone
        ended_at=max(row.end for row in [row for row in rows if row.uniqueid == row.linkedid] or rows),
        outcome="answered" if talks else "abandoned",
        recording=next((row.recording for row in rows if row.recording), ""),
    )


def _outbound(rows: list[CdrRow], placing: CdrRow) -> CdrCall:
    outcome = _OUTCOMES.get(placing.disposition, "failed")
    return CdrCall(
        call_id=placing.linkedid,
        direction="outbound",
        caller_number=placing.called,
        dialed_number=placing.src,
        seat=seat_of(placing.channel),
        arrived_at=placing.placed or placing.start,
        answered_at=(placing.taken or placing.answer) if outcome == "answered" else None,
        ended_at=max(row.end for row in rows),
        outcome=outcome,
        recording=placing.recording if outcome == "answered" else "",
    )


def _leg(rows: list[CdrRow]) -> CdrLeg:
    first = min(rows, key=lambda row: row.start)
    return CdrLeg(
        channel=first.channel,
        to=first.dst,
        outside=any(is_outside(row.dstchannel) for row in rows),
        began_at=first.start,
        ended_at=max(row.end for row in rows),
    )


def _row(line: str) -> CdrRow | None:
    try:
        given = next(csv.reader([line]))
        given += [""] * (len(COLUMNS) - len(given) if len(given) == _FIRST_COLUMNS else 0)
        text = dict(zip(COLUMNS, given, strict=True))
        start, answer, end, placed, taken = (
            _moment(text.pop(name)) for name in ("start", "answer", "end", "placed", "taken")
        )
        billsec = float(text.pop("billsec") or 0)
    except (ValueError, OverflowError, OSError, csv.Error):
        return None
    if start is None or end is None or not text["linkedid"]:
        return None
    return CdrRow(**text, start=start, answer=answer, end=end, billsec=billsec, placed=placed, taken=taken)


def _moment(text: str) -> datetime | None:
    """Seconds since 1970 with a fraction; 0 or nothing stands for never."""
    seconds = float(text or 0)
    return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
