"""Keep the exports of the case list.

Revision: 0021, after 0020.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_exports",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("names", sa.Boolean(), nullable=False),
        sa.Column("whole_numbers", sa.Boolean(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'expired')", name=op.f("ck_case_exports_state")
        ),
        sa.CheckConstraint(
            "(state = 'done') <= (key IS NOT NULL AND expires_at IS NOT NULL)", name=op.f("ck_case_exports_file")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_case_exports_user_id_users")),
        sa.PrimaryKeyConstraint("export_id", name=op.f("pk_case_exports")),
    )
    op.create_index("ix_case_exports_user_id", "case_exports", ["user_id", "requested_at"])
    op.create_index(
        "ix_case_exports_expires_at", "case_exports", ["expires_at"], postgresql_where=sa.text("state = 'done'")
    )


def downgrade() -> None:
    op.drop_table("case_exports")
