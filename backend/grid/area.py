"""The district's areas, from the street down to the unit grid, as they are read, stored and looked up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shapely import Polygon


class Level(StrEnum):
    """The levels of the grid, each a part of the one before it."""

    STREET = "street"
    COMMUNITY = "community"
    BASE_GRID = "base_grid"
    UNIT_GRID = "unit_grid"


class GridKind(StrEnum):
    """What a base grid is: residential 住宅, commercial 商务商业, institutional 企事业单位, a crowded place
    人员密集场所."""

    RESIDENTIAL = "residential"
    COMMERCIAL = "commercial"
    INSTITUTIONAL = "institutional"
    CROWDED = "crowded"


class Attention(StrEnum):
    """How closely a base grid is looked after: routine 日常管理, ordinary precaution 一般防范, special attention
    重点关注, comprehensive 综合治理."""

    ROUTINE = "routine"
    PRECAUTION = "precaution"
    ATTENTION = "attention"
    COMPREHENSIVE = "comprehensive"


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """One area of one level; two are the same only when they are one.

    The code of a community continues that of its street, the codes of grids that of their community; `parent` of a
    unit grid is its base grid. `kind` and `attention` are those of a base grid, `spelling` gives the syllables of a
    name that the dictionary reads in another way. The shape is in longitude and latitude (WGS 84).
    """

    code: str
    level: Level
    name: str
    parent: str | None
    shape: Polygon
    kind: GridKind | None = None
    attention: Attention | None = None
    spelling: str = ""
