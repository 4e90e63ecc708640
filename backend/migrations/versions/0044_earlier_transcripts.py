"""Keep the texts that a call had before, and what each text cost, so that speed and failures can be watched.

Revision: 0044, after 0038.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "earlier_transcripts",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("settings", postgresql.JSONB(), nullable=False),
        sa.Column("turns", postgresql.JSONB(), nullable=False),
        sa.Column("speech", postgresql.JSONB(), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_earlier_transcripts_call_id")),
        sa.PrimaryKeyConstraint("call_id", "revision", name=op.f("pk_earlier_transcripts")),
    )
    op.add_column("transcripts", sa.Column("audio_ms", sa.Integer(), nullable=True))
    op.add_column("transcripts", sa.Column("cpu_ms", sa.Integer(), nullable=True))
    op.create_check_constraint(op.f("ck_transcripts_revision"), "transcripts", "(state = 'ready') = (revision > 0)")
    op.create_index("ix_transcripts_created_at", "transcripts", ["created_at"])
    op.create_index(
        "ix_transcripts_failed", "transcripts", ["created_at"], postgresql_where=sa.text("state = 'failed'")
    )


def downgrade() -> None:
    op.drop_index("ix_transcripts_failed", table_name="transcripts")
    op.drop_index("ix_transcripts_created_at", table_name="transcripts")
    op.drop_constraint(op.f("ck_transcripts_revision"), "transcripts", type_="check")
    op.drop_column("transcripts", "cpu_ms")
    op.drop_column("transcripts", "audio_ms")
    op.drop_table("earlier_transcripts")
