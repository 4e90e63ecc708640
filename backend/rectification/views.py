"""Rows as the console shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from backend.cases.origins import grown_cases, steps_of
from backend.cases.schemas import CasePlace, GrownCase, OriginKind
from backend.cases.where import component_of
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.rectification import repository
from backend.rectification.models import SpecialEntry
from backend.rectification.rules import open_moves
from backend.rectification.schemas import SpecialDetail, SpecialState, SpecialStep, SpecialView

_OF_ENTRY = [name for name in SpecialView.model_fields if name not in {"case", "state", "overdue", "component"}]


async def special_views(tx: Transaction, entries: Sequence[SpecialEntry], today: date) -> list[SpecialView]:
    """Entries, each with the case that it became."""
    cases = await grown_cases(tx, OriginKind.SPECIAL, [entry.entry_id for entry in entries])
    return [_view(entry, cases.get(entry.entry_id), today) for entry in entries]


async def special_detail(
    tx: Transaction, who: Principal, entry: SpecialEntry, class_code: str | None, today: date
) -> SpecialDetail:
    """An entry with its history."""
    (view,) = await special_views(tx, [entry], today)
    steps = await repository.steps_of(tx.session, entry.entry_id)
    return SpecialDetail(
        entry=view,
        place=CasePlace.model_validate(entry) if entry.unit_grid_code is not None else None,
        steps=[SpecialStep.model_validate(step) for step in steps],
        case_steps=await steps_of(tx, view.case.case_id) if view.case is not None else [],
        class_code=class_code,
        moves=[move.value for move in open_moves(who, entry)],
    )


def _view(entry: SpecialEntry, case: GrownCase | None, today: date) -> SpecialView:
    state = SpecialState(entry.state)
    overdue = state is SpecialState.ASSIGNED and entry.due_on is not None and entry.due_on < today
    said = {name: getattr(entry, name) for name in _OF_ENTRY}
    return SpecialView(**said, state=state, overdue=overdue, component=component_of(entry), case=case)
