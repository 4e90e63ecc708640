"""Let a case name the city component that it is about, and be found by what was added to it and by its source.

The search rows are made anew by the present code, as 0019 makes them: only those of cases that have more to be found by.

Revision: 0047, after 0046.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.cases.search import search_row

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_BATCH = 2000
_COLUMNS = (
    "case_id", "filed_at", "what", "address", "answer", "class_name", "street_name", "community_name", "number",
    "citizen_name", "identity_secret", "street_code", "community_code", "class_code", "channel", "source_reference",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("cases", sa.Column("component_code", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("component_name", sa.String(), nullable=True))
    op.create_check_constraint(
        op.f("ck_cases_component"), "cases", "num_nulls(component_code, component_name) IN (0, 2)"
    )
    op.create_index("ix_components_point", "components", ["latitude", "longitude"])
    _find_by_more()


def downgrade() -> None:
    op.drop_index("ix_components_point", "components")
    op.drop_constraint(op.f("ck_cases_component"), "cases", type_="check")
    op.drop_column("cases", "component_name")
    op.drop_column("cases", "component_code")


def _find_by_more() -> None:
    connection = op.get_bind()
    names = ", ".join(f"cases.{name}" for name in _COLUMNS)
    with_more = sa.text(
        f"SELECT {names}, coalesce(added.forms, '[]') AS forms FROM cases"  # noqa: S608 - names of columns only
        " LEFT JOIN (SELECT case_id, jsonb_agg(content ORDER BY added_at, addition_id) AS forms FROM case_additions"
        " GROUP BY case_id) AS added ON added.case_id = cases.case_id"
        " WHERE added.case_id IS NOT NULL OR cases.source_reference <> ''"
    )
    change = sa.text(
        "UPDATE case_search SET document = :document, citizen = :citizen, grams = CAST(:grams AS tsvector)"
        " WHERE case_id = :case_id"
    )
    cases = connection.execute(with_more, execution_options={"yield_per": _BATCH})
    for batch in cases.mappings().partitions(_BATCH):
        connection.execute(change, [search_row(dict(case), case["forms"]) for case in batch])
