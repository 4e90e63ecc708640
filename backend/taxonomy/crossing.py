"""The crossing index 七有五性: which of the seven haves and five natures a case counts under, whatever its class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kernel.datafile import Misplaced, Place
from backend.kernel.loading import DataHead, Dataset, Entry
from backend.kernel.versions import InForce, in_force
from backend.taxonomy.models import ClassRow, IndexRow
from backend.taxonomy.schemas import IndexEntry


class CrossingEntry(BaseModel):
    """One entry with those below it; `classes` are codes of the taxonomy."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    code: str = Field(pattern=r"^[A-Z](\d\d){1,3}$")
    name: str = Field(min_length=1, max_length=40)
    classes: tuple[str, ...] = ()
    entries: tuple[CrossingEntry, ...] = ()


class CrossingFile(DataHead):
    """The whole index."""

    entries: tuple[CrossingEntry, ...] = Field(min_length=1)


class CrossingIndex:
    """The index on one day, found by the class of a case."""

    def __init__(self, entries: Iterable[IndexEntry]) -> None:
        self.entries = tuple(entries)

    def of_class(self, class_code: str) -> list[IndexEntry]:
        """The entries under which a case of this class counts; the code of a class continues that of those above it."""
        return [each for each in self.entries if class_code.startswith(tuple(each.classes))]


async def crossing_on(session: AsyncSession, day: date) -> CrossingIndex:
    """The index that was in force on a day."""
    rows = (await session.execute(in_force(IndexRow, day))).scalars()
    return CrossingIndex(IndexEntry.model_validate(row) for row in rows)


def crossing_in_force() -> InForce[CrossingIndex]:
    """The index of today, read anew when it changes."""
    return InForce("crossing", crossing_on)


_Placed = tuple[Place, CrossingEntry, str, tuple[str, ...]]


def _placed(entries: tuple[CrossingEntry, ...], above: str, path: tuple[str, ...], place: Place) -> Iterator[_Placed]:
    for index, each in enumerate(entries):
        here = (*place, index)
        yield here, each, above, (*path, each.name)
        yield from _placed(each.entries, each.code, (*path, each.name), (*here, "entries"))


def _entries(file: CrossingFile) -> Iterator[Entry]:
    for place, each, above, path in _placed(file.entries, "", (), ("entries",)):
        values = {
            "code": each.code,
            "name": each.name,
            "level": len(path),
            "parent_code": above or None,
            "path": list(path),
            "classes": list(each.classes),
        }
        yield Entry(place, values)


def _mistakes(file: CrossingFile) -> Iterator[Misplaced]:
    placed = list(_placed(file.entries, "", (), ("entries",)))
    codes = Counter(each.code for _, each, _, _ in placed)
    for place, each, above, path in placed:
        if codes[each.code] > 1:
            yield (*place, "code"), f"the code {each.code} stands twice"
        if len(each.code) != 1 + 2 * len(path) or not each.code.startswith(above):
            yield (*place, "code"), f"the code {each.code} does not continue that of the entry above, {above or 'none'}"


async def _unknown_classes(session: AsyncSession, file: CrossingFile) -> Iterable[Misplaced]:
    known = set((await session.execute(select(ClassRow.code).where(ClassRow.valid_to.is_(None)))).scalars())
    return [
        ((*place, "classes"), f"there is no class {code}")
        for place, each, _, _ in _placed(file.entries, "", (), ("entries",))
        for code in each.classes
        if code not in known
    ]


CROSSING = Dataset(
    name="crossing", model=CrossingFile, tables={IndexRow: _entries}, check=_mistakes, refer=_unknown_classes
)
