"""Keep the orders to the PBX: given once, taken by compare-and-set before anything is sent, never carried out twice.

Revision: 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pbx_orders",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("seat", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ordered_by_id", sa.Uuid(), nullable=False),
        sa.Column("ordered_by", sa.String(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("(state IN ('ordered', 'taken')) = (ended_at IS NULL)", name=op.f("ck_pbx_orders_ended")),
        sa.CheckConstraint("(taken_by IS NULL) = (taken_at IS NULL)", name=op.f("ck_pbx_orders_taken")),
        sa.CheckConstraint("state <> 'taken' OR taken_at IS NOT NULL", name=op.f("ck_pbx_orders_taken_by_somebody")),
        sa.CheckConstraint(
            "state IN ('ordered', 'taken', 'done', 'failed', 'unknown', 'expired')", name=op.f("ck_pbx_orders_state")
        ),
        sa.ForeignKeyConstraint(["ordered_by_id"], ["users.user_id"], name=op.f("fk_pbx_orders_ordered_by_id_users")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_pbx_orders")),
    )
    op.create_index(
        "ix_pbx_orders_open", "pbx_orders", ["host", "ordered_at"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index("ix_pbx_orders_call_id", "pbx_orders", ["call_id"], postgresql_where=sa.text("call_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_table("pbx_orders")
