"""Recurrence 复发: a new case where one like it was closed not long ago; what is like it, is pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.cases import repository, timeline
from backend.cases.models import Case
from backend.cases.rules import CheckedForm, RecurrenceRule
from backend.cases.schemas import CasePlace
from backend.cases.service import tell_changed
from backend.grid.grid import Grid
from backend.grid.measure import metres_between
from backend.identity.principal import Principal
from backend.kernel.database import Transaction

_LEVEL_DIGITS = 2


def family(class_code: str, levels: int) -> str:
    """The code that the classes of one family begin with: a letter of the scheme, if any, and two digits a level."""
    letters = len(class_code) - len(class_code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    return class_code[: letters + _LEVEL_DIGITS * levels]


def same_point(one: CasePlace, other: Case, metres: float) -> bool:
    """Whether an earlier case lies in the same unit grid, or near enough."""
    if other.unit_grid_code == one.unit_grid_code:
        return True
    if other.longitude is None or other.latitude is None:
        return False
    return metres_between((one.longitude, one.latitude), (other.longitude, other.latitude)) <= metres


async def earlier_case(
    tx: Transaction, form: CheckedForm, grid: Grid, rule: RecurrenceRule, now: datetime
) -> Case | None:
    """The case whose recurrence this is: of those that were handled and closed there, the last one."""
    place = form.place
    if place is None:
        return None
    units = {place.unit_grid_code, *(unit.code for unit in grid.near(place.longitude, place.latitude, rule.metres))}
    begins = family(form.case_class.code, rule.levels)
    found = await repository.closed_in(tx.session, units, begins, now - timedelta(days=rule.days))
    return next((case for case in found if same_point(place, case, rule.metres)), None)


def tell_both(tx: Transaction, who: Principal | None, case: Case, earlier: Case, now: datetime) -> None:
    """Each of the two cases tells of the other one in its time line."""
    to_earlier: timeline.Detail = {"case_number": earlier.number, "case_id": str(earlier.case_id)}
    timeline.add_entry(tx, case.case_id, "marked_as_recurrence", who, to_earlier, now)
    to_later: timeline.Detail = {"case_number": case.number, "case_id": str(case.case_id)}
    timeline.add_entry(tx, earlier.case_id, "recurred", who, to_later, now)
    tell_changed(tx, earlier, now)
