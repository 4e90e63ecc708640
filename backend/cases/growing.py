"""An entry of a diary, a ledger or a special list becomes a case with one act: once, with all that the entry says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.cases import repository
from backend.cases.errors import EntryIsCase, EntryOutdated
from backend.cases.filing import file_case
from backend.cases.origins import Origin, grown_cases
from backend.cases.rules import ReferenceData
from backend.cases.schemas import CaseForm, CaseSummary, GrownCase, GrownCaseWish, PlacePoint
from backend.grid.components import StandingComponent, component_on, standing_in
from backend.identity.principal import Principal
from backend.kernel.clock import beijing
from backend.kernel.database import Transaction
from backend.taxonomy.schemas import Urgency


class Located(Protocol):
    """A row that says where something lies."""

    @property
    def address(self) -> str: ...
    @property
    def street_code(self) -> str: ...
    @property
    def community_code(self) -> str | None: ...
    @property
    def unit_grid_code(self) -> str | None: ...
    @property
    def place_code(self) -> str | None: ...
    @property
    def component_code(self) -> str | None: ...
    @property
    def longitude(self) -> float | None: ...
    @property
    def latitude(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Growing:
    """An entry as it stands, which the caller has locked; `class_code` "" when it names no class."""

    origin: Origin
    version: int
    what: str
    class_code: str
    where: Located


async def grow(
    tx: Transaction, who: Principal, entry: Growing, wish: GrownCaseWish, reference: ReferenceData, now: datetime
) -> CaseSummary | None:
    """File the entry as a case; None when this request did so before.

    Raises `EntryIsCase`, `EntryOutdated`, or what filing raises.
    """
    grown = await _grown(tx, entry.origin)
    if grown is None:
        refuse_changed(entry.version, wish.version)
    else:
        filed = await repository.case_by_request(tx.session, wish.request_id)
        if filed is None or filed.case_id != grown.case_id:
            raise _is_case(grown)
    standing = await component_on(tx.session, entry.where.component_code, beijing(now).date())
    case = await file_case(tx, who, _form(entry, wish, standing, reference), entry.origin, reference, now)
    return case if grown is None else None


async def refuse_grown(tx: Transaction, origin: Origin) -> None:
    """Raises `EntryIsCase` for an entry that has become a case."""
    grown = await _grown(tx, origin)
    if grown is not None:
        raise _is_case(grown)


def refuse_changed(version: int, seen: int, facts: Mapping[str, str] | None = None) -> None:
    """Raises `EntryOutdated` unless the entry, which stands at `version`, was seen so; `facts` say who did what."""
    if version != seen:
        raise EntryOutdated(
            "Somebody changed this entry first.",
            kept="What you typed is still on the screen.",
            next_step="Load it anew and decide again.",
            facts=dict(facts or {}),
        )


async def _grown(tx: Transaction, origin: Origin) -> GrownCase | None:
    return (await grown_cases(tx, origin.kind, [origin.entry_id])).get(origin.entry_id)


def _is_case(grown: GrownCase) -> EntryIsCase:
    return EntryIsCase(
        f"This entry is the case {grown.number} already.", kept="Nothing was changed.", next_step="Look at that case."
    )


def _form(
    entry: Growing, wish: GrownCaseWish, component: StandingComponent | None, reference: ReferenceData
) -> CaseForm:
    """The entry as a case form, but for what the wish says otherwise; with its `component` if that still stands."""
    where = entry.where
    there = component is not None and standing_in(component, where.street_code, where.community_code, reference.grid)
    code = wish.class_code if wish.class_code is not None else entry.class_code
    case_class = reference.taxonomy.case_class(code)
    return CaseForm(
        request_id=wish.request_id,
        channel=entry.origin.kind.value,
        what=wish.what if wish.what is not None else entry.what,
        address=wish.address if wish.address is not None else entry.where.address,
        street_code=entry.where.street_code,
        community_code=entry.where.community_code,
        place=_point(entry.where),
        component_code=entry.where.component_code if there else None,
        class_code=code,
        urgency=wish.urgency or (case_class.urgency if case_class is not None else Urgency.NORMAL),
    )


def _point(where: Located) -> PlacePoint | None:
    if where.unit_grid_code is None or where.longitude is None or where.latitude is None:
        return None
    return PlacePoint(
        place_code=where.place_code,
        unit_grid_code=where.unit_grid_code,
        longitude=where.longitude,
        latitude=where.latitude,
    )
