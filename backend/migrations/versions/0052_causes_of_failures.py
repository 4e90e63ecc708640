"""Keep failures as named errors with their facts, so that they can be told in the language of the screen.

Revision: 0052, after 0048.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0052"
down_revision = "0048"
branch_labels = None
depends_on = None

_TABLES = ("recordings", "transcripts", "quality_trials")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("cause", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "cause")
