"""Keep which cases were declared hard, and find them in lists by the entry of their time line.

Revision: 0032, after 0031.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("loops", sa.Column("hard", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("loops", "hard", server_default=None)
    op.create_index(
        "ix_case_events_hard", "case_events", ["case_id"], postgresql_where=sa.text("kind = 'declared_hard'")
    )


def downgrade() -> None:
    op.drop_index("ix_case_events_hard", table_name="case_events")
    op.drop_column("loops", "hard")
