"""Filing conditions 立案条件: what must be known to file a case of a class, and what is no matter of the hotline.

Data with a version (configs/filing). A condition of a class holds for the classes below it, unless one of those has its
own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from backend.cases.schemas import ConditionView, Need
from backend.kernel.database import Base
from backend.kernel.datafile import Misplaced, load_data
from backend.kernel.loading import DataHead, Dataset, Entry
from backend.kernel.versions import InForce, Versioned, in_force, validity
from backend.taxonomy.models import ClassRow


class ConditionRow(Versioned, Base):
    """The condition of one class, as it was from one day to another; `code` is that of the class."""

    __tablename__ = "filing_conditions"
    __table_args__ = validity("filing_conditions")

    needs: Mapped[list[str]]
    asks: Mapped[list[str]]
    redirect_to: Mapped[str]
    reason: Mapped[str]


class RedirectEntry(BaseModel):
    """Who is in charge of what the hotline is not, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    to: str = Field(min_length=1, max_length=60)
    because: str = Field(min_length=1, max_length=200)


class ConditionEntry(BaseModel):
    """One condition: what the form must say, what the agent asks the citizen, or whom the citizen is sent to."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    code: str = Field(alias="class")
    needs: tuple[Need, ...] = ()
    asks: tuple[str, ...] = ()
    redirect: RedirectEntry | None = None


class ConditionFile(DataHead):
    """All conditions."""

    conditions: tuple[ConditionEntry, ...]


class FilingConditions:
    """The conditions in force, found by the code of a class."""

    def __init__(self, conditions: Iterable[ConditionView] = ()) -> None:
        self.conditions = tuple(conditions)
        self._by_class = {each.class_code: each for each in self.conditions}

    def of_class(self, code: str) -> ConditionView | None:
        """The condition that holds for this class: its own, else that of the nearest class above that has one."""
        above = (code[:length] for length in range(len(code), 1, -1))
        return next((self._by_class[each] for each in above if each in self._by_class), None)


async def conditions_on(session: AsyncSession, day: date) -> FilingConditions:
    """The conditions that were in force on a day."""
    rows = (await session.execute(in_force(ConditionRow, day))).scalars()
    return FilingConditions(_view(vars(row)) for row in rows)


def conditions_in_force() -> InForce[FilingConditions]:
    """The conditions of today, read anew when they change."""
    return InForce("filing", conditions_on)


def load_conditions(path: Path) -> FilingConditions:
    """The conditions as a file has them, whatever the database holds; raises `DataInvalid`."""
    file = load_data(FILING.model, path, FILING.check)
    return FilingConditions(_view(entry.values) for entry in FILING.tables[ConditionRow](file))


def _view(said: Mapping[str, Any]) -> ConditionView:
    return ConditionView(
        class_code=said["code"],
        needs=[Need(need) for need in said["needs"]],
        asks=said["asks"],
        redirect_to=said["redirect_to"],
        reason=said["reason"],
    )


def _entries(file: ConditionFile) -> Iterator[Entry]:
    for index, each in enumerate(file.conditions):
        values = {
            "code": each.code,
            "needs": [need.value for need in each.needs],
            "asks": list(each.asks),
            "redirect_to": each.redirect.to if each.redirect else "",
            "reason": each.redirect.because if each.redirect else "",
        }
        yield Entry(("conditions", index), values)


def _mistakes(file: ConditionFile) -> Iterator[Misplaced]:
    codes = Counter(each.code for each in file.conditions)
    for index, each in enumerate(file.conditions):
        if codes[each.code] > 1:
            yield ("conditions", index, "class"), f"the class {each.code} stands twice"
        if each.redirect is not None and each.needs:
            yield ("conditions", index, "needs"), f"nothing is needed for {each.code}: it is sent to {each.redirect.to}"


async def _unknown_classes(session: AsyncSession, file: ConditionFile) -> Iterable[Misplaced]:
    known = set((await session.execute(select(ClassRow.code).where(ClassRow.valid_to.is_(None)))).scalars())
    return [
        (("conditions", index, "class"), f"there is no class {each.code}")
        for index, each in enumerate(file.conditions)
        if each.code not in known
    ]


FILING = Dataset(
    name="filing", model=ConditionFile, tables={ConditionRow: _entries}, check=_mistakes, refer=_unknown_classes
)
