"""The real grid from a GeoJSON file: taken as it is, or refused with every mistake named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backend.grid.area import Attention, GridKind, Level
from backend.grid.file import GRID, GridFile
from backend.grid.grid import Grid
from backend.grid.models import Component
from backend.kernel.config import ConfigurationInvalid
from backend.kernel.datafile import load_data

STREET, COMMUNITY, BASE = "110101001", "110101001001", "11010100100101"


def box(west: float, east: float) -> dict[str, Any]:
    ring = [[west, 39.0], [east, 39.0], [east, 39.001], [west, 39.001], [west, 39.0]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(level: str, code: str, geometry: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"level": level, "code": code, "name": code, **more}, "geometry": geometry}


def whole() -> list[dict[str, Any]]:
    """One street of one community and one base grid with two unit grids, and a lamp post."""
    lamp = {"type": "Point", "coordinates": [116.0001, 39.0005]}
    return [
        feature("street", STREET, box(116.0, 116.002)),
        feature("community", COMMUNITY, box(116.0, 116.002), parent=STREET),
        feature("base_grid", BASE, box(116.0, 116.002), parent=COMMUNITY, kind="residential", attention="routine"),
        feature("unit_grid", "110101001001001", box(116.0, 116.001), parent=BASE),
        feature("unit_grid", "110101001001002", box(116.001, 116.002), parent=BASE),
        feature("component", "1101010108000001", lamp),
    ]


def read(tmp_path: Path, features: list[dict[str, Any]]) -> GridFile:
    file = tmp_path / "district.geojson"
    head = {"type": "FeatureCollection", "version": "1", "valid_from": "2026-12-01", "crs": {"type": "name"}}
    file.write_text(json.dumps({**head, "features": features}), encoding="utf-8")
    return load_data(GridFile, file, GRID.check)


def test_areas_and_components_are_taken_as_they_are_given(tmp_path: Path) -> None:
    file = read(tmp_path, whole())
    grid = Grid(file.areas)
    assert [area.level for area in file.areas] == [*Level, Level.UNIT_GRID]
    base = grid.base_grid(BASE)
    assert base is not None
    assert (base.kind, base.attention) == (GridKind.RESIDENTIAL, Attention.ROUTINE)
    unit = grid.locate(116.0015, 39.0005)
    assert unit is not None
    assert unit.code == "110101001001002"
    assert [entry.values["code"] for entry in GRID.tables[Component](file)] == ["1101010108000001"]


def without(n: int) -> list[dict[str, Any]]:
    features = whole()
    del features[n]
    return features


def with_other(n: int, **changes: Any) -> list[dict[str, Any]]:
    features = whole()
    geometry = changes.pop("geometry", features[n]["geometry"])
    features[n] = {**features[n], "properties": {**features[n]["properties"], **changes}, "geometry": geometry}
    return features


BOW_TIE = {"type": "Polygon", "coordinates": [[[116.0, 39.0], [116.002, 39.001], [116.002, 39.0], [116.0, 39.001]]]}


@pytest.mark.parametrize(
    ("features", "told"),
    [
        (without(4), f"the areas below {BASE} cover 50% of it"),
        (without(1), f"must lie in a community, and {COMMUNITY} is none"),
        (with_other(4, geometry=box(116.0015, 116.0025)), "50% of 110101001001002 lie outside"),
        (with_other(4, code="110101001001001"), "the code 110101001001001 stands twice"),
        (with_other(4, code="110101002001002"), "does not continue that of"),
        (with_other(1, code="1101010010"), "the code of a community has 12 digits"),
        (with_other(2, kind=None), "a base grid, and nothing else, has a kind"),
        (with_other(0, kind="crowded", attention="routine"), "a base grid, and nothing else, has a kind"),
        (with_other(0, parent=COMMUNITY), "is a street and has no parent"),
        (with_other(5, geometry=box(116.0, 116.001)), "cannot be a Polygon"),
        (with_other(3, geometry={"type": "Polygon", "coordinates": [["nonsense"]]}), "are no Polygon"),
        (with_other(3, geometry=BOW_TIE), "is not clean"),
    ],
)
def test_what_does_not_fit_together_is_refused_and_named(
    tmp_path: Path, features: list[dict[str, Any]], told: str
) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        read(tmp_path, features)
    assert told in caught.value.message


def test_what_is_no_json_is_told(tmp_path: Path) -> None:
    file = tmp_path / "district.geojson"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match="not valid JSON"):
        load_data(GridFile, file, GRID.check)
