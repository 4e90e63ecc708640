"""Cutting a piece of land into parts of given shares by straight lines along the compass, as the old city is laid out.

Lines along the axes keep their coordinate exactly, also after the change from metres to degrees, so that neighbours
touch without gap or overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shapely import MultiPolygon, Polygon, clip_by_rect
from shapely.geometry.base import BaseGeometry

Direction = Literal["south", "east"]
"""In which direction the parts follow each other."""

_BEYOND = 1e7


class Uncuttable(ValueError):
    """The land is of such a shape that a straight cut would leave a part in pieces."""


def cut_in_row(land: Polygon, shares: Sequence[float], direction: Direction) -> list[Polygon]:
    """Parts of these shares (they need not add up to 1), one after the other in the direction given."""
    parts = []
    for n in range(len(shares) - 1):
        first, land = _cut(land, shares[n] / sum(shares[n:]), direction)
        parts.append(first)
    return [*parts, land]


def cut_in_blocks(land: Polygon, shares: Sequence[float]) -> list[Polygon]:
    """Parts of these shares, as square as straight cuts allow: halved across the longer side, again and again."""
    if len(shares) == 1:
        return [land]
    half = len(shares) // 2
    share = sum(shares[:half]) / sum(shares)
    west, south, east, north = land.bounds
    longer: tuple[Direction, Direction] = ("east", "south") if east - west > north - south else ("south", "east")
    for direction in longer:
        try:
            first, rest = _cut(land, share, direction)
            return [*cut_in_blocks(first, shares[:half]), *cut_in_blocks(rest, shares[half:])]
        except Uncuttable:
            continue
    raise Uncuttable("neither direction leaves whole parts")


def _cut(land: Polygon, share: float, direction: Direction) -> tuple[Polygon, Polygon]:
    """The part that comes first in the direction, and the rest; the line is found by halving, to the millimetre."""
    west, south, east, north = land.bounds
    low, high = (west, east) if direction == "east" else (south, north)
    # the first part lies west of the line, or north of it
    wanted = land.area * (share if direction == "east" else 1 - share)
    while high - low > 0.001:
        middle = (low + high) / 2
        if _below(land, middle, direction).area < wanted:
            low = middle
        else:
            high = middle
    line = round(low, 1)
    below, above = _below(land, line, direction), _above(land, line, direction)
    for part in (below, above):
        if isinstance(part, MultiPolygon) or not isinstance(part, Polygon) or part.is_empty:
            raise Uncuttable(f"a line at {line:.1f} leaves pieces")
    return (below, above) if direction == "east" else (above, below)


def _below(land: Polygon, line: float, direction: Direction) -> BaseGeometry:
    limits = (line, _BEYOND) if direction == "east" else (_BEYOND, line)
    return clip_by_rect(land, -_BEYOND, -_BEYOND, *limits)


def _above(land: Polygon, line: float, direction: Direction) -> BaseGeometry:
    limits = (line, -_BEYOND) if direction == "east" else (-_BEYOND, line)
    return clip_by_rect(land, *limits, _BEYOND, _BEYOND)
