"""The areas of a level as a GeoJSON FeatureCollection, for a map that needs no tiles."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

from shapely import set_precision, to_geojson

from backend.grid.area import Area, Level
from backend.grid.grid import Grid

DrawnLevel = Literal[Level.STREET, Level.COMMUNITY, Level.UNIT_GRID]
"""The levels of which there is a map."""

_PRECISION = 1e-6
"""Degrees: a tenth of a metre, which is finer than any screen."""
_DIGITS = 6


def shapes_of(grid: Grid, level: DrawnLevel, street: str) -> str:
    """The areas of a level, of one street or, with "", of all; each with its code, its name and where its middle is."""
    return json.dumps(
        {"type": "FeatureCollection", "features": [_feature(area) for area in _areas(grid, level, street)]},
        ensure_ascii=False,
    )


def _areas(grid: Grid, level: DrawnLevel, street: str) -> Iterable[Area]:
    of_level = {Level.STREET: grid.streets, Level.COMMUNITY: grid.communities, Level.UNIT_GRID: grid.unit_grids}
    return (area for area in of_level[level] if not street or area.code.startswith(street))


def _feature(area: Area) -> dict[str, object]:
    middle = area.shape.representative_point()
    return {
        "type": "Feature",
        "properties": {
            "code": area.code,
            "name": area.name,
            "cp": [round(middle.x, _DIGITS), round(middle.y, _DIGITS)],
        },
        "geometry": json.loads(to_geojson(set_precision(area.shape, _PRECISION))),
    }
