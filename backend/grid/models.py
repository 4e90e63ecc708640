"""Tables of the grid: its areas, the components that stand on it, the addresses that lie in it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base
from backend.kernel.versions import Versioned, validity


class GridArea(Versioned, Base):
    """A street, community, base grid or unit grid, as it was from one day to another.

    `parent_code` is the area of the level above; `shape` a GeoJSON geometry in longitude and latitude (WGS 84).
    """

    __tablename__ = "grid_areas"
    __table_args__ = (
        *validity("grid_areas"),
        CheckConstraint("level IN ('street', 'community', 'base_grid', 'unit_grid')", name="level"),
        CheckConstraint("(level = 'street') = (parent_code IS NULL)", name="parent"),
        CheckConstraint("(level = 'base_grid') = (kind IS NOT NULL AND attention IS NOT NULL)", name="base_grid"),
    )

    level: Mapped[str]
    name: Mapped[str]
    parent_code: Mapped[str | None]
    kind: Mapped[str | None]
    attention: Mapped[str | None]
    area_m2: Mapped[float]
    shape: Mapped[str]
    spelling: Mapped[str] = mapped_column(comment="syllables, where the dictionary reads the name in another way")


class Component(Versioned, Base):
    """A city component 部件 (lamp post, manhole ...). On which grid it stands follows from its point."""

    __tablename__ = "components"
    __table_args__ = (*validity("components"), Index("ix_components_point", "latitude", "longitude"))

    name: Mapped[str]
    longitude: Mapped[float]
    latitude: Mapped[float]


class Place(Versioned, Base):
    """An address. `name` is that of its road or residential area as names are compared, `road` as it is written; the
    building is taken apart as `backend.grid.address` does. In which grid it lies follows from its point."""

    __tablename__ = "places"
    __table_args__ = (*validity("places"), Index("ix_places_name", "name", "number"))

    address: Mapped[str]
    road: Mapped[str]
    name: Mapped[str]
    number: Mapped[int | None]
    mark: Mapped[str]
    suffix: Mapped[str]
    unit: Mapped[int | None]
    longitude: Mapped[float]
    latitude: Mapped[float]
    spelling: Mapped[str] = mapped_column(comment="syllables, where the dictionary reads the name in another way")
