"""Rows as the console shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.cases.models import Case, CaseEvent, Draft
from backend.cases.schemas import (
    CaseDetail,
    CaseEventView,
    CaseLink,
    CasePlace,
    CaseStatus,
    CaseSummary,
    DraftContent,
    DraftView,
    GroupMark,
)
from backend.cases.states import OPEN, CaseMove
from backend.cases.where import component_of
from backend.citizens.numbers import read_number
from backend.citizens.service import caller_view
from backend.taxonomy.schemas import Urgency

_ASKED_BESIDE = frozenset({"caller_e164", "grouped"})
"""Columns of such statements that serve their askers; no list shows them."""


def draft_view(draft: Draft) -> DraftView:
    """A saved draft."""
    return DraftView(
        draft_id=draft.draft_id,
        call_id=draft.call_id,
        revision=draft.revision,
        content=DraftContent.model_validate(draft.content),
        saved_at=draft.saved_at,
    )


def case_summary(
    case: Case, leader: str | None = None, group: GroupMark | None = None, *, hard: bool = False
) -> CaseSummary:
    """One case in a list."""
    status = CaseStatus(case.status)
    return CaseSummary(
        case_id=case.case_id,
        number=case.number,
        what=case.what,
        class_name=case.class_name,
        street_name=case.street_name,
        community_name=case.community_name,
        urgency=Urgency(case.urgency),
        status=status,
        open=status in OPEN,
        filed_at=case.filed_at,
        filed_by=case.filed_by,
        call_id=case.call_id,
        leader=leader,
        group=group,
        hard=hard,
        channel=case.channel,
        recurs_id=case.recurs_id,
    )


def summary_of(row: Mapping[Any, Any], leader: str | None = None, group: GroupMark | None = None) -> CaseSummary:
    """One case in a list, from the row of a statement that names the columns."""
    named = {name: value for name, value in row.items() if name not in _ASKED_BESIDE}
    marks = {"open": row["status"] in OPEN, "leader": leader, "group": group}
    return CaseSummary.model_validate({**named, **marks})


def case_detail(
    case: Case,
    events: Sequence[CaseEvent],
    leader: str | None,
    group: GroupMark | None,
    linked: Sequence[Case] = (),
) -> CaseDetail:
    """A whole case with its time line; the caller's number is masked."""
    caller = None
    links = {each.case_id: CaseLink.model_validate(each) for each in linked}
    if case.call_id is not None or case.caller_number is not None:
        caller = caller_view(read_number(case.caller_number), case.citizen_name)
    hard = any(event.kind == CaseMove.DECLARE_HARD for event in events)
    return CaseDetail(
        case=case_summary(case, leader, group, hard=hard),
        caller=caller,
        address=case.address,
        place=CasePlace.model_validate(case) if case.unit_grid_code is not None else None,
        component=component_of(case),
        identity_secret=case.identity_secret,
        answer=case.answer,
        class_path=case.class_path,
        taxonomy_version=case.taxonomy_version,
        source_reference=case.source_reference,
        recurs=links.pop(case.recurs_id, None) if case.recurs_id is not None else None,
        recurred=list(links.values()),
        events=[CaseEventView.model_validate(event) for event in events],
    )
