"""The sample's addresses: buildings numbered along the roads, hutongs and residential areas of each street."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice, takewhile
from random import Random

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from shapely import LineString, Point, Polygon, contains_xy, get_coordinates, line_interpolate_point

from backend.grid.place import PlaceEntry
from backend.grid.sample.land import District, Lot, apportion

_SEED = 13028
_OFF_THE_MIDDLE_M = 8.0
_BETWEEN_BUILDINGS_M = 35.0
_DOORS = 4


class RoadName(BaseModel):
    """A name with the reading that the dictionary does not give, syllable by syllable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=2)
    pinyin: str = ""


class StreetRoads(BaseModel):
    """The names of one street, by what they name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roads: tuple[str | RoadName, ...] = ()
    hutongs: tuple[str | RoadName, ...] = ()
    estates: tuple[str | RoadName, ...] = ()


def sample_addresses(district: District, names: Mapping[str, StreetRoads], places: int) -> Iterator[PlaceEntry]:
    """Exactly so many addresses, street by street; each name has about as many as any other."""
    lots: dict[str, list[Lot]] = {}
    for lot in district.lots():
        lots.setdefault(lot.street.name, []).append(lot)
    lands = district.streets_land()
    counts = iter(apportion(places, [1] * sum(len(_listed(each)) for each in names.values())))
    random = Random(_SEED)
    for street, listed in names.items():
        code = int(lots[street][0].street.code) * 100_000
        number = count(code + 1)
        for kind, road in _listed(listed):
            named = RoadName(name=road) if isinstance(road, str) else road
            lot = _lot_of(named.name, lots[street], random)
            buildings = list(islice(_buildings(kind), next(counts)))
            land = lands[street] if kind == "roads" else lot.land
            lie = (
                _in_blocks(land, len(buildings), random)
                if kind == "estates"
                else _along(land, lot, len(buildings), random)
            )
            for building, (longitude, latitude) in zip(buildings, district.to_degrees(lie).tolist(), strict=True):
                yield PlaceEntry(
                    str(next(number)), f"{named.name}{building}", round(longitude, 6), round(latitude, 6), named.pinyin
                )


def _listed(names: StreetRoads) -> list[tuple[str, str | RoadName]]:
    return [(kind, each) for kind in ("roads", "hutongs", "estates") for each in getattr(names, kind)]


def _lot_of(name: str, lots: Sequence[Lot], random: Random) -> Lot:
    """The community that is called as the road is, else any."""
    alike = max(lots, key=lambda lot: _begin_alike(lot.community.name, name))
    return alike if _begin_alike(alike.community.name, name) >= 2 else random.choice(lots)


def _begin_alike(one: str, other: str) -> int:
    """With how many equal characters both begin."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def _buildings(kind: str) -> Iterator[str]:
    """The numbers of a name, without end: 1号, 2号, 2号院 ... of a road, 1号楼, 1号楼1单元 ... of an estate."""
    for number in count(1):
        if kind == "estates":
            yield f"{number}号楼"
            yield from (f"{number}号楼{door}单元" for door in range(1, _DOORS + 1))
            continue
        yield f"{number}号"
        if number % 2 == 0:
            yield f"{number}号院"
        if kind == "roads" and number % 4 == 2:
            yield f"{number}号楼"
        if number % 15 == 0:
            yield f"甲{number}号"


def _along(land: Polygon, lot: Lot, places: int, random: Random) -> NDArray[np.float64]:
    """Along a line through the community from border to border, one after the other, alternately on both sides."""
    west, south, east, north = land.bounds
    middle = _somewhere(lot.land, random)
    to_the_east = random.random() < 0.5
    ends = [(west, middle.y), (east, middle.y)] if to_the_east else [(middle.x, south), (middle.x, north)]
    within = land.intersection(LineString(ends))
    line = min(getattr(within, "geoms", [within]), key=middle.distance)
    on_line = get_coordinates(line_interpolate_point(line, (np.arange(places) + 0.5) / places, normalized=True))
    side = np.array([0.0, _OFF_THE_MIDDLE_M] if to_the_east else [_OFF_THE_MIDDLE_M, 0.0])
    beside = on_line + np.where(np.arange(places) % 2, 1, -1)[:, None] * side
    chosen: NDArray[np.float64] = np.where(contains_xy(land, beside)[:, None], beside, on_line)
    return chosen


def _in_blocks(land: Polygon, places: int, random: Random) -> NDArray[np.float64]:
    """In rows around a point of the community; the doors of a building lie where it lies."""
    middle = np.array(_somewhere(land, random).coords[0])
    buildings = -(-places // (_DOORS + 1))
    side = int(np.ceil(np.sqrt(buildings)))
    offset = (np.stack(np.divmod(np.arange(buildings), side), axis=1) - side / 2) * _BETWEEN_BUILDINGS_M
    while not (inside := contains_xy(land, middle + offset)).all():
        offset[~inside] /= 2
    return np.repeat(middle + offset, _DOORS + 1, axis=0)[:places]


def _somewhere(land: Polygon, random: Random) -> Point:
    """A point well inside: between the middle and a corner."""
    middle = land.representative_point()
    corner = random.choice(land.exterior.coords[:-1])
    share = random.uniform(0.0, 0.5)
    point = Point(middle.x + share * (corner[0] - middle.x), middle.y + share * (corner[1] - middle.y))
    return point if land.contains(point) else middle
