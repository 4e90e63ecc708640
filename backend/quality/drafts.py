"""Rules that are being written: typed as YAML, proven by their own examples, tried on the past, switched on and off.

A rule that was switched on here is a row like those that a file brings; its set is `quality/desk`, so that a file which
brings the same rule is told to whom it belongs now.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from asr.checks.kinds import AnyRule
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.config import ConfigurationInvalid
from backend.kernel.database import Transaction
from backend.kernel.datafile import DataInvalid, Mistake, data_invalid
from backend.kernel.loading import serialise_loading
from backend.kernel.queries import insert_new
from backend.kernel.versions import DataVersion
from backend.quality import rule_repository as repository
from backend.quality.errors import (
    DaysNotSensible,
    RuleChangedMeanwhile,
    RuleNotProven,
    RuleReasonMissing,
    RuleTextInvalid,
    RuleUnknown,
    RuleVersionTaken,
)
from backend.quality.file import QUALITY, mistakes_of, parse_rule_file, row_of, said_by
from backend.quality.models import RuleDraft, RuleEvent, RuleRow
from backend.quality.rules import rules_on
from backend.quality.schemas import DraftText, SwitchOff, SwitchOn, TrialState
from backend.quality.states import RuleMove, RuleState, move

DESK = f"{QUALITY}/desk"
_HEAD = "set: desk\nversion: draft\nvalid_from: 2000-01-01\nrules:\n"
_HEAD_LINES = _HEAD.count("\n")


async def save_draft(tx: Transaction, who: Principal, typed: DraftText, now: datetime) -> RuleDraft:
    """Keep what was typed, if it is a rule that its examples prove. Raises `RuleTextInvalid`, `RuleVersionTaken` and
    `RuleChangedMeanwhile`."""
    rule = await read_rule(tx, typed.text, now)
    if await repository.version_taken(tx, rule.id, rule.version, typed.draft_id):
        raise RuleVersionTaken(
            f"Version {rule.version} of {rule.id} or a later one stood already, or another draft of it is open.",
            kept="What you typed is kept.",
            next_step="Give a higher version, or go on with the open draft.",
            field="text",
        )
    said = {
        "rule_id": rule.id,
        "rule_version": rule.version,
        "text": typed.text,
        "content": said_by(rule),
        **_by(who, now),
    }
    draft = await tx.session.get(RuleDraft, typed.draft_id)
    if draft is None:
        new = RuleDraft(draft_id=typed.draft_id, state=RuleState.DRAFT.value, revision=1, **said)
        if not await insert_new(tx.session, new):
            raise _overtaken()
        draft = await tx.session.get_one(RuleDraft, typed.draft_id)
    elif draft.text != typed.text or draft.revision != typed.revision or draft.state == RuleState.RETIRED:
        draft = await _move(tx, draft, RuleMove.EDIT, typed.revision, **said)
    else:
        return draft
    _note(tx, who, rule.id, rule.version, RuleMove.EDIT.value, "", now)
    return draft


async def discard(tx: Transaction, who: Principal, draft_id: UUID, revision: int, now: datetime) -> None:
    """Throw a draft away."""
    draft = await draft_of(tx, draft_id)
    await _move(tx, draft, RuleMove.DISCARD, revision, **_by(who, now))
    _note(tx, who, draft.rule_id, draft.rule_version, RuleMove.DISCARD.value, "", now)


async def mark_tried(tx: Transaction, who: Principal, draft: RuleDraft, revision: int, now: datetime) -> RuleDraft:
    """Say of a draft that it is being tried as it is."""
    moved = await _move(tx, draft, RuleMove.TRY, revision, **_by(who, now))
    _note(tx, who, draft.rule_id, draft.rule_version, RuleMove.TRY.value, "", now)
    return moved


async def switch_on(tx: Transaction, who: Principal, draft_id: UUID, asked: SwitchOn, now: datetime) -> RuleDraft:
    """Let the draft be the rule from a day on; the version that stands ends the day before.

    Raises `RuleNotProven` unless it was tried to the end as it is written, `RuleReasonMissing`, `DaysNotSensible`.
    """
    _check(asked.reason, asked.from_day, now)
    await serialise_loading(tx.session)
    draft = await draft_of(tx, draft_id)
    trial = await repository.last_trial(tx, draft_id)
    if draft.state == RuleState.TRIAL and (
        trial is None or trial.state != TrialState.DONE or trial.draft_revision != draft.revision
    ):
        raise RuleNotProven(
            "The trial of this draft has not come to its end.", next_step="Wait for it, or try the draft again."
        )
    rule = await read_rule(tx, draft.text, now)
    if await repository.version_taken(tx, rule.id, rule.version, draft_id):
        raise RuleVersionTaken(f"Version {rule.version} of {rule.id} or a later one stood already.", field="text")
    draft = await _move(tx, draft, RuleMove.SWITCH_ON, asked.revision, **_by(who, now))
    await repository.end_rule(tx, rule.id, asked.from_day)
    version = await _as_data(tx, who, f"{rule.id}-{rule.version}", draft.text, asked.from_day, now)
    tx.session.add(RuleRow(dataset=DESK, version=version, valid_from=asked.from_day, valid_to=None, **row_of(rule)))
    await _told(tx, who, (rule.id, rule.version), RuleMove.SWITCH_ON, asked, now)
    return draft


async def switch_off(tx: Transaction, who: Principal, rule_id: str, asked: SwitchOff, now: datetime) -> None:
    """Let the rule hold no more from a day on. Raises `RuleChangedMeanwhile` when another version stands."""
    _check(asked.reason, asked.from_day, now)
    await serialise_loading(tx.session)
    if await repository.end_rule(tx, rule_id, asked.from_day, asked.rule_version) is None:
        raise _overtaken()
    await repository.retire_draft(tx, rule_id, asked.rule_version)
    await _as_data(tx, who, f"{rule_id}-{asked.rule_version}-off", "", asked.from_day, now)
    await _told(tx, who, (rule_id, asked.rule_version), RuleMove.SWITCH_OFF, asked, now)


async def draft_of(tx: Transaction, draft_id: UUID) -> RuleDraft:
    """A draft; raises `RuleUnknown`."""
    draft = await tx.session.get(RuleDraft, draft_id, populate_existing=True)
    if draft is None:
        raise RuleUnknown("There is no such draft.", next_step="Load the page anew.")
    return draft


async def read_rule(tx: Transaction, typed: str, now: datetime) -> AnyRule:
    """The one rule that this YAML describes, proven together with those in force. Raises `RuleTextInvalid`."""
    with tempfile.TemporaryDirectory(prefix="hotline-rule-") as folder:
        path = Path(folder) / "draft.yaml"
        path.write_text(_HEAD + _as_item(typed), encoding="utf-8")
        try:
            rules = parse_rule_file(path).rules
        except DataInvalid as invalid:
            raise RuleTextInvalid([_placed(mistake) for mistake in invalid.mistakes]) from invalid
        except ConfigurationInvalid as invalid:
            raise RuleTextInvalid([_unreadable(invalid)]) from invalid
        if len(rules) != 1:
            raise RuleTextInvalid([Mistake(1, "", "there must be one rule, and only one", "not_one_rule")])
        others = (await rules_on(tx.session, clock.beijing(now).date())).rules
        wrong = list(mistakes_of(rules, tuple(each for each in others if each.id != rules[0].id)))
        if wrong:
            raise RuleTextInvalid([_placed(mistake) for mistake in data_invalid(path, wrong).mistakes])
    return rules[0]


def as_text(content: dict[str, Any]) -> str:
    """A stored rule as it can be typed."""
    order = ("id", "version", "kind", "title", "severity", "points")
    first = {key: content[key] for key in order if key in content}
    last = {"examples": content["examples"]} if "examples" in content else {}
    rest = {key: value for key, value in content.items() if key not in first and key not in last}
    return yaml.safe_dump(first | rest | last, allow_unicode=True, sort_keys=False, width=110)


def _as_item(typed: str) -> str:
    lines = typed.strip("\n").splitlines() or [""]
    if lines[0].lstrip().startswith("- "):
        return "\n".join(lines) + "\n"
    return "\n".join(["  - " + lines[0], *("    " + line for line in lines[1:])]) + "\n"


def _placed(mistake: Mistake) -> Mistake:
    # the list of rules is ours, so what is wrong with its only one is wrong with the whole that was typed
    return replace(
        mistake, line=max(1, mistake.line - _HEAD_LINES), field="" if mistake.field == "rules" else mistake.field
    )


def _unreadable(invalid: ConfigurationInvalid) -> Mistake:
    """What is no YAML: the line and the problem as the parser sees them."""
    mark, problem = getattr(invalid.__cause__, "problem_mark", None), getattr(invalid.__cause__, "problem", None)
    line = 1 if mark is None else max(1, mark.line + 1 - _HEAD_LINES)
    return Mistake(line, "", f"this is no YAML: {problem or 'unreadable'}", "not_yaml")


def _check(reason: str, day: date, now: datetime) -> None:
    if not reason.strip():
        raise RuleReasonMissing(
            "A rule is switched on or off for a reason.", next_step="Write it down.", field="reason"
        )
    if day < clock.beijing(now).date():
        raise DaysNotSensible(
            "Calls of days that are over were checked by the rules of those days.",
            next_step="Choose today or a later day.",
            field="from_day",
        )


def _by(who: Principal, now: datetime) -> dict[str, Any]:
    return {"changed_at": now, "changed_by_id": who.user_id, "changed_by": who.display_name}


async def _move(tx: Transaction, draft: RuleDraft, by: RuleMove, revision: int, **changes: Any) -> RuleDraft:
    state = move(RuleState(draft.state), by)
    moved = await repository.change_draft(tx, draft.draft_id, revision, changes | {"state": state.value})
    if moved is None:
        raise _overtaken()
    return moved


def _overtaken() -> RuleChangedMeanwhile:
    return RuleChangedMeanwhile(
        "Somebody changed this rule first.", kept="What you typed is kept.", next_step="Load the page anew and compare."
    )


async def _as_data(tx: Transaction, who: Principal, version: str, text: str, day: date, now: datetime) -> str:
    """A version of the desk's set: by its number every process sees that what is in force was changed."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    tx.session.add(
        DataVersion(dataset=DESK, version=version, valid_from=day, digest=digest, source=who.username, loaded_at=now)
    )
    await tx.session.flush()
    return version


async def _told(
    tx: Transaction, who: Principal, rule: tuple[str, int], by: RuleMove, asked: SwitchOn | SwitchOff, now: datetime
) -> None:
    rule_id, version = rule
    _note(tx, who, rule_id, version, by.value, asked.reason.strip(), now)
    detail = {"rule_version": version, "from_day": f"{asked.from_day}", "reason": asked.reason.strip()}
    await audit.record(tx, who, f"rule_{by.value}", "quality_rule", rule_id, detail, at=now)
    tx.emit("data_loaded", entity=DESK, audience=["all"], payload={"version": f"{rule_id}-{version}"}, at=now)


def _note(tx: Transaction, who: Principal, rule_id: str, version: int, kind: str, reason: str, now: datetime) -> None:
    tx.session.add(
        RuleEvent(
            rule_id=rule_id,
            rule_version=version,
            kind=kind,
            at=now,
            actor_id=who.user_id,
            actor=who.display_name,
            reason=reason,
        )
    )
