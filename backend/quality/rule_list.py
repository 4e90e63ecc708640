"""The rules as they are shown: each with its state, what it found in 30 days, its draft, and its history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from asr.checks.hits import Severity
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.quality import repository as checks
from backend.quality import rule_repository as repository
from backend.quality.drafts import DESK, as_text
from backend.quality.errors import RuleUnknown
from backend.quality.models import RuleDraft, RuleRow
from backend.quality.schemas import DraftRule, RuleDetail, RuleHistory, RuleList, RuleTitle, RuleView
from backend.quality.states import RuleState
from backend.quality.trials import trial_view

_COUNTED = timedelta(days=30)
_LOADED = "loaded"


async def rule_list(tx: Transaction, now: datetime) -> RuleList:
    """Every rule by its id: the version that holds, will hold, or held last."""
    today = clock.beijing(now).date()
    found = await repository.found_since(tx, now - _COUNTED)
    open_drafts = {draft.rule_id: draft for draft in await repository.open_drafts(tx)}
    versions: dict[str, list[RuleRow]] = {}
    for row in await repository.all_versions(tx):
        versions.setdefault(row.code, []).append(row)
    rules = [
        _view(versions.get(rule_id, []), open_drafts.get(rule_id), found.get(rule_id, (0, 0, 0)), today)
        for rule_id in sorted({*versions, *open_drafts})
    ]
    return RuleList(rules=rules, calls_checked=await repository.checked_since(tx, now - _COUNTED))


async def rule_detail(tx: Transaction, who: Principal, rule_id: str, now: datetime) -> RuleDetail:
    """One rule with what it says and what became of it; looking is audited. Raises `RuleUnknown`."""
    versions = await repository.all_versions(tx, rule_id)
    open_drafts = await repository.open_drafts(tx, rule_id)
    if not versions and not open_drafts:
        raise RuleUnknown(f"There is no rule {rule_id}.", next_step="Load the page anew.")
    draft = open_drafts[0] if open_drafts else None
    found = await repository.found_since(tx, now - _COUNTED, rule_id)
    trial = await repository.last_trial(tx, draft.draft_id) if draft is not None else None
    await audit.record(tx, who, "rule_read", "quality_rule", rule_id)
    return RuleDetail(
        rule=_view(versions, draft, found.get(rule_id, (0, 0, 0)), clock.beijing(now).date()),
        text=as_text(versions[-1].content) if versions else "",
        draft_text=draft.text if draft is not None else "",
        trial=None if trial is None or draft is None else await trial_view(tx, trial, draft_revision=draft.revision),
        history=await _history(tx, rule_id, versions),
    )


def state_of(row: RuleRow, today: date) -> RuleState:
    """Where a version of a rule stands on a day; one whose first day lies ahead is switched on already."""
    over = row.valid_to is not None and row.valid_to <= max(today, row.valid_from)
    return RuleState.RETIRED if over else RuleState.ACTIVE


def _view(versions: Sequence[RuleRow], draft: RuleDraft | None, found: tuple[int, int, int], today: date) -> RuleView:
    last = versions[-1] if versions else None
    said = last.content if last is not None else draft.content if draft is not None else {}
    hits, unsure, calls_hit = found
    return RuleView(
        rule_id=said["id"],
        title=RuleTitle.model_validate(said["title"]),
        kind=said["kind"],
        severity=Severity(said["severity"]),
        points=said.get("points", 0),
        state=state_of(last, today) if last is not None else RuleState(draft.state if draft is not None else "draft"),
        rule_version=last.rule_version if last is not None else 0,
        from_day=last.valid_from if last is not None else None,
        to_day=last.valid_to if last is not None else None,
        source=last.dataset if last is not None else "",
        hits=hits,
        unsure=unsure,
        calls_hit=calls_hit,
        draft=None if draft is None else DraftRule.model_validate(draft),
    )


async def _history(tx: Transaction, rule_id: str, versions: Sequence[RuleRow]) -> list[RuleHistory]:
    """What people did and what files brought, the newest first."""
    steps = [RuleHistory.model_validate(step) for step in await repository.steps_of(tx, rule_id)]
    brought = {(row.dataset, row.version) for row in versions if row.dataset != DESK}
    loaded = await checks.loaded_at(tx, brought)
    for row in versions:
        if (row.dataset, row.version) in loaded:
            at, source = loaded[row.dataset, row.version]
            told = f"{source} {row.version}"
            steps.append(RuleHistory(at=at, kind=_LOADED, rule_version=row.rule_version, actor="", reason=told))
    return sorted(steps, key=lambda step: step.at, reverse=True)
