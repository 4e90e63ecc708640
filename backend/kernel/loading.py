"""Loading a file of reference data: what it adds, changes and ends, in one transaction, or what is wrong with it.

A set of data says how its file reads (`Dataset`); the rest is the same for all. The new version is compared with what
stands: equal rows stay as they are, changed and missing ones end on the day the version begins, changed and new ones
begin. Loading the same file again changes nothing; a version that is loaded cannot come again with other content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ARRAY, String, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kernel import clock
from backend.kernel.bulk import insert_many, rows
from backend.kernel.database import Transaction
from backend.kernel.datafile import Misplaced, Place, data_invalid, load_data
from backend.kernel.versions import KEEPING, DataVersion, Versioned

Values = Mapping[str, Any]
_ROWS_AT_ONCE = 5_000


class DataHead(BaseModel):
    """How every such file begins. A version begins on the day `valid_from`, which may lie ahead."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    version: str = Field(min_length=1, max_length=40)
    valid_from: date


Content = TypeVar("Content", bound=DataHead)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a file lists: where it stands there, and what its row says, `code` and `name` among it."""

    place: Place
    values: Values


async def _no_references(_: AsyncSession, __: Any) -> Iterable[Misplaced]:
    return ()


@dataclass(frozen=True)
class Dataset(Generic[Content]):
    """A kind of reference data.

    `tables` gives each table its entries, in the order in which they are to be written; `check` finds what is wrong
    between entries of the file, `refer` what is wrong between it and other data that stands in the database. Files
    with another `part` are versions of their own ("taxonomy/hotline"). `read` is for files that do not simply hold the
    model.
    """

    name: str
    model: type[Content]
    tables: Mapping[type[Versioned], Callable[[Content], Iterable[Entry]]]
    check: Callable[[Content], Iterable[Misplaced]] = lambda _: ()
    refer: Callable[[AsyncSession, Content], Awaitable[Iterable[Misplaced]]] = _no_references
    part: Callable[[Content], str] = lambda _: ""
    read: Callable[[Path], Content] | None = None

    def content_of(self, path: Path) -> Content:
        """What a file says. Raises `DataInvalid`."""
        return self.read(path) if self.read is not None else load_data(self.model, path, self.check)

    def set_of(self, content: Content) -> str:
        """The set that this file is a version of."""
        part = self.part(content)
        return f"{self.name}/{part}" if part else self.name


class ChangeKind(StrEnum):
    """What a version does to an entry."""

    ADDED = "added"
    CHANGED = "changed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Change:
    """What a version does to one entry; `fields` holds before and after of what it says otherwise."""

    kind: ChangeKind
    code: str
    name: str
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of loading a file; `known` when this version stood already."""

    dataset: str
    version: str
    valid_from: date
    changes: Sequence[Change]
    known: bool = False

    def count(self, kind: ChangeKind) -> int:
        """How many entries were added, changed or ended."""
        return sum(change.kind is kind for change in self.changes)


def compare(standing: Mapping[str, Values], wanted: Mapping[str, Values]) -> list[Change]:
    """What leads from the rows that stand to those that are wanted, both by code; in the order of the codes."""
    changes = []
    for code in sorted({*standing, *wanted}):
        before, after = standing.get(code), wanted.get(code)
        said = after or before or {}
        name = str(said.get("name", ""))
        if before is None:
            changes.append(Change(ChangeKind.ADDED, code, name, {}))
        elif after is None:
            changes.append(Change(ChangeKind.ENDED, code, name, {}))
        elif fields := {key: (before.get(key), after[key]) for key in after if before.get(key) != after[key]}:
            changes.append(Change(ChangeKind.CHANGED, code, name, fields))
    return changes


