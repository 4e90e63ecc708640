"""Keep what citizens add to a case that is open already, and find the open cases of a street and of a grid.

Revision: 0024, after 0023.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_additions",
        sa.Column("addition_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("urging", sa.Boolean(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", sa.Uuid(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["added_by_id"], ["users.user_id"], name=op.f("fk_case_additions_added_by_id_users")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_case_additions_case_id_cases")),
        sa.PrimaryKeyConstraint("addition_id", name=op.f("pk_case_additions")),
        sa.UniqueConstraint("request_id", name=op.f("uq_case_additions_request_id")),
    )
    op.create_index("ix_case_additions_case_id", "case_additions", ["case_id", "added_at"], unique=False)
    op.create_index(
        "ix_case_additions_draft_id",
        "case_additions",
        ["draft_id"],
        unique=False,
        postgresql_where=sa.text("draft_id IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_open_street",
        "cases",
        ["street_code", "filed_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_cases_open_unit_grid",
        "cases",
        ["unit_grid_code", "filed_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_cases_open_unit_grid", table_name="cases", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index("ix_cases_open_street", table_name="cases", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_table("case_additions")
