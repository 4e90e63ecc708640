"""The land of the sample in metres: the district, its streets and their communities, before it is cut into grids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon, transform
from shapely.affinity import scale

from backend.grid.measure import metres_per_degree
from backend.grid.sample.cutting import cut_in_blocks, cut_in_row
from backend.grid.sample.plan import SamplePlan
from backend.grid.sample.streets import Community, Street

UNEVEN = (0.7, 1.4)
"""How much smaller or larger than the average a part may be cut."""
_SEED = 96010


@dataclass(frozen=True, slots=True)
class Lot:
    """The land of a community, in metres, and into how many grids it is to be cut."""

    street: Street
    community: Community
    land: Polygon
    base_grids: int
    unit_grids: int


@dataclass(frozen=True)
class District:
    """The plan and the streets that it divides the district among."""

    plan: SamplePlan
    streets: Sequence[Street]

    @cached_property
    def middle(self) -> NDArray[np.float64]:
        """Where the metres are counted from, in degrees."""
        centre = Polygon(self.plan.outline).centroid
        return np.array([centre.x, centre.y])

    @cached_property
    def degree(self) -> NDArray[np.float64]:
        """The metres in a degree of longitude and of latitude."""
        return np.array(metres_per_degree(self.middle[1]))

    def to_degrees(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seven digits: a centimetre. A line along an axis stays one, because all its points are rounded alike."""
        return np.round(points / self.degree + self.middle, 7)

    def streets_land(self) -> dict[str, Polygon]:
        """The land of each street, by its name."""
        outline = transform(Polygon(self.plan.outline), lambda points: (points - self.middle) * self.degree)
        factor = (self.plan.area_km2 * 1e6 / outline.area) ** 0.5
        rows = self.plan.columns
        sizes = [[sum(each.area for each in column) for column in row] for row in rows]
        lands = cut_in_row(scale(outline, factor, factor, origin=(0, 0)), [sum(each) for each in sizes], "south")
        found: dict[str, Polygon] = {}
        for row, columns, land in zip(rows, sizes, lands, strict=True):
            for column, part in zip(row, cut_in_row(land, columns, "east"), strict=True):
                parts = cut_in_row(part, [each.area for each in column], "south")
                found.update(zip((each.street for each in column), parts, strict=True))
        return found

    def lots(self) -> Iterator[Lot]:
        """The land of every community, street by street. Grids go to streets by area, in a street to communities."""
        lands = self.streets_land()
        shares = {each.street: each.area for each in self.plan.streets}
        areas = [shares[street.name] for street in self.streets]
        bases = apportion(self.plan.base_grids, areas)
        units = apportion(self.plan.unit_grids, areas)
        for street, base_count, unit_count in zip(self.streets, bases, units, strict=True):
            random = Random(_SEED + int(street.code))
            sizes = [random.uniform(*UNEVEN) for _ in street.communities]
            bases_of = apportion(base_count, sizes)
            # by the base grids, so that none is left without a unit grid
            units_of = apportion(unit_count, bases_of, least=max(bases_of))
            blocks = cut_in_blocks(lands[street.name], units_of)
            for each, land, b, u in zip(street.communities, blocks, bases_of, units_of, strict=True):
                yield Lot(street, each, land, b, u)


def apportion(total: int, weights: Sequence[float], least: int = 1) -> list[int]:
    """Whole numbers that add up to `total`, in proportion to their weights, but at least `least` each."""
    spare = total - least * len(weights)
    exact = [spare * weight / sum(weights) for weight in weights]
    parts = [int(each) for each in exact]
    by_rest = sorted(range(len(weights)), key=lambda n: (parts[n] - exact[n], n))
    for n in by_rest[: spare - sum(parts)]:
        parts[n] += 1
    return [least + part for part in parts]
