"""Direct dispatch 直派: where a case goes when street and class make it plain; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.dispatch.guards import Asked
from backend.dispatch.life import Task, Unit
from backend.dispatch.schemas import PlainBy, TaskRole
from backend.taxonomy.schemas import STREET


@dataclass(frozen=True, slots=True)
class Plain:
    """What makes it plain: the duty of the case's class (`STREET`, the code of a department, or None when it is not
    known), the code of its street, and that of its community if it is known."""

    duty: str | None
    street: str
    community: str | None


def direct_units(tasks: Sequence[Task], plain: Plain, unit: Callable[[str], Unit | None]) -> list[Asked]:
    """Who gets the case: the street of the place, its community at once as well 双派发, or the department whose duty it
    is. Nobody when it is not plain, and nobody when the case was dispatched before (`tasks` are those of the case)."""
    if tasks or plain.duty is None:
        return []
    lead = unit(plain.street if plain.duty == STREET else plain.duty)
    if lead is None:
        return []
    community = unit(plain.community) if plain.community is not None and plain.duty == STREET else None
    return [Asked(lead, TaskRole.LEAD), *([Asked(community, TaskRole.HELP)] if community is not None else [])]


def allowed(asked: Sequence[Asked], *, hard: bool) -> Sequence[Asked]:
    """What of a direct dispatch is worth a proposal: a hard case 疑难 is not proposed to a street."""
    return [] if hard and any(each.unit.in_small_loop for each in asked) else asked


def plain_by(asked: Asked, plain: Plain) -> PlainBy:
    """What made it plain that this unit is asked."""
    if plain.duty != STREET:
        return PlainBy.DUTY_OF_CLASS
    return PlainBy.STREET_OF_PLACE if asked.role is TaskRole.LEAD else PlainBy.COMMUNITY_OF_PLACE
