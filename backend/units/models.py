"""The table of units."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from backend.kernel.database import Base
from backend.kernel.versions import Versioned, validity


class Unit(Versioned, Base):
    """A unit 承办单位, as it was from one day to another. `spelling` gives the syllables where the dictionary errs."""

    __tablename__ = "units"
    __table_args__ = (
        *validity("units"),
        CheckConstraint("kind IN ('centre', 'reception', 'street', 'community', 'department')", name="kind"),
    )

    name: Mapped[str]
    kind: Mapped[str]
    parent_code: Mapped[str | None]
    aliases: Mapped[list[str]]
    duties: Mapped[list[str]]
    spelling: Mapped[str]
