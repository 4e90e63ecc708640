"""Quality checks as the console shows them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from asr.audio import Leg
from asr.checks.hits import Severity
from backend.citizens.hidden_numbers import NumbersHidden
from backend.kernel.schemas import Problem, Schema
from backend.quality.states import RuleState


class RuleTitle(Schema):
    """What a rule is called in each language."""

    zh: str
    en: str


class HitView(Schema):
    """One hit of a call, times in ms from the start of the recording; `title` is the rule's, as it was when it hit.

    `text` is what was said there, or how much it was, for who may read transcripts, and `spoken_by` which colleague
    had the call at the seat's leg then, when it was handed on afterwards. Nothing is deducted for a hit that is not
    `sure`.
    """

    hit_id: UUID
    rule_id: str
    rule_version: int
    title: RuleTitle
    kind: str
    leg: Leg
    from_ms: int
    to_ms: int
    text: NumbersHidden
    severity: Severity
    sure: bool
    points: int
    spoken_by: str | None = None


class EarlierHitView(HitView):
    """A hit that a later check no longer found, and when."""

    replaced_at: datetime


class CallHits(Schema):
    """What the last check found in a call, and what earlier ones had; `checked_at` is None while it was not checked
    yet."""

    checked_at: datetime | None
    hits: list[HitView]
    earlier: list[EarlierHitView] = []


class TrialState(StrEnum):
    """Where a trial stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class TrialHit(Schema):
    """One hit of a trial, to be listened to."""

    call_id: str
    arrived_at: datetime
    agent_name: str | None
    leg: Leg
    from_ms: int
    to_ms: int
    text: NumbersHidden
    sure: bool


class TrialAgent(Schema):
    """What a trial found in the calls of one agent."""

    agent_name: str
    calls: int
    calls_hit: int
    hits: int


class TrialResult(Schema):
    """What a trial found so far; `sample` are at most ten hits, drawn at random. `concerned` are those of the checked
    calls for which the rule is at all, None in what was tried before they were counted."""

    checked: int = 0
    concerned: int | None = None
    calls_hit: int = 0
    hits: int = 0
    sure: int = 0
    agents: list[TrialAgent] = []
    sample: list[TrialHit] = []


class TrialView(Schema):
    """A trial as it stands. `current` tells whether the draft is still written as it was tried."""

    trial_id: UUID
    draft_id: UUID
    state: TrialState
    from_day: date
    to_day: date
    seed: int
    total: int
    result: TrialResult
    problem: Problem | None
    requested_at: datetime
    requested_by: str
    current: bool


class RecheckState(StrEnum):
    """Where an order to check calls anew stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RecheckAsked(Schema):
    """Calls of these days are to be checked anew by the rules of a day (None: today's); `recheck_id` is made by the
    client, and asked twice it is done once."""

    recheck_id: UUID
    from_day: date
    to_day: date
    rules_of: date | None = None
    reason: str = Field(max_length=500)


class RecheckView(Schema):
    """Such an order as it stands: calls that were checked, those of them in which other hits stand now, and how many
    hits were found and are gone."""

    recheck_id: UUID
    from_day: date
    to_day: date
    rules_of: date
    rule_count: int
    state: RecheckState
    total: int
    checked: int
    changed: int
    found: int
    gone: int
    problem: Problem | None
    reason: str
    requested_at: datetime
    requested_by: str
    ended_at: datetime | None


class DraftRule(Schema):
    """A draft in the list of rules."""

    draft_id: UUID
    rule_version: int
    state: RuleState
    revision: int
    changed_at: datetime
    changed_by: str


class RuleView(Schema):
    """A rule in the list: the version that stands or stood last, with what it found in 30 days, and its draft.

    `rule_version` is 0 and the days are None while there is only a draft. `source` is the set of data that brought it.
    """

    rule_id: str
    title: RuleTitle
    kind: str
    severity: Severity
    points: int
    state: RuleState
    rule_version: int
    from_day: date | None
    to_day: date | None
    source: str
    hits: int
    unsure: int
    calls_hit: int
    draft: DraftRule | None


class RuleList(Schema):
    """All rules, and how many calls were checked in the 30 days over which hits are counted."""

    rules: list[RuleView]
    calls_checked: int


class RuleHistory(Schema):
    """One step in the life of a rule: somebody's, or of a file that was loaded (`actor` empty)."""

    at: datetime
    kind: str
    rule_version: int
    actor: str
    reason: str


class RuleDetail(Schema):
    """A rule with its text, its history, and the draft and last trial of it."""

    rule: RuleView
    text: str
    draft_text: str
    trial: TrialView | None
    history: list[RuleHistory]


class DraftText(Schema):
    """A rule as it is typed, in YAML. `draft_id` is made by the client; `revision` is the one that was read, 0 for a
    new draft."""

    draft_id: UUID
    revision: int = Field(ge=0)
    text: str = Field(min_length=1, max_length=40_000)


class DraftMove(Schema):
    """What is done with a draft as it was read."""

    revision: int = Field(ge=1)


class SwitchOn(Schema):
    """From which day on the rule holds; calls of that day and later are checked by it."""

    revision: int = Field(ge=1)
    from_day: date
    reason: str = Field(max_length=500)


class SwitchOff(Schema):
    """From which day on the rule holds no more."""

    rule_version: int = Field(ge=1)
    from_day: date
    reason: str = Field(max_length=500)


class TrialAsked(Schema):
    """A trial over the calls of these days; `trial_id` is made by the client, and asked twice it runs once."""

    trial_id: UUID
    revision: int = Field(ge=1)
    from_day: date
    to_day: date
