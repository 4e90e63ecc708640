"""Time on hold, in the row of each call.

Revision: 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("hold_ms", sa.Integer(), server_default="0", nullable=False))
    op.add_column("calls", sa.Column("held_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("calls", "held_since")
    op.drop_column("calls", "hold_ms")
