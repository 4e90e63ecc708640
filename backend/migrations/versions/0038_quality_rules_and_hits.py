"""Keep the rules that calls are checked by, that a call was checked, and what was found in it.

Revision: 0038, after 0035.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0035"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_SEVERITIES = "severity IN ('fatal', 'major', 'minor', 'praise')"


def upgrade() -> None:
    _rules()
    op.create_table(
        "call_checks",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("transcript_revision", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("checked_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_call_checks_call_id_calls")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_checks")),
    )
    op.create_index("ix_call_checks_checked_at", "call_checks", ["checked_at"])
    op.create_table(
        "quality_hits",
        sa.Column("hit_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("from_ms", sa.Integer(), nullable=False),
        sa.Column("to_ms", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("transcript_revision", sa.Integer(), nullable=False),
        sa.Column("found_at", _MOMENT, nullable=False),
        sa.CheckConstraint("leg IN ('caller', 'seat')", name=op.f("ck_quality_hits_leg")),
        sa.CheckConstraint(_SEVERITIES, name=op.f("ck_quality_hits_severity")),
        sa.CheckConstraint("from_ms >= 0 AND to_ms >= from_ms", name=op.f("ck_quality_hits_from_to")),
        sa.CheckConstraint("points >= 0 AND (sure OR points = 0)", name=op.f("ck_quality_hits_points")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_quality_hits_call_id_calls")),
        sa.PrimaryKeyConstraint("hit_id", name=op.f("pk_quality_hits")),
    )
    op.create_index("ix_quality_hits_call_id", "quality_hits", ["call_id", "from_ms"])
    op.create_index("ix_quality_hits_rule_id", "quality_hits", ["rule_id", "found_at"])
    op.create_index(
        "ix_quality_hits_fatal", "quality_hits", ["found_at"], postgresql_where=sa.text("severity = 'fatal'")
    )


def _rules() -> None:
    op.create_table(
        "quality_rules",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_quality_rules_validity")),
        sa.CheckConstraint(_SEVERITIES, name=op.f("ck_quality_rules_severity")),
        sa.CheckConstraint("points BETWEEN 0 AND 100 AND rule_version > 0", name=op.f("ck_quality_rules_points")),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["data_versions.dataset", "data_versions.version"],
            name=op.f("fk_quality_rules_dataset_version_data_versions"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_quality_rules")),
    )
    op.create_index(
        "uq_quality_rules_standing",
        "quality_rules",
        ["code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_index("ix_quality_rules_validity", "quality_rules", ["code", "valid_from"])


def downgrade() -> None:
    op.drop_table("quality_hits")
    op.drop_table("call_checks")
    op.drop_table("quality_rules")
