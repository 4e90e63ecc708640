"""The kinds of special lists: data with a version (configs/special), never code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from backend.kernel.database import Base
from backend.kernel.datafile import Misplaced
from backend.kernel.loading import DataHead, Dataset, Entry
from backend.kernel.versions import InForce, Versioned, in_force, validity
from backend.rectification.schemas import SpecialKind
from backend.taxonomy.models import ClassRow


class SpecialKindRow(Versioned, Base):
    """One kind of list, as it was from one day to another."""

    __tablename__ = "special_kinds"
    __table_args__ = validity("special_kinds")

    name: Mapped[str]
    class_code: Mapped[str]
    days: Mapped[int]
    what: Mapped[str]


class KindEntry(BaseModel):
    """One kind: what stands on the list, the class of a case that grows out of it, the days that are usually given."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    code: str = Field(pattern=r"^[0-9A-Z]{2,12}$")
    name: str = Field(min_length=1, max_length=40)
    class_code: str = Field(alias="class", min_length=1, max_length=32)
    days: int = Field(ge=1, le=1000)
    what: str = Field(default="", max_length=200)


class KindFile(DataHead):
    """All kinds."""

    kinds: tuple[KindEntry, ...] = Field(min_length=1)


async def kinds_on(session: AsyncSession, day: date) -> dict[str, SpecialKind]:
    """The kinds that were in force on a day, by code."""
    rows = (await session.execute(in_force(SpecialKindRow, day))).scalars()
    return {row.code: SpecialKind.model_validate(row) for row in rows}


def kinds_in_force() -> InForce[dict[str, SpecialKind]]:
    """The kinds of today, read anew when they change."""
    return InForce("special", kinds_on)


def _entries(file: KindFile) -> Iterator[Entry]:
    for index, each in enumerate(file.kinds):
        yield Entry(("kinds", index), each.model_dump())


def _mistakes(file: KindFile) -> Iterator[Misplaced]:
    for field in ("code", "name"):
        said = Counter(getattr(each, field) for each in file.kinds)
        for index, each in enumerate(file.kinds):
            if said[getattr(each, field)] > 1:
                yield ("kinds", index, field), f"the {field} {getattr(each, field)} stands twice"


async def _unknown_classes(session: AsyncSession, file: KindFile) -> Iterable[Misplaced]:
    known = set((await session.execute(select(ClassRow.code).where(ClassRow.valid_to.is_(None)))).scalars())
    return [
        (("kinds", index, "class"), f"there is no class {each.class_code}")
        for index, each in enumerate(file.kinds)
        if each.class_code not in known
    ]


SPECIAL = Dataset(
    name="special", model=KindFile, tables={SpecialKindRow: _entries}, check=_mistakes, refer=_unknown_classes
)
