"""What is known of a matter while it is typed: open cases like it, the unit that would get it, the clocks that would
start. Nothing is written, and nothing that is half typed is an error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.calls.service import call_for_case
from backend.cases import similar_repository
from backend.cases.rules import ReferenceData, clean_line
from backend.cases.schemas import PlacePoint, SimilarCase
from backend.cases.similar import NEAR_M, Matter, best_first, likeness, words_in
from backend.cases.similar_repository import COMPARED_ONLY
from backend.cases.views import summary_of
from backend.citizens.numbers import read_number
from backend.deadlines import clocks
from backend.deadlines.clocks import Clock, Limit
from backend.deadlines.rules import Timekeeping
from backend.deadlines.schemas import ClockName
from backend.dispatch.direct import Plain, direct_units
from backend.dispatch.intake_schemas import ExpectedClock, Outlook, OutlookAsked
from backend.dispatch.looking import finder
from backend.dispatch.schemas import ProposedUnit
from backend.dispatch.views import proposed_units
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.taxonomy.schemas import CaseClass
from backend.units.directory import UnitDirectory


async def outlook(
    tx: Transaction,
    who: Principal,
    asked: OutlookAsked,
    reference: ReferenceData,
    directory: UnitDirectory,
    now: datetime,
) -> Outlook:
    """What an agent should know before filing. Raises `CallUnknown` for a call that is not this person's."""
    call = await call_for_case(tx, who, asked.call_id) if asked.call_id is not None else None
    number = call.caller if call is not None else read_number(asked.citizen_number)
    similar = await _similar(tx, asked, number.e164, reference)
    case_class = reference.taxonomy.case_class(asked.class_code)
    condition = reference.conditions.of_class(asked.class_code) if case_class is not None else None
    if case_class is None or (condition is not None and condition.redirect_to):
        return Outlook(similar=similar, units=[], clocks=[])
    return Outlook(
        similar=similar,
        units=expected_units(asked, case_class, directory),
        clocks=expected_clocks(asked.urgency.value, case_class, reference.time, now),
    )


def expected_units(asked: OutlookAsked, case_class: CaseClass, directory: UnitDirectory) -> list[ProposedUnit]:
    """Where the case would go directly; nobody while street and class do not make it plain."""
    plain = Plain(case_class.duty, asked.street_code, asked.community_code or None)
    return proposed_units(direct_units((), plain, finder(directory)), plain)


def expected_clocks(urgency: str, case_class: CaseClass, time: Timekeeping, now: datetime) -> list[ExpectedClock]:
    """The clocks of such a case if it were filed and dispatched now, with what would be due when."""
    limits: Mapping[ClockName, Limit] = {
        ClockName.DISPATCH: time.dispatch_limit(urgency, case_class.code),
        ClockName.HANDLING: Limit(case_class.limit_kind, case_class.limit_amount),
        ClockName.FEEDBACK: time.feedback_limit(urgency, case_class.code),
    }
    return [
        ExpectedClock(
            name=name,
            limit_kind=limit.kind,
            limit_amount=limit.amount,
            due_at=clocks.due(Clock(now, limit), time.calendar),
        )
        for name, limit in limits.items()
    ]


async def _similar(
    tx: Transaction, asked: OutlookAsked, e164: str | None, reference: ReferenceData
) -> list[SimilarCase]:
    point = _point(asked.place)
    near = reference.grid.near(*point, NEAR_M) if point is not None else []
    named = clean_line(asked.source_reference)
    source = (asked.channel, named) if asked.channel and named else None
    rows = await similar_repository.open_candidates(
        tx.session,
        e164=e164,
        source=source,
        unit_grids=[area.code for area in near],
        street=asked.street_code,
        class_code=asked.class_code,
    )
    form = Matter(
        words=words_in(asked.what),
        address=asked.address.strip(),
        e164=e164,
        street=asked.street_code,
        community=asked.community_code,
        unit_grid=asked.place.unit_grid_code if asked.place is not None else "",
        point=point,
        class_code=asked.class_code,
        source=source,
    )
    compared = [likeness(form, _matter(row)) for row in rows]
    return [
        SimilarCase(
            case=summary_of({name: value for name, value in rows[n].items() if name not in COMPARED_ONLY}),
            likeness=round(compared[n].share * 100),
            reasons=list(compared[n].reasons),
            metres=compared[n].metres,
        )
        for n in best_first(compared)
    ]


def _matter(row: Mapping[Any, Any]) -> Matter:
    return Matter(
        words=words_in(row["what"]),
        address=row["address"],
        e164=row["caller_e164"],
        street=row["street_code"],
        community=row["community_code"] or "",
        unit_grid=row["unit_grid_code"] or "",
        point=(row["longitude"], row["latitude"]) if row["longitude"] is not None else None,
        class_code=row["class_code"],
        source=(row["channel"], row["source_reference"]) if row["source_reference"] else None,
    )


def _point(place: PlacePoint | None) -> tuple[float, float] | None:
    return (place.longitude, place.latitude) if place is not None else None
