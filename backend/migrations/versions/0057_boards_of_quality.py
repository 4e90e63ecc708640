"""Let people belong to groups of the hall, and let boards find praise and scores by the day of the call.

Revision: 0057, after 0054.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("team", sa.String(), nullable=True))
    op.create_index(
        "ix_quality_hits_praise", "quality_hits", ["call_id"], postgresql_where=sa.text("severity = 'praise'")
    )
    op.create_index(
        "ix_reviews_arrived_at",
        "reviews",
        ["arrived_at"],
        postgresql_where=sa.text("score IS NOT NULL AND calibration_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_reviews_arrived_at", "reviews")
    op.drop_index("ix_quality_hits_praise", "quality_hits")
    op.drop_column("users", "team")
