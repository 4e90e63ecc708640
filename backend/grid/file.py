"""How a file of the grid reads: the delivered YAML, whose shapes are generated, or GeoJSON with the real ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal

from shapely import to_geojson

from backend.grid.area import Area
from backend.grid.features import Feature, area_of, feature_mistakes
from backend.grid.measure import area_m2
from backend.grid.models import Component, GridArea
from backend.grid.sample.land import District
from backend.grid.sample.plan import SamplePlan
from backend.grid.sample.points import sample_components
from backend.grid.sample.shapes import sample_areas
from backend.grid.sample.streets import Street
from backend.kernel.datafile import Misplaced, Place
from backend.kernel.loading import DataHead, Dataset, Entry


class GridFile(DataHead):
    """Either `streets` with the `sample` that their shapes are generated from, or the `features` of a GeoJSON
    FeatureCollection, whose further members (crs, name) say nothing here."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    name: str = ""
    crs: Any = None
    streets: tuple[Street, ...] = ()
    sample: SamplePlan | None = None
    features: tuple[Feature, ...] = ()

    @cached_property
    def areas(self) -> list[Area]:
        """Every area, given or generated."""
        if self.sample is None:
            return [area_of(feature) for feature in self.features if feature.is_area]
        return sample_areas(District(self.sample, self.streets))


def _areas(file: GridFile) -> Iterator[Entry]:
    listed = [n for n, feature in enumerate(file.features) if feature.is_area]
    for n, area in enumerate(file.areas):
        values = {
            "code": area.code,
            "level": area.level.value,
            "name": area.name,
            "parent_code": area.parent,
            "kind": area.kind.value if area.kind else None,
            "attention": area.attention.value if area.attention else None,
            "area_m2": round(area_m2(area.shape), 1),
            "shape": to_geojson(area.shape),
            "spelling": area.spelling,
        }
        yield Entry(("features", listed[n]) if listed else ("sample",), values)


def _components(file: GridFile) -> Iterator[Entry]:
    if file.sample is not None:
        for each in sample_components(file.sample.components, file.areas):
            yield _component(("sample",), each.code, each.kind, each.longitude, each.latitude)
    for n, feature in enumerate(file.features):
        if not feature.is_area:
            longitude, latitude = feature.geometry.coordinates[:2]
            yield _component(("features", n), feature.properties.code, feature.properties.name, longitude, latitude)


def _component(place: Place, code: str, kind: str, longitude: float, latitude: float) -> Entry:
    return Entry(place, {"code": code, "name": kind, "longitude": longitude, "latitude": latitude})


def _mistakes(file: GridFile) -> Iterator[Misplaced]:
    if bool(file.features) == (file.sample is not None):
        yield (), "there must be either `features`, or `streets` with a `sample` to generate their shapes from"
        return
    codes = Counter(feature.properties.code for feature in file.features)
    for n, feature in enumerate(file.features):
        if codes[feature.properties.code] > 1:
            place = ("features", n, "properties", "code")
            yield place, f"the code {feature.properties.code} stands twice"
    yield from feature_mistakes(file.features)
    yield from _street_mistakes(file)


def _street_mistakes(file: GridFile) -> Iterator[Misplaced]:
    codes = Counter(street.code for street in file.streets)
    codes.update(each.code for street in file.streets for each in street.communities)
    names = Counter(street.name for street in file.streets)
    for index, street in enumerate(file.streets):
        place: Place = ("streets", index)
        if codes[street.code] > 1:
            yield (*place, "code"), f"the code {street.code} stands twice"
        if names[street.name] > 1:
            yield (*place, "name"), f"the name {street.name} stands twice"
        inside = Counter(each.name for each in street.communities)
        for position, each in enumerate(street.communities):
            where: Place = (*place, "communities", position)
            if codes[each.code] > 1:
                yield (*where, "code"), f"the code {each.code} stands twice"
            if inside[each.name] > 1:
                yield (*where, "name"), f"the name {each.name} stands twice in {street.name}"
            if not each.code.startswith(street.code):
                yield (*where, "code"), f"the code {each.code} does not begin with that of its street, {street.code}"
    if file.sample is not None:
        yield from _plan_mistakes(file.sample, names)


def _plan_mistakes(plan: SamplePlan, names: Counter[str]) -> Iterator[Misplaced]:
    planned = Counter(each.street for each in plan.streets)
    for name in sorted({*planned, *names}):
        if planned[name] != 1 or not names[name]:
            yield ("sample", "rows"), f"{name} must be a street of this file and stand once in the rows"


GRID = Dataset(name="grid", model=GridFile, tables={GridArea: _areas, Component: _components}, check=_mistakes)
