"""Streets and communities as the case form offers them, addresses as it finds them, and where on the grid they lie."""

from __future__ import annotations

from enum import StrEnum

from backend.grid.area import Attention, GridKind
from backend.grid.names import Why
from backend.kernel.schemas import Schema


class Community(Schema):
    """A community 社区; `pinyin` and `initials` let an agent find it by `zhongshili` or `zsl`."""

    code: str
    name: str
    pinyin: str = ""
    initials: str = ""


class Street(Schema):
    """A street 街道 with its communities; `pinyin` and `initials` as on a community."""

    code: str
    name: str
    pinyin: str = ""
    initials: str = ""
    communities: list[Community]


class AreaView(Schema):
    """An area of the grid."""

    code: str
    name: str


class BaseGridView(AreaView):
    """A base grid, with what it is and how closely it is looked after."""

    kind: GridKind
    attention: Attention


class GridLocation(Schema):
    """Where something lies: as far down as is known, None below."""

    street: AreaView
    community: AreaView | None
    base_grid: BaseGridView | None
    unit_grid: str | None


class ComponentOffer(Schema):
    """A city component 部件 that may be meant; `metres` from the point that was asked for, None without one."""

    code: str
    name: str
    longitude: float
    latitude: float
    metres: int | None
    location: GridLocation


class PlaceFound(StrEnum):
    """What of an address was found: the building itself, another number near it, or only the road."""

    BUILDING = "building"
    NEAR = "near"
    ROAD = "road"


class PlaceCandidate(Schema):
    """An address that may be meant. `text` and then `rest`, which was typed behind it, is what the address field says
    once it is chosen.

    `place_code`, `longitude` and `latitude` are those of the building; a road has none. `score` goes from 0 to 100.
    """

    text: str
    rest: str
    address: str
    place_code: str | None
    longitude: float | None
    latitude: float | None
    location: GridLocation
    found: PlaceFound
    score: float
    why: Why
