"""From what an agent types to addresses on the grid.

The road or residential area is found in memory by likeness (`backend.grid.names`), the building by its number in the
database, the grid from the building's point. So memory grows with the names, not with the addresses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.grid.address import Address, parse_address
from backend.grid.grid import Grid
from backend.grid.names import Names, PlaceName
from backend.grid.offers import BUILDINGS_OF_A_NAME, Building, Offer, offers
from backend.grid.schemas import PlaceCandidate
from backend.grid.views import candidates
from backend.kernel.pinyin import spell
from backend.kernel.versions import InForce

_POINTS_OF_A_NAME = 20

_HELD = "valid_from <= :day AND (valid_to IS NULL OR valid_to > :day)"
_NAMES = text(
    "SELECT name, min(road) AS road, max(spelling) AS spelling,"  # noqa: S608 - of constants only
    f" (array_agg(longitude ORDER BY hashtext(code)))[1:{_POINTS_OF_A_NAME}] AS longitudes,"
    f" (array_agg(latitude ORDER BY hashtext(code)))[1:{_POINTS_OF_A_NAME}] AS latitudes"
    f" FROM places WHERE {_HELD} GROUP BY name ORDER BY name"
)
_BUILDINGS = text(
    "SELECT place.* FROM unnest(CAST(:names AS varchar[])) AS wanted(name) CROSS JOIN LATERAL ("  # noqa: S608
    " SELECT code, name, address, number, mark, suffix, unit, longitude, latitude FROM places"
    f" WHERE name = wanted.name AND number IS NOT NULL AND {_HELD}"
    " ORDER BY abs(number - :number), mark <> :mark, suffix <> :suffix, unit IS DISTINCT FROM :unit, unit, code"
    " LIMIT :most) AS place"
)


async def find_places(
    session: AsyncSession, names: Names, grid: Grid, typed: str, *, street: str, day: date
) -> list[PlaceCandidate]:
    """The addresses that may be meant by what was typed so far, best first, at most five.

    What lies in the street of the code `street` comes first among equals.
    """
    address, named = _without_street(parse_address(typed), grid)
    fits = names.search(address.name)
    rows: Sequence[RowMapping] = ()
    if address.number is not None and fits:
        rows = (
            (await session.execute(_BUILDINGS, _asked(address, [fit.name.name for fit in fits], day))).mappings().all()
        )
    found: list[Offer] = offers(address, fits, [Building(**row) for row in rows])
    return candidates(found, address, typed, grid, named or street)


async def names_on(session: AsyncSession, day: date) -> Names:
    """The names that had addresses on a day."""
    rows = (await session.execute(_NAMES, {"day": day})).mappings().all()
    return await asyncio.to_thread(lambda: Names([_name(row) for row in rows]))


def names_in_force() -> InForce[Names]:
    """The names of today, read anew when the addresses change."""
    return InForce("places", names_on)


def _name(row: RowMapping) -> PlaceName:
    where: Iterable[tuple[float, float]] = zip(row["longitudes"], row["latitudes"], strict=True)
    return PlaceName(row["name"], row["road"], *spell(row["name"], row["spelling"]), points=tuple(where))


def _asked(address: Address, names: Sequence[str], day: date) -> dict[str, Any]:
    return {
        "names": list(names),
        "number": address.number,
        "mark": address.mark,
        "suffix": address.suffix,
        "unit": address.unit,
        "most": BUILDINGS_OF_A_NAME,
        "day": day,
    }


def _without_street(address: Address, grid: Grid) -> tuple[Address, str]:
    """The address without the street 街道 that stands before its road, and that street's code."""
    for street in grid.streets:
        if address.road.startswith(street.name) and address.road != street.name:
            return address.without(street.name), street.code
    return address, ""
