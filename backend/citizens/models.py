"""What is known of a citizen across calls."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Citizen(Base):
    """The person behind a telephone number, as the last filed case named them."""

    __tablename__ = "citizens"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    e164: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    updated_at: Mapped[datetime]
