"""Keep time-out appeals, what of the clocks they exempt from statistics, and what batches dispatched.

Revision: 0028, after 0025.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deadlines", sa.Column("exempted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("deadlines", "exempted", server_default=None)
    op.create_check_constraint(op.f("ck_deadlines_exempted"), "deadlines", "state = 'missed' OR NOT exempted")
    op.create_table(
        "appeals",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(), nullable=False),
        sa.Column("unit_name", sa.String(), nullable=False),
        sa.Column("unit_kind", sa.String(), nullable=False),
        sa.Column("clocks", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("supported_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('made', 'supported', 'granted', 'declined')", name=op.f("ck_appeals_state")),
        sa.CheckConstraint(
            "(state IN ('granted', 'declined')) = (decided_by_id IS NOT NULL)", name=op.f("ck_appeals_decided")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_appeals_case_id_cases")),
        *(
            sa.ForeignKeyConstraint([column], ["users.user_id"], name=op.f(f"fk_appeals_{column}_users"))
            for column in ("made_by_id", "supported_by_id", "decided_by_id")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_appeals")),
    )
    op.create_index(
        "ix_appeals_open", "appeals", ["made_at"], postgresql_where=sa.text("state IN ('made', 'supported')")
    )
    op.create_table(
        "batched_cases",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("units", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_batched_cases_case_id_cases")),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_batched_cases_user_id_users")),
        sa.PrimaryKeyConstraint("request_id", "case_id", name=op.f("pk_batched_cases")),
    )


def downgrade() -> None:
    op.drop_table("batched_cases")
    op.drop_table("appeals")
    op.drop_constraint(op.f("ck_deadlines_exempted"), "deadlines")
    op.drop_column("deadlines", "exempted")
