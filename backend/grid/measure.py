"""Metres and degrees. A district is small enough to be measured on a plane: over 15 km the error stays below 0.1 %."""

from __future__ import annotations

from math import cos, hypot, radians

from shapely import Polygon


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """The length of a degree of longitude and of latitude there, in metres (WGS 84)."""
    phi = radians(latitude)
    east = 111_412.84 * cos(phi) - 93.5 * cos(3 * phi) + 0.118 * cos(5 * phi)
    north = 111_132.954 - 559.822 * cos(2 * phi) + 1.175 * cos(4 * phi)
    return east, north


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """How far two points of a district lie apart, given as longitude and latitude; the way there is as long as back."""
    east, north = metres_per_degree((one[1] + other[1]) / 2)
    return hypot((one[0] - other[0]) * east, (one[1] - other[1]) * north)


def area_m2(shape: Polygon) -> float:
    """The area of a shape in longitude and latitude, in square metres."""
    east, north = metres_per_degree(shape.centroid.y)
    return float(shape.area) * east * north
