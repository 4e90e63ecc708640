"""Places on the grid as the console shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from backend.grid.address import Address
from backend.grid.area import Area
from backend.grid.grid import Grid
from backend.grid.names import Why
from backend.grid.offers import Offer
from backend.grid.schemas import AreaView, BaseGridView, GridLocation, PlaceCandidate, PlaceFound

OFFERED = 5
_LEAST_SHARE = 0.2
"""A road is offered in each street in which at least this share of its addresses lies."""


def location(grid: Grid, unit: Area) -> GridLocation:
    """Where a unit grid lies."""
    base, community, street = grid.above(unit)
    return GridLocation(
        street=AreaView.model_validate(street),
        community=AreaView.model_validate(community),
        base_grid=BaseGridView.model_validate(base),
        unit_grid=unit.code,
    )


def candidates(offers: Sequence[Offer], address: Address, typed: str, grid: Grid, street: str) -> list[PlaceCandidate]:
    """The best offers on the grid; among equals those in the street of this code come first."""
    placed = [each for offer in offers for each in _placed(offer, address, typed, grid)]
    placed.sort(key=lambda each: (-each.score, each.location.street.code != street))
    return placed[:OFFERED]


def _placed(offer: Offer, address: Address, typed: str, grid: Grid) -> Iterator[PlaceCandidate]:
    building = offer.building
    if building is None:
        wheres = _streets_of(offer, grid)
    else:
        unit = grid.locate(building.longitude, building.latitude)
        wheres = [] if unit is None else [location(grid, unit)]
    known = building is not None and offer.found is PlaceFound.BUILDING
    text, rest = _text(offer, address, typed)
    for where in wheres:
        yield PlaceCandidate(
            text=text,
            rest=rest,
            address=building.address if building is not None else offer.fit.name.road,
            place_code=building.code if building is not None and known else None,
            longitude=building.longitude if building is not None else None,
            latitude=building.latitude if building is not None else None,
            location=where,
            found=offer.found,
            score=round(offer.score, 1),
            why=offer.fit.why,
        )


def _streets_of(offer: Offer, grid: Grid) -> list[GridLocation]:
    """The streets of a road, those with most of its addresses first, with the community where it is the only one."""
    above = [grid.above(unit)[1:] for unit in grid.locate_all(offer.fit.name.points) if unit is not None]
    found = []
    for street, count in Counter(street for _, street in above).most_common():
        communities = {community for community, of in above if of is street}
        if count >= _LEAST_SHARE * len(above):
            only = AreaView.model_validate(communities.pop()) if len(communities) == 1 else None
            where = GridLocation(street=AreaView.model_validate(street), community=only, base_grid=None, unit_grid=None)
            found.append(where)
    return found


def _text(offer: Offer, address: Address, typed: str) -> tuple[str, str]:
    """What the address field says once this is chosen: what is known better, and the rest of what was typed."""
    if offer.building is not None and offer.found is PlaceFound.BUILDING:
        return offer.building.address, address.rest
    if offer.fit.why is Why.NAMED:
        return typed.strip(), ""
    return f"{offer.fit.name.road}{address.building}", address.rest
