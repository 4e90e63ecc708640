"""Keep why an export failed as a named error with its facts, so that it can be told in the language of the screen.

Revision: 0059, after 0057.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0059"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_exports", sa.Column("cause", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("case_exports", "cause")
