"""Let a call that was judged for a fatal hit be drawn again when a later check finds another.

Revision: 0060, after 0059.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

_WAITING = "purpose = 'fatal' AND state IN ('drawn', 'opened')"


def upgrade() -> None:
    op.drop_index("uq_reviews_call_purpose", "reviews")
    _one_a_purpose("calibration_id IS NULL AND purpose <> 'fatal'")
    op.create_index("uq_reviews_fatal_waiting", "reviews", ["call_id"], unique=True, postgresql_where=sa.text(_WAITING))
    op.create_index("ix_reviews_call_id", "reviews", ["call_id", "purpose"])


def downgrade() -> None:
    op.drop_index("ix_reviews_call_id", "reviews")
    op.drop_index("uq_reviews_fatal_waiting", "reviews")
    op.drop_index("uq_reviews_call_purpose", "reviews")
    _one_a_purpose("calibration_id IS NULL")


def _one_a_purpose(of: str) -> None:
    op.create_index(
        "uq_reviews_call_purpose", "reviews", ["call_id", "purpose"], unique=True, postgresql_where=sa.text(of)
    )
