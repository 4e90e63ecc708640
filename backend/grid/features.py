"""The real grid as a GeoJSON FeatureCollection: areas are polygons, components points; and what can be wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from shapely import is_valid, is_valid_reason
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from backend.grid.area import Area, Attention, GridKind, Level
from backend.grid.measure import area_m2
from backend.kernel.datafile import Misplaced, Place

_ABOVE = {Level.COMMUNITY: Level.STREET, Level.BASE_GRID: Level.COMMUNITY, Level.UNIT_GRID: Level.BASE_GRID}
_DIGITS = {Level.STREET: 9, Level.COMMUNITY: 12, Level.BASE_GRID: 14, Level.UNIT_GRID: 15}
_DIVISION_DIGITS = 12
_TOLERANCE = 0.01
"""Which share of an area may lie outside the one above, or be left out by those below: surveys are not exact."""


class Properties(BaseModel):
    """What a feature is: an area of a level, or a component.

    `parent` is the code of the area above, `kind` and `attention` are those of a base grid, `pinyin` gives the
    syllables where the dictionary reads the name in another way.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    level: Level | Literal["component"]
    code: str = Field(pattern=r"^\d{9,20}$")
    name: str = Field(min_length=1, max_length=60)
    parent: str | None = None
    kind: GridKind | None = None
    attention: Attention | None = None
    pinyin: str = ""


class Geometry(BaseModel):
    """A GeoJSON geometry in longitude and latitude (WGS 84)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["Polygon", "MultiPolygon", "Point"]
    coordinates: list[Any]


class Feature(BaseModel):
    """One feature of the collection."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["Feature"]
    properties: Properties
    geometry: Geometry

    @property
    def is_area(self) -> bool:
        """Whether it is an area and not a component."""
        return self.properties.level != "component"

    def read_shape(self) -> BaseGeometry | None:
        """The geometry; None when its coordinates are none."""
        try:
            return shape(self.geometry.model_dump())
        except (ValueError, TypeError, IndexError):
            return None


def area_of(feature: Feature) -> Area:
    """The area that a feature describes."""
    said = feature.properties
    return Area(
        code=said.code,
        level=Level(said.level),
        name=said.name,
        parent=said.parent,
        shape=feature.read_shape(),
        kind=said.kind,
        attention=said.attention,
        spelling=said.pinyin,
    )


def feature_mistakes(features: Sequence[Feature]) -> Iterator[Misplaced]:
    """What is wrong with features: first each by itself, then, when all are sound, how they lie to each other."""
    alone = [mistake for n, each in enumerate(features) for mistake in _alone(("features", n), each)]
    if alone:
        yield from alone
        return
    areas = {each.properties.code: (n, area_of(each)) for n, each in enumerate(features) if each.is_area}
    for n, area in areas.values():
        above = areas.get(area.parent or "")
        for message in _below(area, above[1] if above is not None else None):
            yield ("features", n, "properties"), message
    yield from _left_out(areas)


def _alone(place: Place, feature: Feature) -> Iterator[Misplaced]:
    said, found = feature.properties, feature.read_shape()
    wanted = ("Polygon", "MultiPolygon") if feature.is_area else ("Point",)
    if found is None or found.is_empty:
        yield (*place, "geometry"), f"the coordinates of {said.code} are no {feature.geometry.type}"
    elif found.geom_type not in wanted:
        yield (*place, "geometry"), f"{said.code} cannot be a {found.geom_type}"
    elif not is_valid(found):
        yield (*place, "geometry"), f"the shape of {said.code} is not clean: {is_valid_reason(found)}"
    if isinstance(said.level, Level):
        if len(said.code) != _DIGITS[said.level]:
            yield (*place, "properties", "code"), f"the code of a {said.level} has {_DIGITS[said.level]} digits"
        if (said.level is Level.BASE_GRID) != (said.kind is not None and said.attention is not None):
            yield (*place, "properties"), f"{said.code}: a base grid, and nothing else, has a kind and an attention"


def _below(area: Area, above: Area | None) -> Iterator[str]:
    wanted = _ABOVE.get(area.level)
    if wanted is None:
        if area.parent is not None:
            yield f"{area.code} is a street and has no parent"
        return
    if above is None or above.level is not wanted:
        yield f"{area.code} must lie in a {wanted}, and {area.parent} is none of this file"
        return
    if not area.code.startswith(above.code[:_DIVISION_DIGITS]):
        yield f"the code {area.code} does not continue that of {above.name}, {above.code}"
    outside = area.shape.difference(above.shape).area / area.shape.area
    if outside > _TOLERANCE:
        yield f"{outside:.0%} of {area.code} lie outside {above.name}, {above.code}"


def _left_out(areas: Mapping[str, tuple[int, Area]]) -> Iterator[Misplaced]:
    """Areas that those below them do not cover exactly once."""
    covered: dict[str, float] = {}
    for _, area in areas.values():
        if area.parent is not None:
            covered[area.parent] = covered.get(area.parent, 0.0) + area_m2(area.shape)
    for n, area in areas.values():
        share = covered.get(area.code, 0.0) / area_m2(area.shape)
        if area.level is not Level.UNIT_GRID and abs(share - 1) > _TOLERANCE:
            yield ("features", n, "properties"), f"the areas below {area.code} cover {share:.0%} of it"
