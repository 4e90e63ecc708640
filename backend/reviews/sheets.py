"""Score sheets 评分表: versioned data (configs/reviews), never code.

A sheet says what is judged, how much each item weighs, what a level earns, and what makes a call worthless whatever
else was good. A review keeps the row of the sheet with which it was drawn, and rows are never deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from backend.kernel.database import Base
from backend.kernel.datafile import Misplaced
from backend.kernel.loading import DataHead, Dataset, Entry
from backend.kernel.versions import InForce, Versioned, in_force, validity
from backend.reviews.schemas import FULL, LEVELS, Direction, FatalItem, ScoreItem, ScoreSheet

REVIEWS = "reviews"
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
Percent = Annotated[int, Field(ge=0, le=100)]


class ScoreSheetRow(Versioned, Base):
    """One score sheet, as it was from one day to another; `content` is the whole of it."""

    __tablename__ = "score_sheets"
    __table_args__ = validity("score_sheets")

    name: Mapped[str]
    direction: Mapped[str]
    content: Mapped[dict[str, Any]]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    code: Code
    name: str = Field(min_length=1, max_length=40)
    en: str = Field(min_length=1, max_length=60)


class FatalEntry(_Entry):
    """What makes a call worthless, whatever else was good."""

    what: str = Field(min_length=1, max_length=300)


class ItemEntry(FatalEntry):
    """What is judged, and how much it weighs of 100."""

    weight: int = Field(ge=1, le=FULL)


class SheetEntry(_Entry):
    """One sheet: for calls of which direction, from how many points a call is good enough, and what is judged."""

    direction: Direction
    pass_at: Percent
    levels: dict[int, Percent]
    unsure: dict[Literal["major", "minor"], Percent]
    items: tuple[ItemEntry, ...] = Field(min_length=1, max_length=40)
    fatal: tuple[FatalEntry, ...] = Field(max_length=40)


class SheetFile(DataHead):
    """The sheets of all directions."""

    sheets: tuple[SheetEntry, ...] = Field(min_length=1)


def sheet_of(row: ScoreSheetRow) -> ScoreSheet:
    """The sheet that a row holds."""
    said = row.content
    return ScoreSheet(
        sheet_id=row.row_id,
        version=row.version,
        code=row.code,
        direction=Direction(row.direction),
        name=row.name,
        en=said["en"],
        pass_at=said["pass_at"],
        levels={int(level): share for level, share in said["levels"].items()},
        unsure=said["unsure"],
        items=[ScoreItem.model_validate(each) for each in said["items"]],
        fatal=[FatalItem.model_validate(each) for each in said["fatal"]],
    )


async def sheets_on(session: AsyncSession, day: date) -> Mapping[Direction, ScoreSheet]:
    """The sheets that were in force on a day."""
    rows = (await session.execute(in_force(ScoreSheetRow, day))).scalars()
    return {sheet.direction: sheet for sheet in map(sheet_of, rows)}


def sheets_in_force() -> InForce[Mapping[Direction, ScoreSheet]]:
    """The sheets of today, read anew when they change."""
    return InForce(REVIEWS, sheets_on)


def mistakes_of(file: SheetFile) -> Iterator[Misplaced]:
    """What is wrong between the entries of a file."""
    directions = Counter(sheet.direction for sheet in file.sheets)
    for missing in set(Direction) - set(directions):
        yield ("sheets",), f"there is no sheet for {missing.value} calls"
    for index, sheet in enumerate(file.sheets):
        here = ("sheets", index)
        if directions[sheet.direction] > 1:
            yield (*here, "direction"), f"there is more than one sheet for {sheet.direction.value} calls"
        if set(sheet.levels) != set(LEVELS):
            yield (*here, "levels"), "it says what each of the levels 1 to 5 earns"
        elif sorted(sheet.levels.values()) != [sheet.levels[level] for level in LEVELS]:
            yield (*here, "levels"), "a better level cannot earn less than a worse one"
        if (weights := sum(item.weight for item in sheet.items)) != FULL:
            yield (*here, "items"), f"the weights add up to {weights} and not to {FULL}"
        for part, entries in (("items", sheet.items), ("fatal", sheet.fatal)):
            codes = Counter(entry.code for entry in entries)
            for n, entry in enumerate(entries):
                if codes[entry.code] > 1:
                    yield (*here, part, n, "code"), f"the code {entry.code} stands twice"


def _entries(file: SheetFile) -> Iterator[Entry]:
    for index, sheet in enumerate(file.sheets):
        said = sheet.model_dump(mode="json", exclude={"code", "name", "direction"})
        values = {"code": sheet.code, "name": sheet.name, "direction": sheet.direction.value, "content": said}
        yield Entry(("sheets", index), values)


SCORE_SHEETS = Dataset(name=REVIEWS, model=SheetFile, tables={ScoreSheetRow: _entries}, check=mistakes_of)
