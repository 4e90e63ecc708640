"""Keep with a transcript where a voice was heard on each leg, and which of the call's texts it is.

Revision: 0035, after 0032.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("transcripts", sa.Column("speech", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.add_column("transcripts", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE transcripts SET revision = 1 WHERE state = 'ready'")
    op.alter_column("transcripts", "speech", server_default=None)
    op.alter_column("transcripts", "revision", server_default=None)


def downgrade() -> None:
    op.drop_column("transcripts", "revision")
    op.drop_column("transcripts", "speech")
