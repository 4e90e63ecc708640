"""How addresses are read: the delivered YAML, from which a sample is generated, or a CSV file with the real ones.

The head of either is YAML. One that names a CSV file takes the addresses from there: its columns are code, address,
longitude, latitude (WGS 84) and, where the dictionary reads a road's name in another way, pinyin.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from backend.grid.address import parse_address
from backend.grid.file import GRID, GridFile
from backend.grid.grid import grid_on
from backend.grid.models import Place as PlaceRow
from backend.grid.place import PlaceEntry
from backend.grid.sample.addresses import StreetRoads, sample_addresses
from backend.grid.sample.land import District
from backend.kernel.config import ConfigurationInvalid
from backend.kernel.datafile import DataInvalid, Misplaced, Mistake, data_invalid, load_data
from backend.kernel.loading import DataHead, Dataset, Entry

_ENTRY = TypeAdapter(PlaceEntry)


class _Sample(BaseModel):
    """So many addresses along the roads of each street; `grid` is the file whose streets they lie in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grid: str
    count: int = Field(gt=0)
    streets: dict[str, StreetRoads]


class _PlaceHead(DataHead):
    csv: str = ""
    sample: _Sample | None = None

    @model_validator(mode="after")
    def _one_source(self) -> _PlaceHead:
        if bool(self.csv) == (self.sample is not None):
            raise ValueError("there must be either `csv`, the name of a file beside this one, or a `sample`")
        return self


class PlaceList(DataHead):
    """Every address of a version, given or generated."""

    places: tuple[PlaceEntry, ...]


def read_places(path: Path) -> PlaceList:
    """Read the head and what it names. Raises `DataInvalid` with the line of every mistake."""
    head = load_data(_PlaceHead, path)
    places = _read_csv(path.with_name(head.csv)) if head.sample is None else _generate(path, head.sample)
    return PlaceList(version=head.version, valid_from=head.valid_from, places=tuple(places))


def _generate(path: Path, sample: _Sample) -> Iterator[PlaceEntry]:
    grid: GridFile = load_data(GridFile, path.with_name(sample.grid), GRID.check)
    missing = sorted({*sample.streets} ^ {street.name for street in grid.streets})
    if missing or grid.sample is None:
        raise data_invalid(path, [(("sample", "streets"), f"these must be the streets of {sample.grid}: {missing}")])
    return sample_addresses(District(grid.sample, grid.streets), sample.streets, sample.count)


def _read_csv(path: Path) -> Iterator[PlaceEntry]:
    mistakes: list[Mistake] = []
    found: list[PlaceEntry] = []
    try:
        lines = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(
            f"{path} cannot be read: {error}.", next_step="Put the file there, in UTF-8, or name another."
        ) from error
    for row in lines:
        try:
            found.append(_ENTRY.validate_python(row))
        except ValidationError as error:
            mistakes += [Mistake(lines.line_num, str(each["loc"][0]), each["msg"]) for each in error.errors()]
    codes = Counter(each.code for each in found)
    mistakes += [Mistake(1, "code", f"the code {code} stands {n} times") for code, n in codes.items() if n > 1]
    if mistakes:
        raise DataInvalid(path, mistakes)
    return iter(found)


def _entries(content: PlaceList) -> Iterator[Entry]:
    for n, each in enumerate(content.places):
        address = parse_address(each.address)
        values = {
            "code": each.code,
            "address": each.address,
            "road": address.road,
            "name": address.name,
            "number": address.number,
            "mark": address.mark,
            "suffix": address.suffix,
            "unit": address.unit,
            "longitude": each.longitude,
            "latitude": each.latitude,
            "spelling": each.pinyin,
        }
        yield Entry(("places", n), values)


async def _outside(session: AsyncSession, content: PlaceList) -> Iterable[Misplaced]:
    grid = await grid_on(session, content.valid_from)
    where = grid.locate_all([(each.longitude, each.latitude) for each in content.places])
    return [
        (("places", n), f"{each.code} {each.address} lies outside the district's grid")
        for n, (each, unit) in enumerate(zip(content.places, where, strict=True))
        if unit is None
    ]


PLACES = Dataset(name="places", model=PlaceList, tables={PlaceRow: _entries}, read=read_places, refer=_outside)
