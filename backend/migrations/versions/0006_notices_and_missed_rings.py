"""Keep notices with their receipts, and find the rings that nobody took without reading every change of a seat.

Revision: 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("to_all", sa.Boolean(), nullable=False),
        sa.Column("sent_by", sa.Uuid(), nullable=False),
        sa.Column("sender_name", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_sent_at", "notices", ["sent_at"], unique=False)
    op.create_table(
        "notice_receipts",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("agent_name", sa.String(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.notice_id"], name=op.f("fk_notice_receipts_notice_id_notices")
        ),
        sa.PrimaryKeyConstraint("notice_id", "user_id", name=op.f("pk_notice_receipts")),
    )
    op.create_index("ix_notice_receipts_user_id", "notice_receipts", ["user_id"], unique=False)
    op.create_index(
        "ix_seat_changes_missed_rings",
        "seat_changes",
        ["at"],
        unique=False,
        postgresql_where=sa.text("reason = 'no_answer'"),
    )


def downgrade() -> None:
    op.drop_index("ix_seat_changes_missed_rings", table_name="seat_changes")
    op.drop_table("notice_receipts")
    op.drop_table("notices")
