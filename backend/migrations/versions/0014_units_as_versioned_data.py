"""units as versioned data.

Revision: 0014, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_versions",
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "version", name=op.f("pk_data_versions")),
    )
    op.create_index("uq_data_versions_number", "data_versions", ["number"], unique=True)
    op.create_table(
        "units",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parent_code", sa.String(), nullable=True),
        sa.Column("aliases", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("duties", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("spelling", sa.String(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('centre', 'reception', 'street', 'community', 'department')", name=op.f("ck_units_kind")
        ),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_units_validity")),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["data_versions.dataset", "data_versions.version"],
            name=op.f("fk_units_dataset_version"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_units")),
    )
    op.create_index("uq_units_standing", "units", ["code"], unique=True, postgresql_where=sa.text("valid_to IS NULL"))
    op.create_index("ix_units_validity", "units", ["code", "valid_from"], unique=False)
    op.add_column("users", sa.Column("unit_code", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("users", "unit_code")
    op.drop_table("units")
    op.drop_table("data_versions")
