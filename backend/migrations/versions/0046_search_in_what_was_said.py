"""Find calls by what was said in them.

The rows of existing transcripts are made by the present code: what an index holds must be cut as queries are.

Revision: 0046, after 0045.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backend.calls.findable import said_row

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_BATCH = 500


def upgrade() -> None:
    op.create_table(
        "call_said",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("grams", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_call_said_call_id_calls")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_said")),
    )
    # long texts and their grams lie beside the table, so that sorting many finds by their time reads few pages
    op.execute("ALTER TABLE call_said SET (toast_tuple_target = 128)")
    _fill()
    op.create_index("ix_call_said_arrived_at", "call_said", ["arrived_at", "call_id"])
    op.create_index(
        "ix_call_said_grams", "call_said", ["grams"], postgresql_using="gin", postgresql_with={"fastupdate": "off"}
    )


def downgrade() -> None:
    op.drop_table("call_said")


def _fill() -> None:
    connection = op.get_bind()
    insert = sa.text(
        "INSERT INTO call_said (call_id, arrived_at, caller, seat, grams)"
        " VALUES (:call_id, :arrived_at, :caller, :seat, CAST(:grams AS tsvector))"
    )
    every = sa.text(
        "SELECT call_id, arrived_at, turns FROM transcripts JOIN calls USING (call_id) WHERE transcripts.state = 'ready'"
    )
    transcripts = connection.execute(every, execution_options={"yield_per": _BATCH})
    for batch in transcripts.mappings().partitions(_BATCH):
        rows = [
            {"call_id": each["call_id"], "arrived_at": each["arrived_at"]} | said_row(each["turns"]) for each in batch
        ]
        connection.execute(insert, rows)
