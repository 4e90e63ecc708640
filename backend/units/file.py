"""How a file of units reads (configs/units): one district centre, and below it everything that takes part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from backend.kernel.datafile import Misplaced, Place
from backend.kernel.loading import DataHead, Dataset, Entry
from backend.units.models import Unit
from backend.units.schemas import UnitKind


class UnitEntry(BaseModel):
    """One unit. `parent` need only be said where it is not the district centre, or a community's street.

    `pinyin` is given, syllable by syllable, only where the dictionary would read the name in another way.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    code: str = Field(pattern=r"^[0-9A-Z]{2,12}$")
    name: str = Field(min_length=1, max_length=60)
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    pinyin: str = ""


class UnitFile(DataHead):
    """The units of a district, by their kind."""

    centre: UnitEntry
    reception: tuple[UnitEntry, ...] = ()
    streets: tuple[UnitEntry, ...] = ()
    communities: tuple[UnitEntry, ...] = ()
    departments: tuple[UnitEntry, ...] = ()


_GROUPS = {
    "reception": UnitKind.RECEPTION,
    "streets": UnitKind.STREET,
    "communities": UnitKind.COMMUNITY,
    "departments": UnitKind.DEPARTMENT,
}
_STREET_DIGITS = 9


def _listed(file: UnitFile) -> Iterator[tuple[Place, UnitKind, UnitEntry]]:
    yield ("centre",), UnitKind.CENTRE, file.centre
    for group, kind in _GROUPS.items():
        for index, unit in enumerate(getattr(file, group)):
            yield (group, index), kind, unit


def _parent(file: UnitFile, kind: UnitKind, unit: UnitEntry) -> str | None:
    if kind is UnitKind.CENTRE or unit.parent is not None:
        return unit.parent
    return unit.code[:_STREET_DIGITS] if kind is UnitKind.COMMUNITY else file.centre.code


def _entries(file: UnitFile) -> Iterator[Entry]:
    for place, kind, unit in _listed(file):
        values = {
            "code": unit.code,
            "name": unit.name,
            "kind": kind.value,
            "parent_code": _parent(file, kind, unit),
            "aliases": list(unit.aliases),
            "duties": list(unit.duties),
            "spelling": unit.pinyin,
        }
        yield Entry(place, values)


def _mistakes(file: UnitFile) -> Iterator[Misplaced]:
    listed = list(_listed(file))
    codes = Counter(unit.code for _, _, unit in listed)
    names = Counter(unit.name for _, _, unit in listed)
    kinds = {unit.code: kind for _, kind, unit in listed}
    for place, kind, unit in listed:
        if codes[unit.code] > 1:
            yield (*place, "code"), f"the code {unit.code} stands twice"
        if names[unit.name] > 1:
            yield (*place, "name"), f"the name {unit.name} stands twice"
        parent = _parent(file, kind, unit)
        if parent is not None and not _may_stand_below(kind, kinds.get(parent)):
            yield (*place, "parent"), f"{unit.name} cannot stand below {parent}, {_what(kinds.get(parent))}"


def _may_stand_below(kind: UnitKind, parent: UnitKind | None) -> bool:
    """A community belongs to a street, everything else to the centre or, one step deeper, to a department."""
    if kind is UnitKind.COMMUNITY:
        return parent is UnitKind.STREET
    return kind is not UnitKind.CENTRE and parent in {UnitKind.CENTRE, UnitKind.DEPARTMENT}


def _what(kind: UnitKind | None) -> str:
    return f"which is a {kind}" if kind is not None else "which is no unit of this file"


UNITS = Dataset(name="units", model=UnitFile, tables={Unit: _entries}, check=_mistakes)
