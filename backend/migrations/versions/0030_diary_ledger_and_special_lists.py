"""Keep diary, event ledger and special lists, and let cases name the entry that they grew out of.

Revision: 0030, after 0028.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_origins",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('diary', 'ledger', 'special')", name=op.f("ck_case_origins_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_case_origins_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_origins")),
        sa.UniqueConstraint("kind", "entry_id", name=op.f("uq_case_origins_kind_entry_id")),
    )
    op.create_table(
        "round_entries",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("journal", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("class_code", sa.String(), nullable=True),
        sa.Column("class_name", sa.String(), nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("street_code", sa.String(), nullable=False),
        sa.Column("street_name", sa.String(), nullable=False),
        sa.Column("community_code", sa.String(), nullable=False),
        sa.Column("community_name", sa.String(), nullable=False),
        sa.Column("base_grid_code", sa.String(), nullable=True),
        sa.Column("base_grid_name", sa.String(), nullable=True),
        sa.Column("unit_grid_code", sa.String(), nullable=True),
        sa.Column("place_code", sa.String(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by_id", sa.Uuid(), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("amended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("grams", postgresql.TSVECTOR(), nullable=False),
        sa.CheckConstraint("(journal = 'diary') = (kind IS NOT NULL)", name=op.f("ck_round_entries_diary")),
        sa.CheckConstraint("journal = 'diary' OR class_code IS NOT NULL", name=op.f("ck_round_entries_ledger")),
        sa.CheckConstraint("journal IN ('diary', 'ledger')", name=op.f("ck_round_entries_journal")),
        sa.CheckConstraint("kind IN ('heard', 'seen', 'done')", name=op.f("ck_round_entries_kind")),
        sa.CheckConstraint(
            "num_nulls(unit_grid_code, base_grid_code, longitude, latitude) IN (0, 4)",
            name=op.f("ck_round_entries_place"),
        ),
        sa.ForeignKeyConstraint(["written_by_id"], ["users.user_id"], name=op.f("fk_round_entries_written_by_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_round_entries")),
    )
    op.create_index("ix_round_entries_at", "round_entries", ["journal", "at", "entry_id"], unique=False)
    op.create_index(
        "ix_round_entries_community_code",
        "round_entries",
        ["journal", "community_code", "at", "entry_id"],
        unique=False,
    )
    op.create_index(
        "ix_round_entries_grams",
        "round_entries",
        ["grams"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "ix_round_entries_street_code", "round_entries", ["journal", "street_code", "at", "entry_id"], unique=False
    )
    op.create_table(
        "special_kinds",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("class_code", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_special_kinds_validity")),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["data_versions.dataset", "data_versions.version"],
            name=op.f("fk_special_kinds_dataset_version"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_special_kinds")),
    )
    op.create_index("ix_special_kinds_validity", "special_kinds", ["code", "valid_from"], unique=False)
    op.create_index(
        "uq_special_kinds_standing",
        "special_kinds",
        ["code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "special_entries",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("kind_code", sa.String(), nullable=False),
        sa.Column("kind_name", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("street_code", sa.String(), nullable=False),
        sa.Column("street_name", sa.String(), nullable=False),
        sa.Column("community_code", sa.String(), nullable=True),
        sa.Column("community_name", sa.String(), nullable=True),
        sa.Column("base_grid_code", sa.String(), nullable=True),
        sa.Column("base_grid_name", sa.String(), nullable=True),
        sa.Column("unit_grid_code", sa.String(), nullable=True),
        sa.Column("place_code", sa.String(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("unit_code", sa.String(), nullable=True),
        sa.Column("unit_name", sa.String(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=True),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("rectified_by_id", sa.Uuid(), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("grams", postgresql.TSVECTOR(), nullable=False),
        sa.CheckConstraint(
            "state IN ('found', 'assigned', 'rectified', 'checked', 'struck_off')",
            name=op.f("ck_special_entries_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('assigned', 'rectified', 'checked') OR num_nulls(unit_code, unit_name, due_on) = 0",
            name=op.f("ck_special_entries_assigned"),
        ),
        sa.CheckConstraint(
            "num_nulls(unit_grid_code, base_grid_code, longitude, latitude) IN (0, 4)",
            name=op.f("ck_special_entries_place"),
        ),
        sa.ForeignKeyConstraint(["entered_by_id"], ["users.user_id"], name=op.f("fk_special_entries_entered_by_id")),
        sa.ForeignKeyConstraint(
            ["rectified_by_id"], ["users.user_id"], name=op.f("fk_special_entries_rectified_by_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_special_entries")),
    )
    op.create_index(
        "ix_special_entries_community_code",
        "special_entries",
        ["community_code", "entered_at", "entry_id"],
        unique=False,
    )
    op.create_index("ix_special_entries_entered_at", "special_entries", ["entered_at", "entry_id"], unique=False)
    op.create_index(
        "ix_special_entries_grams",
        "special_entries",
        ["grams"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "ix_special_entries_kind_code", "special_entries", ["kind_code", "entered_at", "entry_id"], unique=False
    )
    op.create_index("ix_special_entries_unit_code", "special_entries", ["unit_code", "state", "due_on"], unique=False)
    op.create_index(
        "uq_special_entries_ref",
        "special_entries",
        ["kind_code", "ref"],
        unique=True,
        postgresql_where=sa.text("ref IS NOT NULL"),
    )
    op.create_table(
        "special_events",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["special_entries.entry_id"], name=op.f("fk_special_events_entry_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_special_events")),
    )
    op.create_index("ix_special_events_entry_id", "special_events", ["entry_id", "event_id"], unique=False)


def downgrade() -> None:
    op.drop_table("special_events")
    op.drop_table("special_entries")
    op.drop_table("special_kinds")
    op.drop_table("round_entries")
    op.drop_table("case_origins")
