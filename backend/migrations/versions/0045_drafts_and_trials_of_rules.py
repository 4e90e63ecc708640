"""Keep drafts of quality rules, their trials on past calls, and what people did with a rule.

Revision: 0045, after 0044.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "quality_drafts",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'trial', 'active', 'retired')", name=op.f("ck_quality_drafts_state")),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["users.user_id"], name=op.f("fk_quality_drafts_changed_by_id_users")
        ),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_quality_drafts")),
    )
    op.create_index(
        "uq_quality_drafts_open",
        "quality_drafts",
        ["rule_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('draft', 'trial')"),
    )
    op.create_table(
        "quality_trials",
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("draft_revision", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("result", postgresql.JSONB(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_quality_trials_state")),
        sa.CheckConstraint("from_day <= to_day", name=op.f("ck_quality_trials_days")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["quality_drafts.draft_id"], name=op.f("fk_quality_trials_draft_id_quality_drafts")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["users.user_id"], name=op.f("fk_quality_trials_requested_by_id_users")
        ),
        sa.PrimaryKeyConstraint("trial_id", name=op.f("pk_quality_trials")),
    )
    op.create_index("ix_quality_trials_draft_id", "quality_trials", ["draft_id", "requested_at"])
    op.create_table(
        "quality_rule_events",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.user_id"], name=op.f("fk_quality_rule_events_actor_id_users")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_quality_rule_events")),
    )
    op.create_index("ix_quality_rule_events_rule_id", "quality_rule_events", ["rule_id", "event_id"])


def downgrade() -> None:
    op.drop_table("quality_rule_events")
    op.drop_table("quality_trials")
    op.drop_table("quality_drafts")
