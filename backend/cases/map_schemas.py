"""The map of the grid with its open cases."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from backend.cases.list_schemas import CaseQuestion
from backend.cases.schemas import CaseStatus
from backend.kernel.schemas import Schema
from backend.taxonomy.schemas import Urgency


class MapLevel(StrEnum):
    """What the areas of a map are: streets, communities, or the unit grids of one street."""

    STREET = "street"
    COMMUNITY = "community"
    UNIT_GRID = "unit_grid"


class MapQuestion(CaseQuestion):
    """The open cases of a filter by areas of a level; unit grids need a street."""

    level: MapLevel = MapLevel.STREET


class AreaCount(Schema):
    """How many open cases of the filter lie in an area, and how many of them are overdue."""

    code: str
    open: int
    overdue: int


class CasePoint(Schema):
    """An open case where it lies on the grid."""

    case_id: UUID
    number: str
    what: str
    class_name: str
    urgency: Urgency
    status: CaseStatus
    longitude: float
    latitude: float
    overdue: bool


class CaseMap(Schema):
    """The open cases of a filter: by area, and those whose point is known, overdue ones first, at most `most_points`.

    `elsewhere` counts those that no area of the level holds, because so much of their place is not known. Areas without
    a case are left out.
    """

    level: MapLevel
    areas: list[AreaCount]
    elsewhere: AreaCount
    total: AreaCount
    points: list[CasePoint]
    most_points: int
    as_of: datetime
