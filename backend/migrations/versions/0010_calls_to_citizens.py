"""Keep each call to a citizen and its result; space and cap those made for a callback visit, and let one fail.

Revision: 0010, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("callbacks", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("callbacks", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("ck_callbacks_state"), "callbacks")
    op.create_check_constraint(
        op.f("ck_callbacks_state"), "callbacks", "state IN ('scheduled', 'done', 'failed', 'canceled')"
    )
    op.create_table(
        "callback_attempts",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("callback_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("agent_name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "result IN ('reached', 'busy', 'no_answer', 'refused', 'wrong_number', 'not_placed')",
            name=op.f("ck_callback_attempts_result"),
        ),
        sa.CheckConstraint("(result IS NULL) = (filed_at IS NULL)", name=op.f("ck_callback_attempts_filed")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["pbx_orders.order_id"], name=op.f("fk_callback_attempts_attempt_id_pbx_orders")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_callback_attempts_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callbacks.callback_id"], name=op.f("fk_callback_attempts_callback_id_callbacks")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_callback_attempts_user_id_users")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_callback_attempts")),
        sa.UniqueConstraint("call_id", name=op.f("uq_callback_attempts_call_id")),
    )
    op.create_index("ix_callback_attempts_case_id", "callback_attempts", ["case_id", "at"])
    op.create_index(
        "ix_callback_attempts_callback_id",
        "callback_attempts",
        ["callback_id"],
        postgresql_where=sa.text("callback_id IS NOT NULL"),
    )
    op.create_index(
        "ix_callback_attempts_open",
        "callback_attempts",
        ["user_id", "at"],
        postgresql_where=sa.text("result IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("callback_attempts")
    op.drop_constraint(op.f("ck_callbacks_state"), "callbacks")
    op.create_check_constraint(op.f("ck_callbacks_state"), "callbacks", "state IN ('scheduled', 'done', 'canceled')")
    op.drop_column("callbacks", "not_before")
    op.drop_column("callbacks", "attempts")
