"""Keep orders to check the calls of earlier days anew, and the hits that a later check no longer found.

Revision: 0053, after 0052.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "quality_rechecks",
        sa.Column("recheck_id", sa.Uuid(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("rules_of", sa.Date(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("after_at", _MOMENT, nullable=True),
        sa.Column("after_call", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("cause", postgresql.JSONB(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_quality_rechecks_state")),
        sa.CheckConstraint("from_day <= to_day", name=op.f("ck_quality_rechecks_days")),
        sa.CheckConstraint("(after_at IS NULL) = (after_call IS NULL)", name=op.f("ck_quality_rechecks_after")),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["users.user_id"], name=op.f("fk_quality_rechecks_requested_by_id_users")
        ),
        sa.PrimaryKeyConstraint("recheck_id", name=op.f("pk_quality_rechecks")),
    )
    op.create_index("ix_quality_rechecks_requested_at", "quality_rechecks", ["requested_at"])
    op.add_column("call_checks", sa.Column("recheck_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_call_checks_recheck_id_quality_rechecks"),
        "call_checks",
        "quality_rechecks",
        ["recheck_id"],
        ["recheck_id"],
    )
    _earlier_hits()


def _earlier_hits() -> None:
    op.create_table(
        "quality_earlier_hits",
        sa.Column("hit_id", sa.Uuid(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=False),
        sa.Column("replaced_at", _MOMENT, nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("from_ms", sa.Integer(), nullable=False),
        sa.Column("to_ms", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("transcript_revision", sa.Integer(), nullable=False),
        sa.Column("found_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_quality_earlier_hits_call_id_calls")),
        sa.PrimaryKeyConstraint("hit_id", "replaced_by", name=op.f("pk_quality_earlier_hits")),
    )
    op.create_index("ix_quality_earlier_hits_call_id", "quality_earlier_hits", ["call_id"])


def downgrade() -> None:
    op.drop_table("quality_earlier_hits")
    op.drop_constraint(op.f("fk_call_checks_recheck_id_quality_rechecks"), "call_checks", type_="foreignkey")
    op.drop_column("call_checks", "recheck_id")
    op.drop_table("quality_rechecks")
