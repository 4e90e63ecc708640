"""Which addresses are offered for what was typed: pure, from the names that fit and their buildings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from backend.grid.address import Address
from backend.grid.names import Fit
from backend.grid.schemas import PlaceFound

BUILDINGS_OF_A_NAME = 6
NEAR = 10
"""How far from the number that was said another one may be to stand for it."""
WITHIN = 15.0
"""How much worse than the best an offer may be: what is plainly meant is not hidden among what is not."""
_OTHER_SUFFIX, _OTHER_UNIT = 1.0, 2.0
_OTHER_NUMBER, _NO_BUILDING = 15.0, 20.0
"""What an offer loses by another suffix or unit than was typed, by another number, by no building at all."""


@dataclass(frozen=True, slots=True)
class Building:
    """An address with its number, of the road or residential area `name`."""

    code: str
    name: str
    address: str
    number: int
    mark: str
    suffix: str
    unit: int | None
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Offer:
    """An address that may be meant; `building` is None where only its road or residential area was found."""

    fit: Fit
    building: Building | None
    found: PlaceFound
    score: float


def offers(address: Address, fits: Sequence[Fit], buildings: Iterable[Building]) -> list[Offer]:
    """What may be meant, best first. `buildings` are those of these names, of each name the nearest number first."""
    of_name: dict[str, list[Building]] = {}
    for building in buildings:
        of_name.setdefault(building.name, []).append(building)
    found = [offer for fit in fits for offer in _of_fit(address, fit, of_name.get(fit.name.name, []))]
    best = max((offer.score for offer in found), default=0.0)
    return sorted((offer for offer in found if offer.score >= best - WITHIN), key=lambda offer: -offer.score)


def _of_fit(address: Address, fit: Fit, buildings: Sequence[Building]) -> Iterator[Offer]:
    if address.number is None:
        yield Offer(fit, None, PlaceFound.ROAD, fit.score)
        return
    said = [each for each in buildings if (each.number, each.mark) == (address.number, address.mark)]
    if address.unit is None and any(each.unit is None for each in said):
        # who says no door means the house
        said = [each for each in said if each.unit is None]
    for each in said:
        yield Offer(fit, each, PlaceFound.BUILDING, fit.score - _loss(address, each))
    if said:
        return
    near = next((each for each in buildings if abs(each.number - address.number) <= NEAR), None)
    found, loss = (PlaceFound.ROAD, _NO_BUILDING) if near is None else (PlaceFound.NEAR, _OTHER_NUMBER)
    yield Offer(fit, near, found, fit.score - loss)


def _loss(address: Address, building: Building) -> float:
    suffix = _OTHER_SUFFIX if address.suffix not in ("", building.suffix) else 0.0
    return suffix + (_OTHER_UNIT if building.unit != address.unit else 0.0)
