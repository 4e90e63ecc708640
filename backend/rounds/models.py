"""The table of entries of diary and ledger."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class RoundEntry(Base):
    """One entry. Every change raises `version`.

    `entry_id` is made by whoever writes it, and `fingerprint` tells whether it comes again with the same content.
    `document` and `grams` are as `backend.kernel.grams` makes them. Names of areas, class and component are kept as
    they were in force when it was written. Which case it became stands in `case_origins`.
    """

    __tablename__ = "round_entries"
    __table_args__ = (
        CheckConstraint("journal IN ('diary', 'ledger')", name="journal"),
        CheckConstraint("kind IN ('heard', 'seen', 'done')", name="kind"),
        CheckConstraint("(journal = 'diary') = (kind IS NOT NULL)", name="diary"),
        CheckConstraint("journal = 'diary' OR class_code IS NOT NULL", name="ledger"),
        CheckConstraint("num_nulls(unit_grid_code, base_grid_code, longitude, latitude) IN (0, 4)", name="place"),
        CheckConstraint("num_nulls(component_code, component_name) IN (0, 2)", name="component"),
        Index("ix_round_entries_at", "journal", "at", "entry_id"),
        Index("ix_round_entries_street_code", "journal", "street_code", "at", "entry_id"),
        Index("ix_round_entries_community_code", "journal", "community_code", "at", "entry_id"),
        Index("ix_round_entries_grams", "grams", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    journal: Mapped[str]
    version: Mapped[int]
    fingerprint: Mapped[str]
    at: Mapped[datetime]
    kind: Mapped[str | None]
    class_code: Mapped[str | None]
    class_name: Mapped[str | None]
    what: Mapped[str]
    result: Mapped[str]
    address: Mapped[str]
    street_code: Mapped[str]
    street_name: Mapped[str]
    community_code: Mapped[str]
    community_name: Mapped[str]
    base_grid_code: Mapped[str | None]
    base_grid_name: Mapped[str | None]
    unit_grid_code: Mapped[str | None]
    place_code: Mapped[str | None]
    component_code: Mapped[str | None]
    component_name: Mapped[str | None]
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    written_at: Mapped[datetime]
    written_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    written_by: Mapped[str]
    amended_at: Mapped[datetime | None]
    document: Mapped[str]
    grams: Mapped[str] = mapped_column(TSVECTOR)
