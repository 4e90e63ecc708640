"""The district's space in memory: streets, communities, base grids and unit grids as they stand on one day.

Immutable, so that a request may hold on to the one it began with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property

from shapely import Point, STRtree, box, from_geojson, points
from sqlalchemy.ext.asyncio import AsyncSession

from backend.grid import schemas
from backend.grid.area import Area, Attention, GridKind, Level
from backend.grid.measure import metres_per_degree
from backend.grid.models import GridArea
from backend.kernel.pinyin import spell
from backend.kernel.versions import InForce, in_force

_STREET_DIGITS, _COMMUNITY_DIGITS = 9, 12


class Grid:
    """The areas in force, found by their codes and by a point."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self._areas = {area.code: area for area in areas}
        self.streets = self._of(Level.STREET)
        self.communities = self._of(Level.COMMUNITY)
        self.unit_grids = self._of(Level.UNIT_GRID)

    def _of(self, level: Level) -> tuple[Area, ...]:
        return tuple(area for area in self._areas.values() if area.level is level)

    def street(self, code: str) -> Area | None:
        """The street of this code."""
        return self._area(code, Level.STREET)

    def community(self, code: str) -> Area | None:
        """The community of this code."""
        return self._area(code, Level.COMMUNITY)

    def base_grid(self, code: str) -> Area | None:
        """The base grid of this code."""
        return self._area(code, Level.BASE_GRID)

    def unit_grid(self, code: str) -> Area | None:
        """The unit grid of this code."""
        return self._area(code, Level.UNIT_GRID)

    def street_of(self, code: str) -> Area | None:
        """The street that a community or a grid belongs to."""
        return self.street(code[:_STREET_DIGITS]) if code in self._areas else None

    def community_of(self, code: str) -> Area | None:
        """The community that a grid belongs to."""
        return self.community(code[:_COMMUNITY_DIGITS]) if code in self._areas else None

    def above(self, unit: Area) -> tuple[Area, Area, Area]:
        """The base grid, the community and the street of a unit grid."""
        base = self._areas[str(unit.parent)]
        community = self._areas[str(base.parent)]
        return base, community, self._areas[str(community.parent)]

    def locate(self, longitude: float, latitude: float) -> Area | None:
        """The unit grid in which a point lies; on a border, the one with the smaller code."""
        return min(self.all_at(longitude, latitude), key=lambda unit: unit.code, default=None)

    def all_at(self, longitude: float, latitude: float) -> list[Area]:
        """The unit grid in which a point lies; on a border, all that meet there."""
        found = self._tree.query(Point(longitude, latitude), predicate="intersects")
        return [self.unit_grids[unit] for unit in found.tolist()]

    def near(self, longitude: float, latitude: float, metres: float) -> list[Area]:
        """The unit grids that a square around a point touches, so many metres to each side."""
        east, north = metres_per_degree(latitude)
        wide, high = metres / east, metres / north
        square = box(longitude - wide, latitude - high, longitude + wide, latitude + high)
        return [self.unit_grids[unit] for unit in self._tree.query(square, predicate="intersects").tolist()]

    def locate_all(self, where: Sequence[tuple[float, float]]) -> list[Area | None]:
        """The unit grid of each of these points; None outside the district."""
        found: list[Area | None] = [None] * len(where)
        if where:
            asked, units = self._tree.query(points(where), predicate="intersects")
            for n, unit in sorted(zip(asked.tolist(), units.tolist(), strict=True), reverse=True):
                found[n] = self.unit_grids[unit]
        return found

    def as_options(self) -> list[schemas.Street]:
        """Streets and communities as the case form offers them, with their spelling."""
        below: dict[str, list[schemas.Community]] = {street.code: [] for street in self.streets}
        for each in self.communities:
            below[str(each.parent)].append(schemas.Community(code=each.code, name=each.name, **_spelling(each)))
        return [
            schemas.Street(code=street.code, name=street.name, communities=below[street.code], **_spelling(street))
            for street in self.streets
        ]

    def _area(self, code: str, level: Level) -> Area | None:
        found = self._areas.get(code)
        return found if found is not None and found.level is level else None

    @cached_property
    def _tree(self) -> STRtree:
        return STRtree([unit.shape for unit in self.unit_grids])


def _spelling(area: Area) -> dict[str, str]:
    return spell(area.name, area.spelling)._asdict()


async def grid_on(session: AsyncSession, day: date) -> Grid:
    """The grid that was in force on a day."""
    rows = (await session.execute(in_force(GridArea, day))).scalars().all()
    return await asyncio.to_thread(_grid, rows)


def grid_in_force() -> InForce[Grid]:
    """The grid of today, read anew when it changes."""
    return InForce("grid", grid_on)


def _grid(rows: Sequence[GridArea]) -> Grid:
    shapes = from_geojson([row.shape for row in rows])
    return Grid(
        Area(
            code=row.code,
            level=Level(row.level),
            name=row.name,
            parent=row.parent_code,
            shape=shape,
            kind=GridKind(row.kind) if row.kind else None,
            attention=Attention(row.attention) if row.attention else None,
            spelling=row.spelling,
        )
        for row, shape in zip(rows, shapes, strict=True)
    )
