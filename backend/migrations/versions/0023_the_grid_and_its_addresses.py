"""Keep the grid, its components and addresses as versioned data, and where on it a case lies.

Revision: 0023, after 0022.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "components",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_components_validity")),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["data_versions.dataset", "data_versions.version"],
            name=op.f("fk_components_dataset_version"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_components")),
    )
    op.create_index("ix_components_validity", "components", ["code", "valid_from"], unique=False)
    op.create_index(
        "uq_components_standing", "components", ["code"], unique=True, postgresql_where=sa.text("valid_to IS NULL")
    )
    op.create_table(
        "grid_areas",
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent_code", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("attention", sa.String(), nullable=True),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.Column("shape", sa.String(), nullable=False),
        sa.Column(
            "spelling",
            sa.String(),
            nullable=False,
            comment="syllables, where the dictionary reads the name in another way",
        ),
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(level = 'base_grid') = (kind IS NOT NULL AND attention IS NOT NULL)", name=op.f("ck_grid_areas_base_grid")
        ),
        sa.CheckConstraint("(level = 'street') = (parent_code IS NULL)", name=op.f("ck_grid_areas_parent")),
        sa.CheckConstraint(
            "level IN ('street', 'community', 'base_grid', 'unit_grid')", name=op.f("ck_grid_areas_level")
        ),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_grid_areas_validity")),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["data_versions.dataset", "data_versions.version"],
            name=op.f("fk_grid_areas_dataset_version"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_grid_areas")),
    )
    op.create_index("ix_grid_areas_validity", "grid_areas", ["code", "valid_from"], unique=False)
    op.create_index(
        "uq_grid_areas_standing", "grid_areas", ["code"], unique=True, postgresql_where=sa.text("valid_to IS NULL")
    )
    op.create_table(
        "places",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("road", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("suffix", sa.String(), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column(
            "spelling",
            sa.String(),
            nullable=False,
            comment="syllables, where the dictionary reads the name in another way",
        ),
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_places_validity")),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["data_versions.dataset", "data_versions.version"],
            name=op.f("fk_places_dataset_version"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_places")),
    )
    op.create_index("ix_places_name", "places", ["name", "number"], unique=False)
    op.create_index("ix_places_validity", "places", ["code", "valid_from"], unique=False)
    op.create_index("uq_places_standing", "places", ["code"], unique=True, postgresql_where=sa.text("valid_to IS NULL"))
    op.add_column("cases", sa.Column("base_grid_code", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("base_grid_name", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("unit_grid_code", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("place_code", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("longitude", sa.Double(), nullable=True))
    op.add_column("cases", sa.Column("latitude", sa.Double(), nullable=True))
    op.create_check_constraint(
        op.f("ck_cases_place"), "cases", "num_nulls(unit_grid_code, base_grid_code, longitude, latitude) IN (0, 4)"
    )
    op.create_index(
        "ix_cases_unit_grid_code",
        "cases",
        ["unit_grid_code", "filed_at"],
        unique=False,
        postgresql_where=sa.text("unit_grid_code IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_cases_unit_grid_code", table_name="cases", postgresql_where=sa.text("unit_grid_code IS NOT NULL"))
    op.drop_column("cases", "latitude")
    op.drop_column("cases", "longitude")
    op.drop_column("cases", "place_code")
    op.drop_column("cases", "unit_grid_code")
    op.drop_column("cases", "base_grid_name")
    op.drop_column("cases", "base_grid_code")
    op.drop_index("uq_places_standing", table_name="places", postgresql_where=sa.text("valid_to IS NULL"))
    op.drop_index("ix_places_validity", table_name="places")
    op.drop_index("ix_places_name", table_name="places")
    op.drop_table("places")
    op.drop_index("uq_grid_areas_standing", table_name="grid_areas", postgresql_where=sa.text("valid_to IS NULL"))
    op.drop_index("ix_grid_areas_validity", table_name="grid_areas")
    op.drop_table("grid_areas")
    op.drop_index("uq_components_standing", table_name="components", postgresql_where=sa.text("valid_to IS NULL"))
    op.drop_index("ix_components_validity", table_name="components")
    op.drop_table("components")
