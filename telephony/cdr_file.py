"""The file of Asterisk's call detail records: read on from a place, or searched for the calls of a span of time.

The file may be rotated at any moment, as logrotate does: renamed (Asterisk opens it anew for each row), copied and
emptied, compressed afterwards. Its earlier parts lie beside it under its name with something behind (`calls.csv.1`,
`calls.csv-20261122.gz`) and are read as if they still stood before it. A part is known by its first line, so that a
place in it is found again whatever it is called by now.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from telephony.cdr import CdrRow, parse

AT_ONCE = 4 * 1024 * 1024
"""How many bytes one look reads at most: a first look at the file of a year must not fill the memory."""
_ABOUT = 64 * 1024
_DISORDER = timedelta(minutes=1)
"""Rows are written when calls end, in that order but for the moment that writing takes."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far the file has been read: `offset` bytes into the part whose first line has the digest `part`."""

    part: str = ""
    offset: int = 0


BEGINNING = Place()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look gave: read on from `place`; `damaged` are whole lines that are not rows, `more` says that there is
    more to be read at once.
    """

    rows: tuple[CdrRow, ...]
    place: Place
    damaged: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """One file with rows in it; `name` is the digest of its first line, `begins` when the first call in it ended."""

    path: Path
    name: str
    begins: datetime


def read(path: Path, place: Place = BEGINNING, *, most: int = AT_ONCE) -> Reading:
    """The rows that were added since `place`, about `most` bytes of them. A last line still being written is left for
    the next look. Where a look ends before its part does, the rows of the last call, which stand together, are left as
    well. A part that is gone is passed over; without any file there are no rows yet.
    """
    parts = _parts(path)
    known = next((n for n, part in enumerate(parts) if part.name == place.part), None)
    for n, part in enumerate(parts[known or 0 :], known or 0):
        try:
            reading = _read_part(part, place.offset if n == known else 0, most)
        except FileNotFoundError:  # renamed this moment: the next look finds it again
            break
        last = n == len(parts) - 1
        if last or reading.more or reading.rows or reading.damaged:
            return Reading(reading.rows, reading.place, reading.damaged, reading.more or not last)
    return Reading((), place)


def read_span(path: Path, since: datetime, until: datetime) -> list[CdrRow]:
    """The rows of calls that ended in [since, until), found without reading what was written long before.

    Raises FileNotFoundError when there is no such file, rotated or not.
    """
    if not path.exists() and not _files(path):
        raise FileNotFoundError(path)
    return [row for part in _parts(path) for row in _span_of(part, since, until)]


def _files(path: Path) -> list[Path]:
    """The file's parts: itself and those that were rotated away."""
    return [each for each in path.parent.glob(f"{path.name}*") if each.is_file()]


def _parts(path: Path) -> list[_Part]:
    """The parts that hold anything, oldest first; one that is there twice, being compressed just now, counts once."""
    parts: dict[str, _Part] = {}
    for each in sorted(_files(path), key=lambda file: file != path):
        try:
            with _opened(each) as file:
                line = file.readline()
            written = datetime.fromtimestamp(each.stat().st_mtime, UTC)
        except (OSError, EOFError):  # renamed, or not compressed to its end
            continue
        if line.endswith(b"\n"):
            rows, _ = parse([_text(line)])
            name = hashlib.sha256(line).hexdigest()
            parts.setdefault(name, _Part(each, name, rows[0].end if rows else written))
    return sorted(parts.values(), key=lambda part: (part.path == path, part.begins))


def _read_part(part: _Part, offset: int, most: int) -> Reading:
    with _opened(part.path) as file:
        file.seek(offset)
        added = file.read(most)
        added += b"" if added.endswith(b"\n") else file.readline()
        more = bool(file.read(1))
    lines = added.splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    if more:
        lines = _without_last_call(lines)
    rows, damaged = parse(map(_text, lines))
    return Reading(tuple(rows), Place(part.name, offset + sum(map(len, lines))), tuple(damaged), more)


def _span_of(part: _Part, since: datetime, until: datetime) -> Iterator[CdrRow]:
    with _opened(part.path) as file:
        file.seek(_before(file, since - _DISORDER))
        for line in file:
            rows, _ = parse([_text(line)]) if line.endswith(b"\n") else ([], [])
            if rows and rows[0].end >= until + _DISORDER:
                break
            yield from (row for row in rows if since <= row.end < until)


def _before(file: BinaryIO, moment: datetime) -> int:
    """A place at the beginning of a line, before which no call ended at `moment` or later."""
    low, high = 0, file.seek(0, 2)
    while high - low > _ABOUT:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        rows, _ = parse([_text(file.readline())])
        if rows and rows[0].end < moment:
            low = middle
        else:  # a damaged line tells nothing, so it counts as late
            high = middle
    file.seek(low)
    if low:
        file.readline()
    return file.tell()


def _without_last_call(lines: list[bytes]) -> list[bytes]:
    ids = [rows[0].linkedid if (rows := parse([_text(line)])[0]) else None for line in lines]
    last = ids[-1] if ids else None
    kept = len(lines)
    while kept and last is not None and ids[kept - 1] == last:
        kept -= 1
    return lines[:kept] or lines


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        yield cast("BinaryIO", file)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\n")
