"""Keep the attachments of cases, mark recurrences, and keep the patrols that follow a closing.

Revision: 0031, after 0030.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _attachments()
    op.add_column("cases", sa.Column("recurs_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_cases_recurs_id_cases"), "cases", "cases", ["recurs_id"], ["case_id"])
    op.create_index(
        "ix_cases_closed_in",
        "cases",
        ["unit_grid_code", "closed_at"],
        postgresql_where=sa.text("unit_grid_code IS NOT NULL AND closed_at IS NOT NULL"),
    )
    marked = sa.text("recurs_id IS NOT NULL")
    op.create_index("ix_cases_recurs", "cases", ["filed_at", "case_id"], postgresql_where=marked)
    op.create_index("ix_cases_recurs_id", "cases", ["recurs_id"], postgresql_where=marked)
    _patrols()
    op.create_table(
        "patrol_wishes",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("set_at", _MOMENT, nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_patrol_wishes_case_id_cases")),
        sa.ForeignKeyConstraint(["set_by_id"], ["users.user_id"], name=op.f("fk_patrol_wishes_set_by_id_users")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_patrol_wishes")),
    )
    op.create_table(
        "patrol_beats",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("street_code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_patrol_beats_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "street_code", name=op.f("pk_patrol_beats")),
    )


def _patrols() -> None:
    op.create_table(
        "patrols",
        sa.Column("patrol_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("for_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("street_code", sa.String(), nullable=False),
        sa.Column("opens_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
        sa.Column("on_recurrence", sa.String(), nullable=False),
        sa.Column("needs_photo", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.Column("done_by_id", sa.Uuid(), nullable=True),
        sa.Column("done_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("new_case_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'ok', 'recurred', 'missed', 'cancelled')", name=op.f("ck_patrols_state")
        ),
        sa.CheckConstraint("on_recurrence IN ('new_case', 'reopen')", name=op.f("ck_patrols_on_recurrence")),
        sa.CheckConstraint("(state IN ('ok', 'recurred')) = (done_by_id IS NOT NULL)", name=op.f("ck_patrols_done")),
        sa.CheckConstraint("opens_at <= due_at AND due_at <= ends_at", name=op.f("ck_patrols_window")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_patrols_case_id_cases")),
        sa.ForeignKeyConstraint(["done_by_id"], ["users.user_id"], name=op.f("fk_patrols_done_by_id_users")),
        sa.ForeignKeyConstraint(["new_case_id"], ["cases.case_id"], name=op.f("fk_patrols_new_case_id_cases")),
        sa.PrimaryKeyConstraint("patrol_id", name=op.f("pk_patrols")),
        sa.UniqueConstraint("case_id", "series", "n", name=op.f("uq_patrols_case_id_series_n")),
        sa.UniqueConstraint("request_id", name=op.f("uq_patrols_request_id")),
    )
    op.create_index(
        "ix_patrols_waiting", "patrols", ["due_at", "patrol_id"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index(
        "ix_patrols_done_by_id",
        "patrols",
        ["done_by_id", "done_at"],
        postgresql_where=sa.text("done_by_id IS NOT NULL"),
    )


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("attachment_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("task", sa.Integer(), nullable=True),
        sa.Column("patrol_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.CheckConstraint(
            "step IN ('filing', 'dispatch', 'handling', 'verification', 'patrol')", name=op.f("ck_attachments_step")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachments_size")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_attachments_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["users.user_id"], name=op.f("fk_attachments_uploaded_by_id_users")
        ),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("request_id", name=op.f("uq_attachments_request_id")),
    )
    op.create_index("ix_attachments_case_id", "attachments", ["case_id", "uploaded_at", "attachment_id"])
    op.create_table(
        "attachment_intents",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attachment_intents")),
    )
    op.create_index("ix_attachment_intents_begun_at", "attachment_intents", ["begun_at"])


def downgrade() -> None:
    op.drop_table("patrol_beats")
    op.drop_table("patrol_wishes")
    op.drop_table("patrols")
    op.drop_index("ix_cases_recurs_id", "cases")
    op.drop_index("ix_cases_recurs", "cases")
    op.drop_index("ix_cases_closed_in", "cases")
    op.drop_column("cases", "recurs_id")
    op.drop_table("attachment_intents")
    op.drop_table("attachments")
