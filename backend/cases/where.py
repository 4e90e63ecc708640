"""Where a case, or an entry that may become one, lies: its areas, its point, the component it is about; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from backend.cases.errors import (
    CaseWithoutStreet,
    CommunityNotInStreet,
    ComponentElsewhere,
    PointElsewhere,
    UnknownCommunity,
    UnknownComponent,
    UnknownStreet,
    UnknownUnitGrid,
)
from backend.cases.schemas import CaseComponent, CasePlace, PlacePoint
from backend.grid.area import Area
from backend.grid.components import StandingComponent, standing_in
from backend.grid.grid import Grid


@dataclass(frozen=True, slots=True)
class Where:
    """The areas in which something lies, and its point on the grid if it has one."""

    street: Area
    community: Area | None
    place: CasePlace | None

    def columns(self) -> dict[str, Any]:
        """The columns of a row that lies there."""
        point = self.place.model_dump() if self.place is not None else dict.fromkeys(CasePlace.model_fields)
        return {
            "street_code": self.street.code,
            "street_name": self.street.name,
            "community_code": self.community.code if self.community is not None else None,
            "community_name": self.community.name if self.community is not None else None,
            **point,
        }


def check_where(street_code: str, community_code: str, place: PlacePoint | None, grid: Grid) -> Where:
    """Where a form says that something lies. Raises a `CaseInvalid` for what does not exist or does not agree."""
    street = _street(street_code.strip(), grid)
    community = _community(community_code.strip(), street, grid)
    if place is None:
        return Where(street, community, None)
    point, within = _place(place, street, community, grid)
    return Where(street, within, point)


def check_component(
    code: str, found: StandingComponent | None, where: Where, grid: Grid
) -> tuple[CaseComponent, Where]:
    """The component that a form names, `found` in force under its code, and where the case lies with it.

    A case that has no point yet lies where its component stands. Raises `UnknownComponent` or `ComponentElsewhere`.
    """
    if found is None:
        raise UnknownComponent(
            "component_code",
            f"There is no component {code[:24]} in force.",
            "Choose one from the list, or leave it out.",
        )
    unit = standing_in(found, where.street.code, where.community.code if where.community else None, grid)
    if unit is None:
        raise ComponentElsewhere(
            "component_code",
            f"{found.name} {found.code} does not stand where the form says.",
            "Choose another component, or the street and the community of this one.",
        )
    component = CaseComponent(code=found.code, name=found.name)
    if where.place is not None:
        return component, where
    point = PlacePoint(unit_grid_code=unit.code, longitude=found.longitude, latitude=found.latitude)
    place, within = _place(point, where.street, where.community, grid)
    return component, replace(where, community=within, place=place)


def check_spot(
    areas: tuple[str, str],
    place: PlacePoint | None,
    component_code: str | None,
    standing: StandingComponent | None,
    grid: Grid,
) -> tuple[Where, CaseComponent | None]:
    """Where a form with these codes of street and community says that something lies, and the component that it names.

    `standing` is the component in force under that code. Raises like `check_where` and `check_component`.
    """
    where = check_where(*areas, place, grid)
    if not component_code:
        return where, None
    component, where = check_component(component_code, standing, where, grid)
    return where, component


def component_columns(component: CaseComponent | None) -> dict[str, str | None]:
    """The columns of a row that is about a component, or about none."""
    return {
        "component_code": component.code if component is not None else None,
        "component_name": component.name if component is not None else None,
    }


class NamesComponent(Protocol):
    """A row that may be about a component."""

    @property
    def component_code(self) -> str | None: ...
    @property
    def component_name(self) -> str | None: ...


def component_of(row: NamesComponent) -> CaseComponent | None:
    """The city component that a row is about."""
    if row.component_code is None or row.component_name is None:
        return None
    return CaseComponent(code=row.component_code, name=row.component_name)


def _street(code: str, grid: Grid) -> Area:
    if not code:
        raise CaseWithoutStreet("street_code", "The case names no street.", "Choose the street of the place.")
    street = grid.street(code)
    if street is None:
        raise UnknownStreet("street_code", f"There is no street {code[:20]}.", "Choose one from the list.")
    return street


def _community(code: str, street: Area, grid: Grid) -> Area | None:
    if not code:
        return None
    community, above = grid.community(code), grid.street_of(code)
    if community is None or above is None:
        raise UnknownCommunity("community_code", f"There is no community {code[:20]}.", "Choose one from the list.")
    if above.code != street.code:
        raise CommunityNotInStreet(
            "community_code",
            f"{community.name} belongs to {above.name}, not to {street.name}.",
            "Choose a community of this street, or the other street.",
        )
    return community


def _place(said: PlacePoint, street: Area, community: Area | None, grid: Grid) -> tuple[CasePlace, Area]:
    """The place with its base grid, and the community that it lies in."""
    unit = grid.unit_grid(said.unit_grid_code)
    base = grid.base_grid(str(unit.parent)) if unit is not None else None
    within = grid.community_of(said.unit_grid_code)
    if unit is None or base is None or within is None:
        raise UnknownUnitGrid(
            "place", f"There is no unit grid {said.unit_grid_code[:20]} in force.", "Choose the address again."
        )
    if within.parent != street.code or (community is not None and community.code != within.code):
        raise PointElsewhere(
            "place",
            f"The chosen address lies in {within.name}, not where the form says.",
            "Choose the address again, or clear its location.",
        )
    if unit not in grid.all_at(said.longitude, said.latitude):
        raise PointElsewhere(
            "place", f"The point does not lie in the unit grid {unit.code}.", "Choose the address again."
        )
    place = CasePlace(**said.model_dump(), base_grid_code=base.code, base_grid_name=base.name)
    return place, within
