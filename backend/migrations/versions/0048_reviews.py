"""Keep score sheets, what was drawn for review and how it was scored, appeals, calibrations and coaching tasks.

Revision: 0048, after 0047.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _calibrations()
    _draws()
    _sheets()
    _reviews()
    _coaching()
    _appeals()


def downgrade() -> None:
    for table in ("review_appeals", "coaching_tasks", "reviews", "score_sheets", "review_draws", "review_calibrations"):
        op.drop_table(table)


def _calibrations() -> None:
    op.create_table(
        "review_calibrations",
        sa.Column("calibration_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["users.user_id"], name=op.f("fk_review_calibrations_made_by_id_users")
        ),
        sa.PrimaryKeyConstraint("calibration_id", name=op.f("pk_review_calibrations")),
    )
    op.create_index("ix_review_calibrations_made_at", "review_calibrations", ["made_at"])


def _draws() -> None:
    op.create_table(
        "review_draws",
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.user_id"], name=op.f("fk_review_draws_made_by_id_users")),
        sa.PrimaryKeyConstraint("draw_id", name=op.f("pk_review_draws")),
    )
    op.create_index(
        "uq_review_draws_nightly", "review_draws", ["day"], unique=True, postgresql_where=sa.text("made_by_id IS NULL")
    )


def _sheets() -> None:
    op.create_table(
        "score_sheets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_score_sheets_validity")),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["data_versions.dataset", "data_versions.version"],
            name=op.f("fk_score_sheets_dataset_version_data_versions"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_score_sheets")),
    )
    op.create_index("ix_score_sheets_validity", "score_sheets", ["code", "valid_from"])
    op.create_index(
        "uq_score_sheets_standing", "score_sheets", ["code"], unique=True, postgresql_where=sa.text("valid_to IS NULL")
    )


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("why", postgresql.JSONB(), nullable=False),
        sa.Column("calibration_id", sa.Uuid(), nullable=True),
        sa.Column("arrived_at", _MOMENT, nullable=False),
        sa.Column("talk_ms", sa.Integer(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("agent_name", sa.String(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("sheet_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("hits", postgresql.JSONB(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("fatal", sa.Boolean(), nullable=True),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("drawn_at", _MOMENT, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=True),
        sa.Column("saved_at", _MOMENT, nullable=True),
        sa.Column("scored_at", _MOMENT, nullable=True),
        sa.Column("appeal_until", _MOMENT, nullable=True),
        sa.Column("void_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(purpose = 'calibration') = (calibration_id IS NOT NULL)", name=op.f("ck_reviews_calibration")
        ),
        sa.CheckConstraint("(state = 'void') = (void_reason IS NOT NULL)", name=op.f("ck_reviews_void")),
        sa.CheckConstraint(
            "num_nulls(score, passed, fatal, scored_at) = CASE WHEN state IN ('scored', 'appealed', 'upheld', 'changed') THEN 0 ELSE 4 END",
            name=op.f("ck_reviews_scored"),
        ),
        sa.CheckConstraint(
            "purpose IN ('fatal', 'random', 'risk', 'picked', 'calibration')", name=op.f("ck_reviews_purpose")
        ),
        sa.CheckConstraint(
            "state IN ('drawn', 'opened', 'scored', 'appealed', 'upheld', 'changed', 'void')",
            name=op.f("ck_reviews_state"),
        ),
        sa.CheckConstraint("reviewer_id <> agent_id", name=op.f("ck_reviews_not_oneself")),
        sa.CheckConstraint("score BETWEEN 0 AND 100 AND (NOT fatal OR score = 0)", name=op.f("ck_reviews_score")),
        sa.ForeignKeyConstraint(["agent_id"], ["users.user_id"], name=op.f("fk_reviews_agent_id_users")),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["review_calibrations.calibration_id"],
            name=op.f("fk_reviews_calibration_id_review_calibrations"),
        ),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_reviews_call_id_calls")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.user_id"], name=op.f("fk_reviews_reviewer_id_users")),
        sa.ForeignKeyConstraint(["sheet_id"], ["score_sheets.row_id"], name=op.f("fk_reviews_sheet_id_score_sheets")),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_reviews")),
    )
    op.create_index(
        "ix_reviews_agent_id",
        "reviews",
        ["agent_id", "scored_at", "review_id"],
        postgresql_where=sa.text("score IS NOT NULL"),
    )
    op.create_index("ix_reviews_appealed", "reviews", ["scored_at"], postgresql_where=sa.text("state = 'appealed'"))
    op.create_index(
        "ix_reviews_calibration_id",
        "reviews",
        ["calibration_id"],
        postgresql_where=sa.text("calibration_id IS NOT NULL"),
    )
    op.create_index("ix_reviews_reviewer_id", "reviews", ["reviewer_id", "drawn_on"])
    op.create_index(
        "ix_reviews_waiting", "reviews", ["reviewer_id"], postgresql_where=sa.text("state IN ('drawn', 'opened')")
    )
    op.create_index(
        "uq_reviews_calibrated",
        "reviews",
        ["call_id", "reviewer_id"],
        unique=True,
        postgresql_where=sa.text("calibration_id IS NOT NULL"),
    )
    op.create_index(
        "uq_reviews_call_purpose",
        "reviews",
        ["call_id", "purpose"],
        unique=True,
        postgresql_where=sa.text("calibration_id IS NULL"),
    )


def _coaching() -> None:
    op.create_table(
        "coaching_tasks",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("agent_name", sa.String(), nullable=False),
        sa.Column("from_ms", sa.Integer(), nullable=False),
        sa.Column("to_ms", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.Column("given_by_id", sa.Uuid(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("read_at", _MOMENT, nullable=True),
        sa.CheckConstraint("from_ms >= 0 AND to_ms > from_ms", name=op.f("ck_coaching_tasks_clip")),
        sa.ForeignKeyConstraint(["agent_id"], ["users.user_id"], name=op.f("fk_coaching_tasks_agent_id_users")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_coaching_tasks_call_id_calls")),
        sa.ForeignKeyConstraint(["given_by_id"], ["users.user_id"], name=op.f("fk_coaching_tasks_given_by_id_users")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.review_id"], name=op.f("fk_coaching_tasks_review_id_reviews")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_coaching_tasks")),
    )
    op.create_index("ix_coaching_tasks_agent_id", "coaching_tasks", ["agent_id", "given_at"])
    op.create_index("ix_coaching_tasks_review_id", "coaching_tasks", ["review_id"])


def _appeals() -> None:
    op.create_table(
        "review_appeals",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("outcome_reason", sa.String(), nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.CheckConstraint("outcome IN ('upheld', 'changed')", name=op.f("ck_review_appeals_outcome")),
        sa.CheckConstraint(
            "num_nulls(outcome, outcome_reason, decided_at, decided_by_id, decided_by) IN (0, 5)",
            name=op.f("ck_review_appeals_decided"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["users.user_id"], name=op.f("fk_review_appeals_decided_by_id_users")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.user_id"], name=op.f("fk_review_appeals_made_by_id_users")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.review_id"], name=op.f("fk_review_appeals_review_id_reviews")),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_review_appeals")),
    )
