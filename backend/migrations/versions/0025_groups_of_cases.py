"""Let cases go on under another one, many callers with one cause, and name the source of those that came by no call.

Revision: 0025, after 0024.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_BEFORE = "'filed', 'handling', 'coordination', 'suspended', 'reported', 'verified', 'closed', 'evaluated'"
_AFTER = "'filed', 'handling', 'coordination', 'suspended', 'merged', 'reported', 'verified', 'closed', 'evaluated'"


def upgrade() -> None:
    op.create_table(
        "case_children",
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_by_id", sa.Uuid(), nullable=False),
        sa.Column("linked_by", sa.String(), nullable=False),
        sa.CheckConstraint("child_id <> parent_id", name=op.f("ck_case_children_itself")),
        sa.ForeignKeyConstraint(["child_id"], ["cases.case_id"], name=op.f("fk_case_children_child_id_cases")),
        sa.ForeignKeyConstraint(["linked_by_id"], ["users.user_id"], name=op.f("fk_case_children_linked_by_id_users")),
        sa.ForeignKeyConstraint(["parent_id"], ["cases.case_id"], name=op.f("fk_case_children_parent_id_cases")),
        sa.PrimaryKeyConstraint("child_id", name=op.f("pk_case_children")),
    )
    op.create_index("ix_case_children_parent_id", "case_children", ["parent_id", "child_id"], unique=False)
    _states(_AFTER)
    op.add_column("cases", sa.Column("source_reference", sa.String(), server_default="", nullable=False))
    op.create_index(
        "ix_cases_source",
        "cases",
        ["channel", "source_reference"],
        unique=False,
        postgresql_where=sa.text("source_reference <> ''::text"),
    )


def downgrade() -> None:
    op.drop_index("ix_cases_source", table_name="cases", postgresql_where=sa.text("source_reference <> ''::text"))
    op.drop_column("cases", "source_reference")
    _states(_BEFORE)
    op.drop_table("case_children")


def _states(named: str) -> None:
    op.drop_constraint(op.f("ck_cases_status"), "cases", type_="check")
    op.create_check_constraint(op.f("ck_cases_status"), "cases", f"status IN ({named})")
