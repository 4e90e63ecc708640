"""Tables of the case list: what is searched, and the filters that people keep."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class CaseSearch(Base):
    """What a case is found by, beside the case: a status that moves ten times leaves it alone.

    `document` and `citizen` are texts as `backend.kernel.grams.document` gives them, `grams` holds the grams of both
    and the facets that seldom change. The name of a citizen who wishes secrecy is not in it.
    """

    __tablename__ = "case_search"
    __table_args__ = (
        Index("ix_case_search_filed_at", "filed_at", "case_id"),
        # without the list of pending entries, which every search would have to read from end to end
        Index("ix_case_search_grams", "grams", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), primary_key=True)
    filed_at: Mapped[datetime]
    document: Mapped[str]
    citizen: Mapped[str]
    grams: Mapped[str] = mapped_column(TSVECTOR)


class SavedFilter(Base):
    """A filter of the case list that a person keeps under a name; at most one of theirs is where the list begins."""

    __tablename__ = "case_filters"
    __table_args__ = (
        Index("uq_case_filters_name", "user_id", "name", unique=True),
        Index("uq_case_filters_default", "user_id", unique=True, postgresql_where=text("is_default")),
    )

    filter_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"))
    name: Mapped[str]
    content: Mapped[dict[str, Any]]
    is_default: Mapped[bool]
    saved_at: Mapped[datetime]


class CaseExport(Base):
    """An export of what a filter finds (see `backend.cases.export_states`).

    `content` is a `CaseFilterContent`; `names` and `whole_numbers` are what its owner may see and asked for. `total` is
    how many rows it was to have when it was asked for, `rows` how many are written. The file lies in the file store.
    `cause` is what `problem` was as a named error (`HotlineError.cause`), None of what was kept before errors were.
    """

    __tablename__ = "case_exports"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'expired')", name="state"),
        CheckConstraint("(state = 'done') <= (key IS NOT NULL AND expires_at IS NOT NULL)", name="file"),
        Index("ix_case_exports_user_id", "user_id", "requested_at"),
        Index("ix_case_exports_expires_at", "expires_at", postgresql_where=text("state = 'done'")),
    )

    export_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    state: Mapped[str]
    content: Mapped[dict[str, Any]]
    names: Mapped[bool]
    whole_numbers: Mapped[bool]
    total: Mapped[int]
    rows: Mapped[int]
    key: Mapped[str | None]
    sha256: Mapped[str | None]
    problem: Mapped[str | None]
    cause: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
