"""How a file of classes reads (configs/taxonomy): a tree of up to four levels, one file for each classification."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.deadlines.clocks import LimitKind
from backend.kernel.datafile import Misplaced, Place
from backend.kernel.loading import DataHead, Dataset, Entry
from backend.taxonomy.models import ClassRow
from backend.taxonomy.schemas import STREET, Urgency
from backend.units.models import Unit


class LimitEntry(BaseModel):
    """A handling limit: so many working hours, working days, or hours that run on through nights and holidays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: LimitKind
    amount: int = Field(ge=1, le=1000)


class ClassEntry(BaseModel):
    """One class with those below it. What it leaves out of limit, urgency and duty is that of the class above.

    `pinyin` is given, syllable by syllable, only where the dictionary would read the name in another way.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    code: str = Field(pattern=r"^[A-Z]?(\d\d){1,4}$")
    name: str = Field(min_length=1, max_length=40)
    pinyin: str = ""
    aliases: tuple[str, ...] = ()
    limit: LimitEntry | None = None
    urgency: Urgency | None = None
    duty: str | None = None
    classes: tuple[ClassEntry, ...] = ()


class MajorEntry(ClassEntry):
    """A major class; `group` says what it is one of (部件, 事件) where names alone would not tell."""

    group: str = Field(default="", max_length=20)


class TaxonomyFile(DataHead):
    """One classification."""

    scheme: str = Field(pattern=r"^[a-z]{2,20}$")
    classes: tuple[MajorEntry, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class PlacedClass:
    """A class where it stands in the file, with what it takes over from those above it."""

    place: Place
    entry: ClassEntry
    above: str
    group: str
    path: tuple[str, ...]
    limit: LimitEntry | None
    urgency: Urgency
    duty: str | None


def placed_classes(file: TaxonomyFile) -> Iterator[PlacedClass]:
    """Every class of the file, each before those below it."""
    for index, major in enumerate(file.classes):
        root = PlacedClass(("classes", index), major, "", major.group, (), None, Urgency.NORMAL, None)
        yield from _with_those_below(root, major)


def _with_those_below(above: PlacedClass, entry: ClassEntry) -> Iterator[PlacedClass]:
    here = PlacedClass(
        above.place,
        entry,
        above.above,
        above.group,
        (*above.path, entry.name),
        entry.limit or above.limit,
        entry.urgency or above.urgency,
        entry.duty or above.duty,
    )
    yield here
    for index, each in enumerate(entry.classes):
        place = (*here.place, "classes", index)
        below = PlacedClass(place, each, entry.code, here.group, here.path, here.limit, here.urgency, here.duty)
        yield from _with_those_below(below, each)


def _entries(file: TaxonomyFile) -> Iterator[Entry]:
    for each in placed_classes(file):
        assert each.limit is not None
        assert each.duty is not None
        values = {
            "code": each.entry.code,
            "name": each.entry.name,
            "level": len(each.path),
            "parent_code": each.above or None,
            "path": list(each.path),
            "group_name": each.group,
            "aliases": list(each.entry.aliases),
            "spelling": each.entry.pinyin,
            "limit_kind": each.limit.kind.value,
            "limit_amount": each.limit.amount,
            "urgency": each.urgency.value,
            "duty": each.duty,
        }
        yield Entry(each.place, values)


def _mistakes(file: TaxonomyFile) -> Iterator[Misplaced]:
    placed = list(placed_classes(file))
    codes = Counter(each.entry.code for each in placed)
    names = Counter((each.group, each.path) for each in placed)
    for each in placed:
        entry, place = each.entry, each.place
        if codes[entry.code] > 1:
            yield (*place, "code"), f"the code {entry.code} stands twice"
        if names[each.group, each.path] > 1:
            yield (*place, "name"), f"the name {entry.name} stands twice"
        if each.above and not _continues(entry.code, each.above):
            yield (*place, "code"), f"the code {entry.code} does not continue that of the class above, {each.above}"
        if not each.above and len(entry.code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) != 2:
            yield (*place, "code"), f"the code {entry.code} of a major class has more than two digits"
        if entry.name in entry.aliases:
            yield (*place, "aliases"), f"{entry.name} is its own alias"
        if each.limit is None or each.duty is None:
            yield place, f"{entry.name} has no limit or no duty, neither of its own nor from a class above"


def _continues(code: str, above: str) -> bool:
    return code.startswith(above) and len(code) == len(above) + 2


async def _unknown_duties(session: AsyncSession, file: TaxonomyFile) -> Iterable[Misplaced]:
    rows = await session.execute(select(Unit.code).where(Unit.valid_to.is_(None), Unit.kind == "department"))
    known = {STREET, *rows.scalars()}
    return [
        ((*each.place, "duty"), f"there is no department {each.entry.duty}; a street's duty is written {STREET}")
        for each in placed_classes(file)
        if each.entry.duty is not None and each.entry.duty not in known
    ]


TAXONOMY = Dataset(
    name="taxonomy",
    model=TaxonomyFile,
    tables={ClassRow: _entries},
    check=_mistakes,
    refer=_unknown_duties,
    part=lambda file: file.scheme,
)
