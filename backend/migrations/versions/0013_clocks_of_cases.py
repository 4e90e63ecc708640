"""Keep the clocks of cases and the warnings that were given.

Revision: 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deadlines",
        sa.Column("deadline_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("limit_kind", sa.String(), nullable=False),
        sa.Column("limit_amount", sa.Integer(), nullable=False),
        sa.Column("carried", sa.Interval(), nullable=False),
        sa.Column("extended", sa.Interval(), nullable=False),
        sa.Column("pauses", postgresql.JSONB(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("calendar_version", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name IN ('dispatch', 'feedback', 'handling')", name=op.f("ck_deadlines_name")),
        sa.CheckConstraint("state IN ('running', 'met', 'missed', 'canceled')", name=op.f("ck_deadlines_state")),
        sa.CheckConstraint("(state = 'running') = (ended_at IS NULL)", name=op.f("ck_deadlines_ended")),
        sa.CheckConstraint(
            "due_at >= started_at AND since >= started_at AND ended_at >= started_at", name=op.f("ck_deadlines_order")
        ),
        sa.PrimaryKeyConstraint("deadline_id", name=op.f("pk_deadlines")),
    )
    op.create_index(
        "ix_deadlines_running",
        "deadlines",
        ["case_id", "part", "name"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index("ix_deadlines_case_id", "deadlines", ["case_id", "started_at"])
    op.create_index("ix_deadlines_due_at", "deadlines", ["due_at"], postgresql_where=sa.text("state = 'running'"))
    op.create_table(
        "deadline_warnings",
        sa.Column("deadline_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["deadline_id"], ["deadlines.deadline_id"], name=op.f("fk_deadline_warnings_deadline_id_deadlines")
        ),
        sa.PrimaryKeyConstraint("deadline_id", "revision", "percent", name=op.f("pk_deadline_warnings")),
    )


def downgrade() -> None:
    op.drop_table("deadline_warnings")
    op.drop_table("deadlines")
