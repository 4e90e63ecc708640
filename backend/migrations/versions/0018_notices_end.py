"""notices end.

Revision: 0018, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("seats", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("notices", sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
    # until now a notice was shown for a day, and went to those who sat at its seats when it was sent
    op.execute("""
        UPDATE notices SET ends_at = sent_at + interval '24 hours', seats = CASE WHEN to_all THEN '[]'::jsonb ELSE
            (SELECT coalesce(jsonb_agg(seat ORDER BY seat), '[]'::jsonb) FROM notice_receipts
             WHERE notice_receipts.notice_id = notices.notice_id) END
    """)
    op.alter_column("notices", "seats", nullable=False)
    op.alter_column("notices", "ends_at", nullable=False)
    op.create_index("ix_notices_ends_at", "notices", ["ends_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_notices_ends_at", table_name="notices")
    op.drop_column("notices", "ends_at")
    op.drop_column("notices", "seats")
