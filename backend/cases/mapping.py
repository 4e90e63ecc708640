"""The open cases of a filter on the grid: how many lie where, and how many of them are overdue."""

from __future__ import annotations

from datetime import datetime

from backend.cases import map_repository as repository
from backend.cases.errors import StreetNotChosen
from backend.cases.listing import filter_of
from backend.cases.map_schemas import AreaCount, CaseMap, CasePoint, MapLevel, MapQuestion
from backend.citizens.numbers import mask, read_number
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction

MOST_POINTS = 2000


async def map_of_cases(tx: Transaction, who: Principal, question: MapQuestion, now: datetime) -> CaseMap:
    """The map of a filter. Looking for a citizen's number goes to the audit log.

    Raises `StreetNotChosen` for unit grids without a street, and as `listing.list_cases`.
    """
    if question.level is MapLevel.UNIT_GRID and not question.street:
        raise StreetNotChosen(
            "Unit grids are shown of one street.", next_step="Choose the street first.", field="street"
        )
    wanted = await filter_of(tx, who.user_id, question, now, names=who.may("numbers.reveal"))
    if wanted.e164:
        detail = {"number": mask(read_number(wanted.e164))}
        await audit.record(tx, who, "cases_of_number_listed", "number", detail["number"], at=now)
    counted = await repository.counts_by_area(tx.session, wanted, question.level, now)
    found = await repository.points(tx.session, wanted, now, MOST_POINTS)
    return CaseMap(
        level=question.level,
        areas=[AreaCount(code=code, open=count, overdue=late) for code, count, late in counted if code is not None],
        elsewhere=_sum("", [row for row in counted if row[0] is None]),
        total=_sum("", list(counted)),
        points=[CasePoint.model_validate(dict(row)) for row in found],
        most_points=MOST_POINTS,
        as_of=now,
    )


def _sum(code: str, rows: list[tuple[str | None, int, int]]) -> AreaCount:
    return AreaCount(code=code, open=sum(row[1] for row in rows), overdue=sum(row[2] for row in rows))
