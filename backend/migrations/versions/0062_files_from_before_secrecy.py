"""Know since when a citizen wants to stay unknown, and which file from before was let go on to the units.

Revision: 0062, after 0060.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("secret_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attachments", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("attachments", "released_at")
    op.drop_column("cases", "secret_since")
