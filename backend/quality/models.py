"""Tables of quality checks: the rules, what was checked by them, and what they found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base
from backend.kernel.versions import Versioned, validity


class RuleRow(Versioned, Base):
    """A rule as it was in force from one day to another; `code` is its id, `name` its Chinese title.

    `content` is the whole rule (`asr.checks.rule.Rule`) with its examples. `rule_version` is the rule's own and rises
    with each change of what it says, whichever version of the data brought it.
    """

    __tablename__ = "quality_rules"
    __table_args__ = (
        *validity("quality_rules"),
        CheckConstraint("severity IN ('fatal', 'major', 'minor', 'praise')", name="severity"),
        CheckConstraint("points BETWEEN 0 AND 100 AND rule_version > 0", name="points"),
    )

    name: Mapped[str]
    rule_version: Mapped[int]
    kind: Mapped[str]
    severity: Mapped[str]
    points: Mapped[int]
    content: Mapped[dict[str, Any]]


class CallCheck(Base):
    """That a call was checked, and on what grounds: the text with this `transcript_revision`, and the rules of which
    `rules` is the digest. They are those of the day of the call, or of `recheck_id`, the last order to check it anew.
    `version` rises with each check."""

    __tablename__ = "call_checks"
    __table_args__ = (Index("ix_call_checks_checked_at", "checked_at"),)

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), primary_key=True)
    version: Mapped[int]
    transcript_revision: Mapped[int]
    rules: Mapped[str]
    checked_at: Mapped[datetime]
    recheck_id: Mapped[UUID | None] = mapped_column(ForeignKey("quality_rechecks.recheck_id"))


class _Found:
    """What a rule found in a call."""

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"))
    rule_id: Mapped[str]
    rule_version: Mapped[int]
    kind: Mapped[str]
    leg: Mapped[str]
    from_ms: Mapped[int]
    to_ms: Mapped[int]
    text: Mapped[str]
    severity: Mapped[str]
    sure: Mapped[bool]
    points: Mapped[int]
    transcript_revision: Mapped[int]
    found_at: Mapped[datetime]


class QualityHit(_Found, Base):
    """What a rule found in a call, as it stands after the last check.

    `hit_id` follows from the call, the rule with its version, and the place, so a hit that is found again keeps its id
    and the time at which it was found first. `points` are deducted, none when it is unsure.
    """

    __tablename__ = "quality_hits"
    __table_args__ = (
        CheckConstraint("leg IN ('caller', 'seat')", name="leg"),
        CheckConstraint("severity IN ('fatal', 'major', 'minor', 'praise')", name="severity"),
        CheckConstraint("from_ms >= 0 AND to_ms >= from_ms", name="from_to"),
        CheckConstraint("points >= 0 AND (sure OR points = 0)", name="points"),
        Index("ix_quality_hits_call_id", "call_id", "from_ms"),
        Index("ix_quality_hits_rule_id", "rule_id", "found_at"),
        Index("ix_quality_hits_fatal", "found_at", postgresql_where=text("severity = 'fatal'")),
        Index("ix_quality_hits_praise", "call_id", postgresql_where=text("severity = 'praise'")),
    )

    hit_id: Mapped[UUID] = mapped_column(primary_key=True)


class EarlierHit(_Found, Base):
    """A hit that a later check of the call, the `replaced_by`th, no longer found: by other rules, by another text, or
    by other facts. Kept as it was, once for each time that it went."""

    __tablename__ = "quality_earlier_hits"
    __table_args__ = (Index("ix_quality_earlier_hits_call_id", "call_id"),)

    hit_id: Mapped[UUID] = mapped_column(primary_key=True)
    replaced_by: Mapped[int] = mapped_column(primary_key=True)
    replaced_at: Mapped[datetime]


class Recheck(Base):
    """An order to check the calls of some days anew, by the rules that were in force on `rules_of`, as they stood when
    it was given (`rules`). `checked`, `changed`, `found` and `gone` count calls, calls with other hits than before, and
    hits; it goes on behind the call `after_call`."""

    __tablename__ = "quality_rechecks"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
        CheckConstraint("from_day <= to_day", name="days"),
        CheckConstraint("(after_at IS NULL) = (after_call IS NULL)", name="after"),
        Index("ix_quality_rechecks_requested_at", "requested_at"),
    )

    recheck_id: Mapped[UUID] = mapped_column(primary_key=True)
    from_day: Mapped[date]
    to_day: Mapped[date]
    rules_of: Mapped[date]
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    state: Mapped[str]
    total: Mapped[int]
    checked: Mapped[int]
    changed: Mapped[int]
    found: Mapped[int]
    gone: Mapped[int]
    after_at: Mapped[datetime | None]
    after_call: Mapped[str | None]
    problem: Mapped[str | None]
    cause: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reason: Mapped[str]
    requested_at: Mapped[datetime]
    requested_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))
    requested_by: Mapped[str]
    ended_at: Mapped[datetime | None]


class RuleDraft(Base):
    """A rule, or a new version of one, that is being written and tried. `text` is the YAML as it was typed, `content`
    what it says; `revision` rises with each change of either or of the state."""

    __tablename__ = "quality_drafts"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'trial', 'active', 'retired')", name="state"),
        Index("uq_quality_drafts_open", "rule_id", unique=True, postgresql_where=text("state IN ('draft', 'trial')")),
    )

    draft_id: Mapped[UUID] = mapped_column(primary_key=True)
    rule_id: Mapped[str]
    rule_version: Mapped[int]
    text: Mapped[str]
    content: Mapped[dict[str, Any]]
    state: Mapped[str]
    revision: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    changed_by: Mapped[str]


class RuleTrial(Base):
    """A draft run over the calls of some days, as it stood at `draft_revision`. `result` is `schemas.TrialResult` and
    grows while it runs; the sample of hits follows from `seed`. `cause` is the named error behind `problem`."""

    __tablename__ = "quality_trials"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
        CheckConstraint("from_day <= to_day", name="days"),
        Index("ix_quality_trials_draft_id", "draft_id", "requested_at"),
    )

    trial_id: Mapped[UUID] = mapped_column(primary_key=True)
    draft_id: Mapped[UUID] = mapped_column(ForeignKey("quality_drafts.draft_id"))
    draft_revision: Mapped[int]
    content: Mapped[dict[str, Any]]
    state: Mapped[str]
    from_day: Mapped[date]
    to_day: Mapped[date]
    seed: Mapped[int]
    total: Mapped[int]
    result: Mapped[dict[str, Any]]
    problem: Mapped[str | None]
    cause: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    requested_at: Mapped[datetime]
    requested_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    requested_by: Mapped[str]


class RuleEvent(Base):
    """What somebody did with a rule, and why; never changed, never deleted."""

    __tablename__ = "quality_rule_events"
    __table_args__ = (Index("ix_quality_rule_events_rule_id", "rule_id", "event_id"),)

    event_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    rule_id: Mapped[str]
    rule_version: Mapped[int]
    kind: Mapped[str]
    at: Mapped[datetime]
    actor_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    actor: Mapped[str]
    reason: Mapped[str]
