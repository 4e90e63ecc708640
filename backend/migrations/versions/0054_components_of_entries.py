"""Let entries of diary, ledger and special lists name the city component that they are about.

Revision: 0054, after 0053.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_TABLES = ("round_entries", "special_entries")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("component_code", sa.String(), nullable=True))
        op.add_column(table, sa.Column("component_name", sa.String(), nullable=True))
        op.create_check_constraint(
            op.f(f"ck_{table}_component"), table, "num_nulls(component_code, component_name) IN (0, 2)"
        )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_constraint(op.f(f"ck_{table}_component"), table, type_="check")
        op.drop_column(table, "component_name")
        op.drop_column(table, "component_code")
