"""Send cases round the seven-step loop: their further states, the units' tasks and requests for more time.

Cases that stand now are filed or closed, and stay so.

Revision: 0020, after 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_STATES = "'filed', 'handling', 'coordination', 'suspended', 'reported', 'verified', 'closed', 'evaluated'"


def upgrade() -> None:
    op.add_column("cases", sa.Column("limit_kind", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("limit_amount", sa.Integer(), nullable=True))
    op.add_column("cases", sa.Column("duty", sa.String(), nullable=True))
    op.drop_constraint(op.f("ck_cases_status"), "cases")
    op.create_check_constraint(op.f("ck_cases_status"), "cases", f"status IN ({_STATES})")
    op.drop_constraint(op.f("ck_cases_closed"), "cases")
    op.create_check_constraint(
        op.f("ck_cases_closed"), "cases", "(status IN ('closed', 'evaluated')) = (closed_at IS NOT NULL)"
    )
    _index_open_cases("closed_at IS NULL")
    op.create_index(
        "ix_cases_open_status", "cases", ["status", "filed_at"], postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_table(
        "loops",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("suspended_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_as", sa.String(), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("urged", sa.Integer(), nullable=False),
        sa.Column("supervised", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "closed_as IN ('answered_at_once', 'out_of_scope', 'withdrawn', 'handled')",
            name=op.f("ck_loops_closed_as"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_loops_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_loops")),
    )
    op.create_table(
        "tasks",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(), nullable=False),
        sa.Column("unit_name", sa.String(), nullable=False),
        sa.Column("unit_kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("binding", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('lead', 'help', 'site', 'reply')", name=op.f("ck_tasks_role")),
        sa.CheckConstraint(
            "state IN ('sent', 'signed', 'reported', 'returned', 'escalated', 'recalled')",
            name=op.f("ck_tasks_state"),
        ),
        sa.CheckConstraint("(state IN ('sent', 'signed')) = (ended_at IS NULL)", name=op.f("ck_tasks_ended")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_tasks_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "n", name=op.f("pk_tasks")),
    )
    op.create_index(
        "ix_tasks_open", "tasks", ["unit_code", "sent_at"], postgresql_where=sa.text("state IN ('sent', 'signed')")
    )
    op.create_index("ix_tasks_unit_code", "tasks", ["unit_code", "sent_at", "case_id", "n"])
    op.create_table(
        "extensions",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("agreed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'agreed', 'granted', 'declined', 'lapsed')", name=op.f("ck_extensions_state")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_extensions_amount")),
        sa.ForeignKeyConstraint(["agreed_by"], ["users.user_id"], name=op.f("fk_extensions_agreed_by_users")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.user_id"], name=op.f("fk_extensions_asked_by_users")),
        sa.ForeignKeyConstraint(
            ["case_id", "task"], ["tasks.case_id", "tasks.n"], name=op.f("fk_extensions_case_id_tasks")
        ),
        sa.PrimaryKeyConstraint("case_id", "n", name=op.f("pk_extensions")),
    )
    op.create_index(
        "ix_extensions_undecided",
        "extensions",
        ["state"],
        postgresql_where=sa.text("state IN ('asked', 'agreed')"),
    )
    op.create_table(
        "callback_answers",
        sa.Column("callback_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("contacted", sa.Boolean(), nullable=False),
        sa.Column("solved", sa.String(), nullable=False),
        sa.Column("satisfied", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by_id", sa.Uuid(), nullable=False),
        sa.Column("answered_by", sa.String(), nullable=False),
        sa.CheckConstraint("solved IN ('yes', 'half', 'no')", name=op.f("ck_callback_answers_solved")),
        sa.CheckConstraint(
            "satisfied IN ('very', 'satisfied', 'basically', 'dissatisfied')",
            name=op.f("ck_callback_answers_satisfied"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["users.user_id"], name=op.f("fk_callback_answers_answered_by_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callbacks.callback_id"], name=op.f("fk_callback_answers_callback_id_callbacks")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_callback_answers_case_id_cases")),
        sa.PrimaryKeyConstraint("callback_id", name=op.f("pk_callback_answers")),
    )
    op.create_index("ix_callback_answers_case_id", "callback_answers", ["case_id", "answered_at"])
    op.create_index("ix_callback_answers_answered_at", "callback_answers", ["answered_at"])


def downgrade() -> None:
    op.drop_table("callback_answers")
    op.drop_table("extensions")
    op.drop_table("tasks")
    op.drop_table("loops")
    op.drop_index("ix_cases_open_status", table_name="cases")
    _index_open_cases("status = 'filed'")
    op.drop_constraint(op.f("ck_cases_closed"), "cases")
    op.create_check_constraint(op.f("ck_cases_closed"), "cases", "(status = 'closed') = (closed_at IS NOT NULL)")
    op.drop_constraint(op.f("ck_cases_status"), "cases")
    op.create_check_constraint(op.f("ck_cases_status"), "cases", "status IN ('filed', 'closed')")
    for column in ("duty", "limit_amount", "limit_kind"):
        op.drop_column("cases", column)


def _index_open_cases(is_open: str) -> None:
    op.drop_index("ix_cases_open_taken_by", table_name="cases")
    op.create_index(
        "ix_cases_open_taken_by",
        "cases",
        ["filed_by_id"],
        postgresql_where=sa.text(f"{is_open} AND caller_e164 IS NOT NULL"),
    )
    op.drop_index("ix_cases_open_emergency", table_name="cases")
    op.create_index(
        "ix_cases_open_emergency",
        "cases",
        ["caller_e164"],
        postgresql_where=sa.text(f"{is_open} AND urgency = 'emergency'"),
    )
