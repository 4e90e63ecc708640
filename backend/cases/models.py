"""Tables of cases: drafts, cases, their time line, additions to open ones, and the numbers given out each day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Draft(Base):
    """A case form as typed so far. `revision` rises by one with each save."""

    __tablename__ = "drafts"
    __table_args__ = (Index("ix_drafts_user_id", "user_id", "saved_at"), Index("ix_drafts_call_id", "call_id"))

    draft_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    call_id: Mapped[str | None]
    revision: Mapped[int]
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime]


class Case(Base):
    """A filed case.

    Names of street, community, base grid, component and class, with its path, version, handling limit and duty, are
    kept as they were in force when it was filed. `source_reference` names the source in its channel, if it did not come
    by a call. `secret_since` is when a citizen asked to stay unknown who had not when the case was filed. `fingerprint`
    tells whether a form that comes again under the same `request_id` is the same form. Every change raises `version`.
    """

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(
            "status IN ('filed', 'handling', 'coordination', 'suspended',"
            " 'merged', 'reported', 'verified', 'closed', 'evaluated')",
            name="status",
        ),
        CheckConstraint("urgency IN ('normal', 'urgent', 'emergency')", name="urgency"),
        CheckConstraint("(status IN ('closed', 'evaluated')) = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("num_nulls(unit_grid_code, base_grid_code, longitude, latitude) IN (0, 4)", name="place"),
        CheckConstraint("num_nulls(component_code, component_name) IN (0, 2)", name="component"),
        Index("ix_cases_filed_at", "filed_at", "case_id"),
        Index("ix_cases_call_id", "call_id", postgresql_where=text("call_id IS NOT NULL")),
        Index("ix_cases_caller_e164", "caller_e164", "filed_at", postgresql_where=text("caller_e164 IS NOT NULL")),
        Index("ix_cases_street_code", "street_code", "filed_at", "case_id"),
        Index("ix_cases_community_code", "community_code", "filed_at", "case_id"),
        Index(
            "ix_cases_class_code",
            "class_code",
            "filed_at",
            "case_id",
            postgresql_ops={"class_code": "text_pattern_ops"},
        ),
        Index("ix_cases_filed_by_id", "filed_by_id", "filed_at", "case_id"),
        Index(
            "ix_cases_open_taken_by",
            "filed_by_id",
            postgresql_where=text("closed_at IS NULL AND caller_e164 IS NOT NULL"),
        ),
        Index(
            "ix_cases_open_emergency",
            "caller_e164",
            postgresql_where=text("closed_at IS NULL AND urgency = 'emergency'"),
        ),
        Index("ix_cases_open_status", "status", "filed_at", postgresql_where=text("closed_at IS NULL")),
        Index(
            "ix_cases_unit_grid_code", "unit_grid_code", "filed_at", postgresql_where=text("unit_grid_code IS NOT NULL")
        ),
        Index("ix_cases_open_unit_grid", "unit_grid_code", "filed_at", postgresql_where=text("closed_at IS NULL")),
        Index("ix_cases_open_street", "street_code", "filed_at", postgresql_where=text("closed_at IS NULL")),
        Index("ix_cases_source", "channel", "source_reference", postgresql_where=text("source_reference <> ''::text")),
        Index(
            "ix_cases_closed_in",
            "unit_grid_code",
            "closed_at",
            postgresql_where=text("unit_grid_code IS NOT NULL AND closed_at IS NOT NULL"),
        ),
        Index("ix_cases_recurs", "filed_at", "case_id", postgresql_where=text("recurs_id IS NOT NULL")),
        Index("ix_cases_recurs_id", "recurs_id", postgresql_where=text("recurs_id IS NOT NULL")),
        Index("ix_cases_draft_id", "draft_id", postgresql_where=text("draft_id IS NOT NULL")),
    )

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    request_id: Mapped[UUID] = mapped_column(unique=True)
    fingerprint: Mapped[str]
    draft_id: Mapped[UUID | None]
    version: Mapped[int]
    status: Mapped[str]
    channel: Mapped[str]
    source_reference: Mapped[str] = mapped_column(server_default="")
    call_id: Mapped[str | None]
    dialed_number: Mapped[str | None]
    caller_number: Mapped[str | None]
    caller_e164: Mapped[str | None]
    citizen_name: Mapped[str]
    identity_secret: Mapped[bool]
    secret_since: Mapped[datetime | None]
    what: Mapped[str]
    address: Mapped[str]
    street_code: Mapped[str]
    street_name: Mapped[str]
    community_code: Mapped[str | None]
    community_name: Mapped[str | None]
    base_grid_code: Mapped[str | None]
    base_grid_name: Mapped[str | None]
    unit_grid_code: Mapped[str | None]
    place_code: Mapped[str | None]
    component_code: Mapped[str | None]
    component_name: Mapped[str | None]
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    class_code: Mapped[str]
    class_name: Mapped[str]
    class_path: Mapped[list[str]]
    taxonomy_version: Mapped[str]
    limit_kind: Mapped[str | None]
    limit_amount: Mapped[int | None]
    duty: Mapped[str | None]
    urgency: Mapped[str]
    answered_at_once: Mapped[bool]
    answer: Mapped[str]
    filed_at: Mapped[datetime]
    filed_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    filed_by: Mapped[str]
    closed_at: Mapped[datetime | None]
    recurs_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.case_id"))
    """The closed case of which this one is a recurrence 复发."""


class CaseEvent(Base):
    """One entry of a case's time line; never changed, never deleted."""

    __tablename__ = "case_events"
    __table_args__ = (
        Index("ix_case_events_case_id", "case_id", "event_id"),
        Index("ix_case_events_hard", "case_id", postgresql_where=text("kind = 'declared_hard'")),
    )

    event_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor: Mapped[str | None]
    detail: Mapped[dict[str, Any]]


class CaseAddition(Base):
    """What a citizen added to a case that was open already; `content` is the form exactly as it was typed."""

    __tablename__ = "case_additions"
    __table_args__ = (
        Index("ix_case_additions_case_id", "case_id", "added_at"),
        Index("ix_case_additions_draft_id", "draft_id", postgresql_where=text("draft_id IS NOT NULL")),
    )

    addition_id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(unique=True)
    fingerprint: Mapped[str]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"))
    draft_id: Mapped[UUID | None]
    call_id: Mapped[str | None]
    urging: Mapped[bool]
    content: Mapped[dict[str, Any]]
    added_at: Mapped[datetime]
    added_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    added_by: Mapped[str]


class CaseChild(Base):
    """A case that goes on under another one 群诉, its parent: many callers, one cause."""

    __tablename__ = "case_children"
    __table_args__ = (
        CheckConstraint("child_id <> parent_id", name="itself"),
        Index("ix_case_children_parent_id", "parent_id", "child_id"),
    )

    child_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), primary_key=True)
    parent_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"))
    reason: Mapped[str]
    linked_at: Mapped[datetime]
    linked_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    linked_by: Mapped[str]


class CaseNumberDay(Base):
    """The last case number given out for one hotline number on one Beijing day."""

    __tablename__ = "case_number_days"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]
