"""The sample's points: city components strewn over the unit grids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from shapely import Point, Polygon

from backend.grid.area import Area, Level
from backend.grid.sample.plan import ComponentPlan

_SEED = 30428


@dataclass(frozen=True, slots=True)
class SampleComponent:
    """A component: its code continues that of its district by the digits of its kind."""

    code: str
    kind: str
    longitude: float
    latitude: float


def sample_components(plans: Sequence[ComponentPlan], areas: Sequence[Area]) -> Iterator[SampleComponent]:
    """Components of every kind, somewhere in a unit grid each."""
    random = Random(_SEED)
    units = [area for area in areas if area.level is Level.UNIT_GRID]
    for plan in plans:
        for n in range(1, plan.count + 1):
            unit = random.choice(units)
            where = _somewhere(unit.shape, random)
            yield SampleComponent(f"{unit.code[:6]}{plan.code}{n:06d}", plan.kind, round(where.x, 6), round(where.y, 6))


def _somewhere(shape: Polygon, random: Random) -> Point:
    """A point between the middle and a corner; a bent block may not hold it, and gets one in its middle."""
    middle, corner = shape.representative_point(), random.choice(shape.exterior.coords)
    share = random.uniform(0.0, 0.85)
    point = Point(middle.x + share * (corner[0] - middle.x), middle.y + share * (corner[1] - middle.y))
    return point if shape.contains(point) else middle
