"""Tables of special lists: the entries and their history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class SpecialEntry(Base):
    """One entry. Every change raises `version`.

    `ref` is what the file that it was loaded from calls it, once for each kind; None for what was entered in the
    console, whose id is made by whoever enters it. `fingerprint` tells whether it comes again with the same content.
    """

    __tablename__ = "special_entries"
    __table_args__ = (
        CheckConstraint("state IN ('found', 'assigned', 'rectified', 'checked', 'struck_off')", name="state"),
        CheckConstraint(
            "state NOT IN ('assigned', 'rectified', 'checked') OR num_nulls(unit_code, unit_name, due_on) = 0",
            name="assigned",
        ),
        CheckConstraint("num_nulls(unit_grid_code, base_grid_code, longitude, latitude) IN (0, 4)", name="place"),
        CheckConstraint("num_nulls(component_code, component_name) IN (0, 2)", name="component"),
        Index("uq_special_entries_ref", "kind_code", "ref", unique=True, postgresql_where=text("ref IS NOT NULL")),
        Index("ix_special_entries_entered_at", "entered_at", "entry_id"),
        Index("ix_special_entries_kind_code", "kind_code", "entered_at", "entry_id"),
        Index("ix_special_entries_unit_code", "unit_code", "state", "due_on"),
        Index("ix_special_entries_community_code", "community_code", "entered_at", "entry_id"),
        Index("ix_special_entries_grams", "grams", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind_code: Mapped[str]
    kind_name: Mapped[str]
    ref: Mapped[str | None]
    fingerprint: Mapped[str]
    version: Mapped[int]
    state: Mapped[str]
    what: Mapped[str]
    address: Mapped[str]
    street_code: Mapped[str]
    street_name: Mapped[str]
    community_code: Mapped[str | None]
    community_name: Mapped[str | None]
    base_grid_code: Mapped[str | None]
    base_grid_name: Mapped[str | None]
    unit_grid_code: Mapped[str | None]
    place_code: Mapped[str | None]
    component_code: Mapped[str | None]
    component_name: Mapped[str | None]
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    unit_code: Mapped[str | None]
    unit_name: Mapped[str | None]
    due_on: Mapped[date | None]
    found_on: Mapped[date]
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))
    entered_by: Mapped[str]
    rectified_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))
    document: Mapped[str]
    grams: Mapped[str] = mapped_column(TSVECTOR)


class SpecialEvent(Base):
    """One step of an entry's history; never changed, never deleted. `actor` None is whoever loaded the file."""

    __tablename__ = "special_events"
    __table_args__ = (Index("ix_special_events_entry_id", "entry_id", "event_id"),)

    event_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("special_entries.entry_id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor: Mapped[str | None]
    detail: Mapped[dict[str, Any]]
