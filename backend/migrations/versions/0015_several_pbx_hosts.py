"""several pbx hosts.

Revision: 0015, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("seats", sa.Column("host", sa.String(), server_default="hotline", nullable=False))
    op.add_column("calls", sa.Column("continues", sa.String(), nullable=True))
    op.add_column("calls", sa.Column("handed_to", sa.String(), nullable=True))
    op.add_column("calls", sa.Column("waited_ms", sa.Integer(), server_default="0", nullable=False))
    op.add_column("calls", sa.Column("counted", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_index(
        "ix_calls_continues",
        "calls",
        ["continues"],
        unique=False,
        postgresql_where=sa.text("continues IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_calls_continues", table_name="calls")
    op.drop_column("calls", "counted")
    op.drop_column("calls", "waited_ms")
    op.drop_column("calls", "handed_to")
    op.drop_column("calls", "continues")
    op.drop_column("seats", "host")
