"""Tables of the taxonomy: classes in four levels, and the index that crosses them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from backend.kernel.database import Base
from backend.kernel.versions import Versioned, validity


class ClassRow(Versioned, Base):
    """A class of cases, as it was from one day to another.

    `path` holds the names from the major class down to this one, `group_name` what its major class belongs to. The
    limit, the urgency and the duty are those that a case of this class begins with, taken over from the class above
    where the file says nothing; `duty` is "street" or the code of a department. `spelling` gives the syllables where
    the dictionary errs.
    """

    __tablename__ = "case_classes"
    __table_args__ = (
        *validity("case_classes"),
        CheckConstraint("level BETWEEN 1 AND 4 AND cardinality(path) = level", name="level"),
        CheckConstraint("limit_amount > 0", name="limit"),
        CheckConstraint("urgency IN ('normal', 'urgent', 'emergency')", name="urgency"),
    )

    name: Mapped[str]
    level: Mapped[int]
    parent_code: Mapped[str | None]
    path: Mapped[list[str]]
    group_name: Mapped[str]
    aliases: Mapped[list[str]]
    spelling: Mapped[str]
    limit_kind: Mapped[str]
    limit_amount: Mapped[int]
    urgency: Mapped[str]
    duty: Mapped[str]


class IndexRow(Versioned, Base):
    """An entry of the crossing index 七有五性, as it was from one day to another.

    `classes` are the codes of the classes whose cases count under it, with all that lies below them.
    """

    __tablename__ = "crossing_index"
    __table_args__ = (
        *validity("crossing_index"),
        CheckConstraint("level BETWEEN 1 AND 3 AND cardinality(path) = level", name="level"),
    )

    name: Mapped[str]
    level: Mapped[int]
    parent_code: Mapped[str | None]
    path: Mapped[list[str]]
    classes: Mapped[list[str]]
