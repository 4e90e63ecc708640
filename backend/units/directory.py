"""The units in force, in memory: found by code, by kind, by what somebody types."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from backend.kernel.finding import Finder, Words
from backend.kernel.pinyin import spell
from backend.kernel.versions import InForce, in_force
from backend.units.models import Unit
from backend.units.schemas import UnitKind, UnitView


class UnitDirectory:
    """Units as they stand on one day. Immutable, so that a request may hold on to the one it began with."""

    def __init__(self, units: Iterable[UnitView]) -> None:
        self.units = tuple(units)
        self._by_code = {unit.code: unit for unit in self.units}
        self._finder = Finder(self.units, _words)

    def unit(self, code: str) -> UnitView | None:
        """The unit of this code."""
        return self._by_code.get(code)

    def search(self, typed: str = "", kinds: Collection[UnitKind] = (), limit: int = 50) -> list[UnitView]:
        """The units of these kinds, or of all, that fit what was typed, best first (`backend.kernel.finding`); by code
        when nothing was."""
        return [unit for unit in self._finder.find(typed) if not kinds or unit.kind in kinds][:limit]

    def below(self, code: str) -> list[UnitView]:
        """The units right below this one."""
        return [unit for unit in self.units if unit.parent_code == code]


async def units_on(session: AsyncSession, day: date) -> UnitDirectory:
    """The units that were in force on a day."""
    rows = (await session.execute(in_force(Unit, day))).scalars()
    return UnitDirectory(_view(row) for row in rows)


def units_in_force() -> InForce[UnitDirectory]:
    """The units of today, read anew when they change."""
    return InForce("units", units_on)


def _view(row: Unit) -> UnitView:
    return UnitView(
        code=row.code,
        name=row.name,
        kind=UnitKind(row.kind),
        parent_code=row.parent_code,
        aliases=row.aliases,
        duties=row.duties,
        **spell(row.name, row.spelling)._asdict(),
        version=row.version,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _words(unit: UnitView) -> Words:
    return Words.of((unit.name, *unit.aliases), unit.initials, unit.pinyin, above=unit.duties)