async def serialise_loading(session: AsyncSession) -> None:
    """Until the transaction ends, nobody else loads a file."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('load-data', 0))"))


async def load(tx: Transaction, dataset: Dataset[Content], path: Path, now: datetime) -> Report:
    """Load a file as a new version. Raises `DataInvalid` that names every line that is wrong; nothing is changed then.

    Who listens is told by the event `data_loaded`.
    """
    content = dataset.content_of(path)
    name = dataset.set_of(content)
    digest = hashlib.sha256(content.model_dump_json(exclude_unset=True).encode()).hexdigest()
    await serialise_loading(tx.session)
    known = await tx.session.get(DataVersion, (name, content.version))
    if known is not None and known.digest == digest:
        return Report(name, known.version, known.valid_from, (), known=True)
    entries = {table: list(listed(content)) for table, listed in dataset.tables.items()}
    mistakes = [
        *(await _version_mistakes(tx.session, name, content, known)),
        *(await _taken_codes(tx.session, name, entries)),
        *(await dataset.refer(tx.session, content)),
    ]
    if mistakes:
        raise data_invalid(path, mistakes)
    loaded = DataVersion(
        dataset=name,
        version=content.version,
        valid_from=content.valid_from,
        digest=digest,
        source=path.name,
        loaded_at=now,
    )
    tx.session.add(loaded)
    await tx.session.flush()
    changes = [change for table in entries for change in await _bring(tx.session, loaded, table, entries[table])]
    tx.emit("data_loaded", entity=name, audience=["all"], payload={"version": content.version}, at=now)
    return Report(name, content.version, content.valid_from, changes)


async def _version_mistakes(
    session: AsyncSession, name: str, content: DataHead, known: DataVersion | None
) -> list[Misplaced]:
    if known is not None:
        day = clock.beijing(known.loaded_at).date()
        return [
            (("version",), f"{known.version} was loaded on {day} with other content; what is new needs a new version")
        ]
    newest = select(DataVersion).where(DataVersion.dataset == name).order_by(DataVersion.number.desc()).limit(1)
    last = (await session.execute(newest)).scalar_one_or_none()
    if last is not None and content.valid_from < last.valid_from:
        return [(("valid_from",), f"it cannot begin before {last.valid_from}, when version {last.version} begins")]
    return []


async def _taken_codes(
    session: AsyncSession, name: str, entries: Mapping[type[Versioned], Sequence[Entry]]
) -> list[Misplaced]:
    """Codes that another part of the same set has: a code must name one thing."""
    found: list[Misplaced] = []
    for table, listed in entries.items():
        query = select(table.code, table.dataset).where(table.dataset != name, table.valid_to.is_(None))
        others: dict[str, str] = {row.code: row.dataset for row in await session.execute(query)}
        found += [
            ((*entry.place, "code"), f"the code {code} belongs to {others[code]}")
            for entry in listed
            if (code := entry.values["code"]) in others
        ]
    return found


async def _bring(
    session: AsyncSession, loaded: DataVersion, table: type[Versioned], entries: Sequence[Entry]
) -> list[Change]:
    """Bring one table to what the version says."""
    columns = [column.key for column in table.__mapper__.column_attrs if column.key not in KEEPING]  # type: ignore[attr-defined]
    query = select(*(getattr(table, key) for key in columns))
    found = await session.execute(query.where(table.dataset == loaded.dataset, table.valid_to.is_(None)))
    standing: dict[str, Values] = {row["code"]: dict(row) for row in found.mappings()}
    wanted = {entry.values["code"]: entry.values for entry in entries}
    changes = compare(standing, wanted)
    ending = [change.code for change in changes if change.kind is not ChangeKind.ADDED]
    if ending:
        codes = func.any(literal(ending, ARRAY(String)))
        ended = update(table).where(table.dataset == loaded.dataset, table.valid_to.is_(None), table.code == codes)
        await session.execute(ended.values(valid_to=loaded.valid_from).execution_options(synchronize_session=False))
    mark = {"dataset": loaded.dataset, "version": loaded.version, "valid_from": loaded.valid_from, "valid_to": None}
    new = [{**wanted[change.code], **mark} for change in changes if change.kind is not ChangeKind.ENDED]
    for start in range(0, len(new), _ROWS_AT_ONCE):
        statement = insert_many(table.__table__, new[0])  # type: ignore[attr-defined]
        await session.execute(statement, rows(new[start : start + _ROWS_AT_ONCE]))
    return changes
