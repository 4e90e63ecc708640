"""Cutting land: whatever the shape, the parts are whole, do not overlap and add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPoint, Polygon, union_all

from backend.grid.sample.cutting import cut_in_blocks, cut_in_row
from backend.grid.sample.land import apportion

coordinates = st.integers(-2000, 2000).map(float)
lands = (
    st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=9)
    .map(lambda points: MultiPoint(points).convex_hull)
    .filter(lambda hull: isinstance(hull, Polygon) and hull.area > 1e5 and min(_sides(hull)) > 200)
)
shares = st.lists(st.floats(0.5, 2.0), min_size=1, max_size=12)


def _sides(land: Polygon) -> tuple[float, float]:
    west, south, east, north = land.bounds
    return east - west, north - south


@given(lands, shares)
def test_blocks_have_their_shares_of_the_land(land: Polygon, wanted: list[float]) -> None:
    blocks = cut_in_blocks(land, wanted)
    assert len(blocks) == len(wanted)
    assert sum(block.area for block in blocks) == pytest.approx(land.area)
    assert union_all(blocks).area == pytest.approx(land.area)
    for block, share in zip(blocks, wanted, strict=True):
        # lines lie on whole decimetres
        assert block.area == pytest.approx(land.area * share / sum(wanted), abs=0.02 * land.area + 400)


@given(lands, shares, st.sampled_from(["south", "east"]))
def test_a_row_goes_on_in_its_direction(land: Polygon, wanted: list[float], direction: str) -> None:
    parts = cut_in_row(land, wanted, direction)  # type: ignore[arg-type]
    assert sum(part.area for part in parts) == pytest.approx(land.area)
    where = [part.centroid.x if direction == "east" else -part.centroid.y for part in parts]
    assert where == sorted(where)


@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=50), st.integers(0, 5000), st.integers(0, 3))
def test_apportioned_parts_add_up(weights: list[float], spare: int, least: int) -> None:
    total = least * len(weights) + spare
    parts = apportion(total, weights, least)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert part >= least
        assert abs(part - least - spare * weight / sum(weights)) < 1 + 1e-6
