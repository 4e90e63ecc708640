"""Tables of the review: what was drawn and scored, appeals, calibrations, coaching."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Calibration(Base):
    """The same calls given to several reviewers, who do not see each other's sheets until all have finished."""

    __tablename__ = "review_calibrations"
    __table_args__ = (Index("ix_review_calibrations_made_at", "made_at"),)

    calibration_id: Mapped[UUID] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    made_by: Mapped[str]


class Review(Base):
    """A call drawn for a reviewer. Every change raises `revision`.

    `sheet_id` is the row of the score sheet it was drawn with, `why` the figures behind the draw. `answers` is the
    sheet as it was filled in (`backend.reviews.schemas.SheetAnswers`), `hits` are the machine's hits as they were when
    they were judged, whatever a later check finds. Score and answers are those in force: after a successful appeal the
    changed ones; what they were before stands in the appeal.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint("purpose IN ('fatal', 'random', 'risk', 'picked', 'calibration')", name="purpose"),
        CheckConstraint(
            "state IN ('drawn', 'opened', 'scored', 'appealed', 'upheld', 'changed', 'void')", name="state"
        ),
        CheckConstraint("reviewer_id <> agent_id", name="not_oneself"),
        CheckConstraint("(purpose = 'calibration') = (calibration_id IS NOT NULL)", name="calibration"),
        CheckConstraint(
            "num_nulls(score, passed, fatal, scored_at) = "
            "CASE WHEN state IN ('scored', 'appealed', 'upheld', 'changed') THEN 0 ELSE 4 END",
            name="scored",
        ),
        CheckConstraint("score BETWEEN 0 AND 100 AND (NOT fatal OR score = 0)", name="score"),
        CheckConstraint("(state = 'void') = (void_reason IS NOT NULL)", name="void"),
        Index(
            "uq_reviews_call_purpose",
            "call_id",
            "purpose",
            unique=True,
            postgresql_where=text("calibration_id IS NULL AND purpose <> 'fatal'"),
        ),
        # a later check may find a fatal hit in another place of a call that was judged
        Index(
            "uq_reviews_fatal_waiting",
            "call_id",
            unique=True,
            postgresql_where=text("purpose = 'fatal' AND state IN ('drawn', 'opened')"),
        ),
        Index("ix_reviews_call_id", "call_id", "purpose"),
        Index(
            "uq_reviews_calibrated",
            "call_id",
            "reviewer_id",
            unique=True,
            postgresql_where=text("calibration_id IS NOT NULL"),
        ),
        Index("ix_reviews_reviewer_id", "reviewer_id", "drawn_on"),
        Index("ix_reviews_waiting", "reviewer_id", postgresql_where=text("state IN ('drawn', 'opened')")),
        Index("ix_reviews_appealed", "scored_at", postgresql_where=text("state = 'appealed'")),
        Index("ix_reviews_agent_id", "agent_id", "scored_at", "review_id", postgresql_where=text("score IS NOT NULL")),
        Index(
            "ix_reviews_arrived_at",
            "arrived_at",
            postgresql_where=text("score IS NOT NULL AND calibration_id IS NULL"),
        ),
        Index("ix_reviews_calibration_id", "calibration_id", postgresql_where=text("calibration_id IS NOT NULL")),
    )

    review_id: Mapped[UUID] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"))
    purpose: Mapped[str]
    why: Mapped[dict[str, Any]]
    calibration_id: Mapped[UUID | None] = mapped_column(ForeignKey("review_calibrations.calibration_id"))
    arrived_at: Mapped[datetime]
    talk_ms: Mapped[int | None]
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    agent_name: Mapped[str]
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    reviewer: Mapped[str]
    sheet_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("score_sheets.row_id"))
    state: Mapped[str]
    revision: Mapped[int]
    answers: Mapped[dict[str, Any]]
    hits: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    score: Mapped[int | None]
    passed: Mapped[bool | None]
    fatal: Mapped[bool | None]
    drawn_on: Mapped[date]
    drawn_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    saved_at: Mapped[datetime | None]
    scored_at: Mapped[datetime | None]
    appeal_until: Mapped[datetime | None]
    void_reason: Mapped[str | None]


class ReviewAppeal(Base):
    """An agent's appeal against a review, once a review. `before` holds score, answers and hits as they were."""

    __tablename__ = "review_appeals"
    __table_args__ = (
        CheckConstraint("outcome IN ('upheld', 'changed')", name="outcome"),
        CheckConstraint(
            "num_nulls(outcome, outcome_reason, decided_at, decided_by_id, decided_by) IN (0, 5)", name="decided"
        ),
    )

    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews.review_id"), primary_key=True)
    reason: Mapped[str]
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    before: Mapped[dict[str, Any]]
    outcome: Mapped[str | None]
    outcome_reason: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))
    decided_by: Mapped[str | None]


class CoachingTask(Base):
    """A clip that an agent is to hear again; `read_at` is the read receipt. The id is made by whoever gives it."""

    __tablename__ = "coaching_tasks"
    __table_args__ = (
        CheckConstraint("from_ms >= 0 AND to_ms > from_ms", name="clip"),
        Index("ix_coaching_tasks_agent_id", "agent_id", "given_at"),
        Index("ix_coaching_tasks_review_id", "review_id"),
    )

    task_id: Mapped[UUID] = mapped_column(primary_key=True)
    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews.review_id"))
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"))
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    agent_name: Mapped[str]
    from_ms: Mapped[int]
    to_ms: Mapped[int]
    text: Mapped[str]
    given_at: Mapped[datetime]
    given_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    given_by: Mapped[str]
    read_at: Mapped[datetime | None]


class ReviewDraw(Base):
    """A draw, so that it can be checked: the seed, and how many calls it gave for which purpose. The nightly one is
    made once a day, by nobody."""

    __tablename__ = "review_draws"
    __table_args__ = (
        Index("uq_review_draws_nightly", "day", unique=True, postgresql_where=text("made_by_id IS NULL")),
    )

    draw_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date]
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))
    seed: Mapped[str]
    counts: Mapped[dict[str, Any]]
