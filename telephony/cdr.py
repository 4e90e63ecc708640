"""Asterisk's own call detail records: the independent witness that the platform's record is held against.

One call leaves one row for each seat that rang (or one without a seat); all share the linkedid, the call's id.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Literal, TypedDict

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
}
"""The columns of the file in their order, and the dialplan expression that fills each."""

AT_ONCE = 4 * 1024 * 1024
"""How many bytes one look reads at most: a first look at the file of a year must not fill the memory."""
_ABOUT = 64 * 1024
_DISORDER = timedelta(minutes=1)
"""Rows are written when calls end, in that order but for the moment that writing takes."""

Outcome = Literal["answered", "abandoned"]
_SEAT_CHANNEL = re.compile(r"^PJSIP/(\d+)-[0-9a-f]+$")


class Counts(TypedDict):
    """How many calls came, and how they ended: offered = answered + abandoned."""

    offered: int
    answered: int
    abandoned: int


@dataclass(frozen=True, slots=True)
class CdrRow:
    """One row as Asterisk wrote it; `answer` is None where nobody answered."""

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

    @property
    def seat(self) -> str | None:
        """The seat that this row's second leg rang."""
        found = _SEAT_CHANNEL.match(self.dstchannel)
        return found.group(1) if found else None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look into the file gave: read on from `offset`; `damaged` are whole lines that are not rows, `more` says
    that the file goes on.
    """

    rows: tuple[CdrRow, ...]
    offset: int
    damaged: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class CdrCall:
    """A citizen's call as Asterisk saw it."""

    call_id: str
    caller_number: str
    dialed_number: str
    seat: str | None
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    outcome: Outcome
    recording: str


def read(path: Path, offset: int = 0, *, most: int = AT_ONCE) -> Reading:
    """The rows that were added since `offset` (bytes), about `most` bytes of them. A last line still being written is
    left for the next look; a file that has shrunk was rotated and is read from its beginning; a missing one has no rows
    yet. Where the look ends before the file does, the rows of the last call, which stand together, are left as well.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            begin = offset if offset <= size else 0
            file.seek(begin)
            added = file.read(most)
            added += b"" if added.endswith(b"\n") else file.readline()
    except FileNotFoundError:
        return Reading((), 0)
    lines = added.splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    more = begin + len(added) < size
    if more:
        lines = _without_last_call(lines)
    rows, damaged = parse(line.decode("utf-8", "replace").rstrip("\n") for line in lines)
    return Reading(tuple(rows), begin + sum(map(len, lines)), tuple(damaged), more)


def read_span(path: Path, since: datetime, until: datetime) -> list[CdrRow]:
    """The rows of calls that ended in [since, until), found without reading what was written before.

    Raises FileNotFoundError.
    """
    found: list[CdrRow] = []
    with path.open("rb") as file:
        file.seek(_before(file, since - _DISORDER))
        for line in file:
            row = _row(line.decode("utf-8", "replace").rstrip("\n")) if line.endswith(b"\n") else None
            if row is None:
                continue
            if row.end >= until + _DISORDER:
                break
            if since <= row.end < until:
                found.append(row)
    return found


def _before(file: BinaryIO, moment: datetime) -> int:
    """A place at the beginning of a line, before which no call ended at `moment` or later."""
    low, high = 0, file.seek(0, 2)
    while high - low > _ABOUT:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        row = _row(file.readline().decode("utf-8", "replace").rstrip("\n"))
        if row is not None and row.end < moment:
            low = middle
        else:  # a damaged line tells nothing, so it counts as late
            high = middle
    file.seek(low)
    if low:
        file.readline()
    return file.tell()


def _without_last_call(lines: list[bytes]) -> list[bytes]:
    ids = [row.linkedid if (row := _row(line.decode("utf-8", "replace").rstrip("\n"))) else None for line in lines]
    last = ids[-1] if ids else None
    kept = len(lines)
    while kept and last is not None and ids[kept - 1] == last:
        kept -= 1
    return lines[:kept] or lines


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
    """The citizens' calls in these rows, in the order of their arrival; a seat's own calls are left out."""
    ordered = sorted(rows, key=lambda row: row.linkedid)
    calls = [_call(list(group)) for _, group in groupby(ordered, key=lambda row: row.linkedid)]
    return sorted((call for call in calls if call is not None), key=lambda call: (call.arrived_at, call.call_id))


def count(calls: Iterable[CdrCall]) -> Counts:
    """How many calls were offered, answered and abandoned."""
    outcomes = [call.outcome for call in calls]
    answered = outcomes.count("answered")
    return {"offered": len(outcomes), "answered": answered, "abandoned": len(outcomes) - answered}


def _call(rows: list[CdrRow]) -> CdrCall | None:
    first = min(rows, key=lambda row: row.start)
    dialed = next((row.dialed for row in rows if row.dialed), "")
    if not dialed:
        return None
    # a caller who was asked something by the PBX has an answer on every row; who talked, the disposition tells
    answered = [row for row in rows if row.disposition == "ANSWERED"]
    talks = sorted(((row.answer, row.seat) for row in answered if row.answer and row.seat), key=lambda talk: talk[0])
    answered_at, seat = talks[0] if talks else (None, None)
    return CdrCall(
        call_id=first.linkedid,
        caller_number=first.src,
        dialed_number=dialed,
        seat=seat,
        arrived_at=first.start,
        answered_at=answered_at,
        ended_at=max(row.end for row in rows),
        outcome="answered" if talks else "abandoned",
        recording=next((row.recording for row in rows if row.recording), ""),
    )


def _row(line: str) -> CdrRow | None:
    try:
        text = dict(zip(COLUMNS, next(csv.reader([line])), strict=True))
        start, answer, end = (_moment(text.pop(name)) for name in ("start", "answer", "end"))
        billsec = float(text.pop("billsec") or 0)
    except (ValueError, OverflowError, OSError, csv.Error):
        return None
    if start is None or end is None or not text["linkedid"]:
        return None
    return CdrRow(**text, start=start, answer=answer, end=end, billsec=billsec)


def _moment(text: str) -> datetime | None:
    """Asterisk's seconds.microseconds; 0 stands for never."""
    seconds = float(text or 0)
    return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
