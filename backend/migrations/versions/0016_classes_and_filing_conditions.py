"""classes, crossing index and filing conditions as versioned data.

Revision: 0016, after 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_classes",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("parent_code", sa.String(), nullable=True),
        sa.Column("path", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("group_name", sa.String(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("spelling", sa.String(), nullable=False),
        sa.Column("limit_kind", sa.String(), nullable=False),
        sa.Column("limit_amount", sa.Integer(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("urgency IN ('normal', 'urgent', 'emergency')", name=op.f("ck_case_classes_urgency")),
        sa.CheckConstraint("level BETWEEN 1 AND 4 AND cardinality(path) = level", name=op.f("ck_case_classes_level")),
        sa.CheckConstraint("limit_amount > 0", name=op.f("ck_case_classes_limit")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_case_classes_validity")),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["data_versions.dataset", "data_versions.version"],
            name=op.f("fk_case_classes_dataset_version"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_case_classes")),
    )
    op.create_index("ix_case_classes_validity", "case_classes", ["code", "valid_from"], unique=False)
    op.create_index(
        "uq_case_classes_standing", "case_classes", ["code"], unique=True, postgresql_where=sa.text("valid_to IS NULL")
    )
    op.create_table(
        "crossing_index",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("parent_code", sa.String(), nullable=True),
        sa.Column("path", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("classes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("level BETWEEN 1 AND 3 AND cardinality(path) = level", name=op.f("ck_crossing_index_level")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_crossing_index_validity")),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["data_versions.dataset", "data_versions.version"],
            name=op.f("fk_crossing_index_dataset_version"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_crossing_index")),
    )
    op.create_index("ix_crossing_index_validity", "crossing_index", ["code", "valid_from"], unique=False)
    op.create_index(
        "uq_crossing_index_standing",
        "crossing_index",
        ["code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "filing_conditions",
        sa.Column("needs", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("asks", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("redirect_to", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_filing_conditions_validity")),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["data_versions.dataset", "data_versions.version"],
            name=op.f("fk_filing_conditions_dataset_version"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_filing_conditions")),
    )
    op.create_index("ix_filing_conditions_validity", "filing_conditions", ["code", "valid_from"], unique=False)
    op.create_index(
        "uq_filing_conditions_standing",
        "filing_conditions",
        ["code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.add_column("cases", sa.Column("class_path", postgresql.ARRAY(sa.String()), nullable=True))
    op.execute("UPDATE cases SET class_path = ARRAY[class_name]")  # what stood above it was not kept until now
    op.alter_column("cases", "class_path", nullable=False)


def downgrade() -> None:
    op.drop_column("cases", "class_path")
    op.drop_table("filing_conditions")
    op.drop_table("crossing_index")
    op.drop_table("case_classes")
