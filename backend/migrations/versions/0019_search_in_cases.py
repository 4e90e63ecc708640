"""Find cases by words, and keep filters of the case list.

The search rows of existing cases are made by the present code: what an index holds must be cut as queries are.

Revision: 0019, after 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backend.cases.search import search_row

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_BATCH = 2000
_COLUMNS = (
    "case_id", "filed_at", "what", "address", "answer", "class_name", "street_name", "community_name", "number",
    "citizen_name", "identity_secret", "street_code", "community_code", "class_code", "channel",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "case_search",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("citizen", sa.String(), nullable=False),
        sa.Column("grams", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_case_search_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_search")),
    )
    # long texts and their grams lie beside the table, so that sorting many finds by their time reads few pages
    op.execute("ALTER TABLE case_search SET (toast_tuple_target = 128)")
    _fill()
    op.create_index("ix_case_search_filed_at", "case_search", ["filed_at", "case_id"])
    op.create_index(
        "ix_case_search_grams", "case_search", ["grams"], postgresql_using="gin", postgresql_with={"fastupdate": "off"}
    )
    pattern = {"class_code": "text_pattern_ops"}
    op.create_index("ix_cases_class_code", "cases", ["class_code", "filed_at", "case_id"], postgresql_ops=pattern)
    op.create_index("ix_cases_community_code", "cases", ["community_code", "filed_at", "case_id"])
    op.create_table(
        "case_filters",
        sa.Column("filter_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_case_filters_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("filter_id", name=op.f("pk_case_filters")),
    )
    op.create_index("uq_case_filters_name", "case_filters", ["user_id", "name"], unique=True)
    op.create_index(
        "uq_case_filters_default", "case_filters", ["user_id"], unique=True, postgresql_where=sa.text("is_default")
    )


def downgrade() -> None:
    op.drop_table("case_filters")
    op.drop_index("ix_cases_community_code", "cases")
    op.drop_index("ix_cases_class_code", "cases")
    op.drop_table("case_search")


def _fill() -> None:
    connection = op.get_bind()
    insert = sa.text(
        "INSERT INTO case_search (case_id, filed_at, document, citizen, grams)"
        " VALUES (:case_id, :filed_at, :document, :citizen, CAST(:grams AS tsvector))"
    )
    every = sa.text(f"SELECT {', '.join(_COLUMNS)} FROM cases")  # noqa: S608 - names of columns, none of them given
    cases = connection.execute(every, execution_options={"yield_per": _BATCH})
    for batch in cases.mappings().partitions(_BATCH):
        connection.execute(insert, [search_row(dict(case)) for case in batch])
