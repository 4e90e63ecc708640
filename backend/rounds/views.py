"""Rows as the console shows them."""

from __future__ import annotations

from collections.abc import Sequence

from backend.cases.origins import grown_cases, steps_of
from backend.cases.schemas import CasePlace, GrownCase, OriginKind
from backend.cases.where import component_of
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.rounds.models import RoundEntry
from backend.rounds.schemas import DiaryKind, Journal, RoundDetail, RoundView

_OF_ENTRY = [name for name in RoundView.model_fields if name not in {"case", "kind", "journal", "component"}]


async def round_views(tx: Transaction, journal: Journal, entries: Sequence[RoundEntry]) -> list[RoundView]:
    """Entries of one journal, each with the case that it became."""
    cases = await grown_cases(tx, OriginKind(journal.value), [entry.entry_id for entry in entries])
    return [_view(entry, cases.get(entry.entry_id)) for entry in entries]


async def round_detail(tx: Transaction, who: Principal, entry: RoundEntry) -> RoundDetail:
    """An entry with all that is known of it."""
    (view,) = await round_views(tx, Journal(entry.journal), [entry])
    return RoundDetail(
        entry=view,
        mine=entry.written_by_id == who.user_id,
        place=CasePlace.model_validate(entry) if entry.unit_grid_code is not None else None,
        case_steps=await steps_of(tx, view.case.case_id) if view.case is not None else [],
    )


def _view(entry: RoundEntry, case: GrownCase | None) -> RoundView:
    said = {name: getattr(entry, name) for name in _OF_ENTRY}
    kind = DiaryKind(entry.kind) if entry.kind is not None else None
    return RoundView(**said, journal=Journal(entry.journal), kind=kind, component=component_of(entry), case=case)
