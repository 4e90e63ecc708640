"""The part of the district that a person goes round in: all of it, or the own community or street; pure."""

from __future__ import annotations

from dataclasses import dataclass

from backend.grid.errors import NoBeat
from backend.grid.grid import Grid
from backend.identity.principal import Principal


@dataclass(frozen=True, slots=True)
class Beat:
    """A part of the district; both codes "" is all of it."""

    street: str = ""
    community: str = ""

    def covers(self, street: str, community: str | None) -> bool:
        """Whether a place lies in it."""
        return self.street in ("", street) and self.community in ("", community)


def own_beat(who: Principal, grid: Grid) -> Beat:
    """The community or the street whose unit the person works for; raises `NoBeat`."""
    code = who.unit_code or ""
    community = grid.community(code)
    if community is not None:
        return Beat(street=str(community.parent), community=code)
    if grid.street(code) is not None:
        return Beat(street=code)
    raise NoBeat
