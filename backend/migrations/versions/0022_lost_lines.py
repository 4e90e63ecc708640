"""Find lost lines as quickly as missed rings, and tell dialling from talking and the time after the talk from the talk.

Revision: 0022, after 0021.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_seat_changes_missed_rings", table_name="seat_changes")
    _index("ix_seat_changes_alerts", "reason IN ('no_answer', 'line_lost')")
    _allow("calls", "stage", "'arrived', 'queued', 'ringing', 'answered', 'after_talk', 'ended'")
    _allow("seats", "state", "'offline', 'ready', 'ringing', 'dialing', 'talking', 'wrap_up', 'paused'")


def downgrade() -> None:
    op.execute("UPDATE seats SET state = 'talking' WHERE state = 'dialing'")
    op.execute("UPDATE calls SET stage = 'answered' WHERE stage = 'after_talk'")
    _allow("seats", "state", "'offline', 'ready', 'ringing', 'talking', 'wrap_up', 'paused'")
    _allow("calls", "stage", "'arrived', 'queued', 'ringing', 'answered', 'ended'")
    op.drop_index("ix_seat_changes_alerts", table_name="seat_changes")
    _index("ix_seat_changes_missed_rings", "reason = 'no_answer'")


def _index(name: str, where: str) -> None:
    op.create_index(name, "seat_changes", ["at"], unique=False, postgresql_where=sa.text(where))


def _allow(table: str, column: str, values: str) -> None:
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, f"{column} IN ({values})")
