"""Loading entries of special lists from a file: each once by its `ref`; a file with a mistake adds nothing.

An entry that was loaded has a life of its own, so no file changes it: what comes again with other content is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from backend.cases.rules import ReferenceData
from backend.cases.schemas import PlacePoint
from backend.grid.components import StandingComponent, component_on
from backend.identity import audit
from backend.kernel.clock import beijing
from backend.kernel.database import Transaction
from backend.kernel.datafile import Misplaced, data_invalid, load_data
from backend.kernel.errors import HotlineError
from backend.kernel.ids import new_id
from backend.kernel.loading import serialise_loading
from backend.kernel.queries import insert_new
from backend.rectification import repository
from backend.rectification.models import SpecialEntry
from backend.rectification.rules import CheckedContent, check_content, check_unit, fingerprint
from backend.rectification.schemas import SpecialContent, SpecialKind
from backend.rectification.service import add_step
from backend.rectification.states import SpecialMove, move_special
from backend.units.directory import UnitDirectory
from backend.units.schemas import UnitView

_FIELDS = {"kind_code": "list", "street_code": "street", "community_code": "community", "place": "point"}
_FIELDS |= {"unit_code": "unit", "found_on": "found", "component_code": "component"}


class FileEntry(BaseModel):
    """One entry. `point` is longitude and latitude (WGS 84), `component` the code of a city component; a `unit` needs
    the day that is `due`."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    list: str = Field(max_length=32)
    ref: str = Field(min_length=1, max_length=60)
    what: str = Field(min_length=1, max_length=2000)
    address: str = Field(default="", max_length=500)
    street: str = Field(max_length=32)
    community: str = Field(default="", max_length=32)
    point: tuple[float, float] | None = None
    component: str | None = Field(default=None, max_length=32, pattern=r"^[^\x00]*$")
    found: date
    unit: str | None = Field(default=None, max_length=32)
    due: date | None = None


class EntriesFile(BaseModel):
    """Entries of one or several lists."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entries: tuple[FileEntry, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class InForceNow:
    """The reference data that a file is held against."""

    kinds: Mapping[str, SpecialKind]
    units: UnitDirectory
    reference: ReferenceData


@dataclass(frozen=True, slots=True)
class EntriesReport:
    """What came of a file: the entries that were added, as "list ref what", and how many stood already."""

    added: tuple[str, ...]
    known: int


@dataclass(frozen=True, slots=True)
class _Ready:
    said: SpecialContent
    checked: CheckedContent
    unit: UnitView | None


async def load_entries(tx: Transaction, path: Path, held: InForceNow, now: datetime) -> EntriesReport:
    """Load the entries of a file that are new. Raises `DataInvalid` that names every line that is wrong."""
    file = load_data(EntriesFile, path, _mistakes)
    ready: dict[int, _Ready] = {}
    mistakes: list[Misplaced] = []
    today = beijing(now).date()
    for index, entry in enumerate(file.entries):
        try:
            ready[index] = _ready(entry, held, await component_on(tx.session, entry.component, today), today)
        except HotlineError as error:
            field = _FIELDS.get(error.field or "", error.field or "")
            mistakes.append((("entries", index, *([field] if field else [])), error.message))
    refs = [(entry.list, entry.ref) for entry in file.entries]
    await serialise_loading(tx.session)
    standing = await repository.entries_by_ref(tx.session, refs)
    for index, each in ready.items():
        known = standing.get(refs[index])
        if known is not None and known != _mark(file.entries[index], each.said):
            text = f"{refs[index][1]} stands already and reads otherwise; change it in the console"
            mistakes.append((("entries", index, "ref"), text))
    if mistakes:
        raise data_invalid(path, mistakes)
    added = []
    for index, each in ready.items():
        if refs[index] not in standing:
            await _add(tx, file.entries[index], each, now)
            added.append(f"{each.checked.kind.name} {file.entries[index].ref} {each.checked.what}")
    if added:
        detail = {"file": path.name, "added": len(added), "known": len(standing)}
        await audit.record(tx, None, "special_entries_loaded", "special", path.name, detail, at=now)
    return EntriesReport(tuple(added), len(standing))


def _ready(entry: FileEntry, held: InForceNow, standing: StandingComponent | None, today: date) -> _Ready:
    grid = held.reference.grid
    place = None
    if entry.point is not None:
        longitude, latitude = entry.point
        unit_grid = grid.locate(longitude, latitude)
        code = unit_grid.code if unit_grid is not None else "at this point"
        place = PlacePoint(unit_grid_code=code, longitude=longitude, latitude=latitude)
    said = SpecialContent(
        kind_code=entry.list,
        what=entry.what,
        address=entry.address,
        street_code=entry.street,
        community_code=entry.community,
        place=place,
        component_code=entry.component,
        found_on=entry.found,
    )
    checked = check_content(said, held.kinds, standing, grid, today)
    return _Ready(said, checked, check_unit(entry.unit, held.units) if entry.unit else None)


async def _add(tx: Transaction, entry: FileEntry, ready: _Ready, now: datetime) -> None:
    state = move_special(None, SpecialMove.FIND)
    if ready.unit is not None:
        state = move_special(state, SpecialMove.ASSIGN)
    row = SpecialEntry(
        entry_id=new_id(),
        ref=entry.ref,
        fingerprint=_mark(entry, ready.said),
        version=1,
        state=state.value,
        unit_code=ready.unit.code if ready.unit else None,
        unit_name=ready.unit.name if ready.unit else None,
        due_on=entry.due,
        entered_at=now,
        entered_by_id=None,
        entered_by="",
        **ready.checked.columns(),
    )
    await insert_new(tx.session, row)
    add_step(tx, row.entry_id, SpecialMove.FIND.value, None, {"found_on": f"{entry.found}", "ref": entry.ref}, now)
    if ready.unit is not None:
        detail = {"unit": ready.unit.name, "due_on": f"{entry.due}"}
        add_step(tx, row.entry_id, SpecialMove.ASSIGN.value, None, detail, now)


def _mark(entry: FileEntry, said: SpecialContent) -> str:
    return f"{fingerprint(said)} {entry.unit or ''} {entry.due or ''}"


def _mistakes(file: EntriesFile) -> Iterator[Misplaced]:
    refs = Counter((entry.list, entry.ref) for entry in file.entries)
    for index, entry in enumerate(file.entries):
        if refs[(entry.list, entry.ref)] > 1:
            yield ("entries", index, "ref"), f"{entry.ref} stands twice on the list {entry.list}"
        if (entry.unit is None) != (entry.due is None):
            yield ("entries", index, "due"), "a unit and the day that is due are named together"
