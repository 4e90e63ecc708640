"""City components 部件 as a case form offers them: by kind or code, the nearest first.

Kinds are few and are kept in memory with their spelling; the components themselves are looked up in the database, those
around a point or in an area. In which grid one stands follows from its point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.grid.area import Area
from backend.grid.grid import Grid
from backend.grid.measure import metres_between, metres_per_degree
from backend.grid.schemas import ComponentOffer
from backend.grid.views import location
from backend.kernel.grams import escaped_like
from backend.kernel.pinyin import Spelling, spell
from backend.kernel.versions import InForce

OFFERED = 8
_AROUND_METRES = 300
_LOOKED_AT = 400
"""A box around an area holds some that stand outside of it: so many are looked at to offer a few."""
_LEAST_OF_CODE = 3

_HELD = "valid_from <= :day AND (valid_to IS NULL OR valid_to > :day)"
_KINDS = text(f"SELECT DISTINCT name FROM components WHERE {_HELD} ORDER BY name")  # noqa: S608 - of constants only
_ONE = text(f"SELECT code, name, longitude, latitude FROM components WHERE code = :code AND {_HELD}")  # noqa: S608
_IN_BOX = (
    "latitude BETWEEN CAST(:south AS double precision) AND CAST(:north AS double precision)"
    " AND longitude BETWEEN CAST(:west AS double precision) AND CAST(:east AS double precision)"
)
_NEAREST = text(
    "SELECT code, name, longitude, latitude FROM components"  # noqa: S608
    f" WHERE {_HELD} AND (code = :code OR ({_IN_BOX}"
    " AND (CAST(:anything AS boolean) OR name = ANY(CAST(:names AS varchar[])) OR code LIKE :part)))"
    " ORDER BY code <> :code, ((longitude - CAST(:x AS double precision)) * CAST(:wide AS double precision)) ^ 2"
    " + ((latitude - CAST(:y AS double precision)) * CAST(:high AS double precision)) ^ 2, code LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class StandingComponent:
    """A component in force: what it is, and where it stands."""

    code: str
    name: str
    longitude: float
    latitude: float


class ComponentKinds:
    """The kinds of components in force, found by a word, by pinyin or by initials."""

    def __init__(self, names: Iterable[str]) -> None:
        self._kinds = [(name, spell(name)) for name in names]

    def meant_by(self, typed: str) -> list[str]:
        """The kinds that may be meant by what was typed."""
        said = typed.strip().lower()
        return [name for name, spelling in self._kinds if said and _means(said, name, spelling)]


class Around(NamedTuple):
    """Where components are looked for: around a point, or in the area of the lowest level that is known."""

    street: Area | None
    community: Area | None
    point: tuple[float, float] | None


def standing_in(component: StandingComponent, street: str, community: str | None, grid: Grid) -> Area | None:
    """The unit grid of this street, and of this community if one is known, in which a component stands.

    None when it stands elsewhere; on a border it stands in each of the grids that meet there.
    """
    for unit in sorted(grid.all_at(component.longitude, component.latitude), key=lambda each: each.code):
        of = grid.community_of(unit.code)
        if of is not None and of.parent == street and community in (None, of.code):
            return unit
    return None


async def component_on(session: AsyncSession, code: str | None, day: date) -> StandingComponent | None:
    """The component that had this code on a day; none for no code."""
    if not code:
        return None
    row = (await session.execute(_ONE, {"code": code, "day": day})).mappings().first()
    return StandingComponent(**row) if row is not None else None


async def find_components(
    session: AsyncSession, kinds: ComponentKinds, grid: Grid, typed: str, around: Around, day: date
) -> list[ComponentOffer]:
    """The components that may be meant, the nearest first; one whose whole code was typed comes before all others.

    With nothing typed these are the nearest of any kind. Where neither a point nor an area is known, only a code finds.
    """
    asked = _asked(kinds, typed.strip(), around, grid, day)
    rows = (await session.execute(_NEAREST, asked)).mappings().all()
    return _offers(rows, typed.strip(), around, grid)


async def component_kinds_on(session: AsyncSession, day: date) -> ComponentKinds:
    """The kinds that had components on a day."""
    return ComponentKinds((await session.execute(_KINDS, {"day": day})).scalars())


def component_kinds_in_force() -> InForce[ComponentKinds]:
    """The kinds of today, read anew when the grid changes."""
    return InForce("grid", component_kinds_on)


def _means(said: str, name: str, spelling: Spelling) -> bool:
    return said in name or said in spelling.pinyin or spelling.initials.startswith(said)


def _asked(kinds: ComponentKinds, typed: str, around: Around, grid: Grid, day: date) -> dict[str, Any]:
    west, south, east, north = _box(around, grid)
    x, y = around.point or ((west + east) / 2, (south + north) / 2)
    wide, high = metres_per_degree(y)
    area_known = around.point is not None or around.street is not None
    part = typed if typed.isascii() and len(typed) >= _LEAST_OF_CODE else ""
    return {
        "day": day,
        "code": typed,
        "anything": not typed and area_known,
        "names": kinds.meant_by(typed) if area_known else [],
        # no code is empty, so this is like none
        "part": f"%{escaped_like(part.upper())}%" if part else "",
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "x": x,
        "y": y,
        "wide": wide,
        "high": high,
        "most": _LOOKED_AT,
    }


def _box(around: Around, grid: Grid) -> tuple[float, float, float, float]:
    """West, south, east and north of where components are looked for."""
    if around.point is not None:
        longitude, latitude = around.point
        east, north = metres_per_degree(latitude)
        wide, high = _AROUND_METRES / east, _AROUND_METRES / north
        return longitude - wide, latitude - high, longitude + wide, latitude + high
    area = around.community or around.street
    shapes = [area.shape] if area is not None else [street.shape for street in grid.streets]
    bounds = [shape.bounds for shape in shapes]
    return min(b[0] for b in bounds), min(b[1] for b in bounds), max(b[2] for b in bounds), max(b[3] for b in bounds)


def _offers(rows: Sequence[RowMapping], typed: str, around: Around, grid: Grid) -> list[ComponentOffer]:
    found: list[ComponentOffer] = []
    units = grid.locate_all([(row["longitude"], row["latitude"]) for row in rows])
    for row, unit in zip(rows, units, strict=True):
        if unit is None:
            continue
        where = location(grid, unit)
        inside = around.community is None or (
            where.community is not None and where.community.code == around.community.code
        )
        inside = inside and (around.street is None or where.street.code == around.street.code)
        if not inside and row["code"] != typed:
            continue
        point = (row["longitude"], row["latitude"])
        metres = round(metres_between(around.point, point)) if around.point is not None else None
        found.append(ComponentOffer(**row, metres=metres, location=where))
        if len(found) == OFFERED:
            break
    return found
