"""The classes of cases in memory, as they are in force on one day. Data with a version, never code.

A case may be filed under a class of any level: major 大类, minor 小类, fine 细类, micro 微类.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.kernel.datafile import load_data
from backend.kernel.finding import Finder, Words
from backend.kernel.pinyin import spell
from backend.kernel.versions import InForce, in_force, versions_on
from backend.taxonomy import schemas
from backend.taxonomy.file import TAXONOMY
from backend.taxonomy.models import ClassRow
from backend.taxonomy.schemas import CaseClass

_SHOWN = set(CaseClass.model_fields) - {"scheme", "pinyin", "initials"}


class Taxonomy:
    """The classes in force, found by code, by name, or by what an agent types."""

    def __init__(self, versions: Mapping[str, str], classes: Iterable[CaseClass]) -> None:
        self.versions = dict(versions)
        self.classes = tuple(sorted(classes, key=lambda each: each.code))
        self._by_code = {each.code: each for each in self.classes}
        self._finder = Finder(self.classes, _words)

    def case_class(self, code: str) -> CaseClass | None:
        """The class of this code."""
        return self._by_code.get(code)

    def version_of(self, case_class: CaseClass) -> str:
        """The version under which a case of this class is filed, with its classification: "hotline/2026-1"."""
        return f"{case_class.scheme}/{self.versions[case_class.scheme]}"

    def named(self, name: str) -> CaseClass | None:
        """The class of this name, else the one that has it as an alias."""
        by_name = next((each for each in self.classes if each.name == name), None)
        return by_name or next((each for each in self.classes if name in each.aliases), None)

    def search(self, typed: str, limit: int = 20) -> list[CaseClass]:
        """The classes that fit what was typed, best first; the rule stands in `backend.kernel.finding`."""
        return self._finder.find(typed)[:limit]

    def as_options(self) -> schemas.Taxonomy:
        """The classes as the case form offers them."""
        return schemas.Taxonomy(versions=self.versions, classes=list(self.classes))


def load_taxonomy(*files: Path) -> Taxonomy:
    """The classes as these files have them, whatever the database holds; raises `DataInvalid`."""
    contents = [load_data(TAXONOMY.model, path, TAXONOMY.check) for path in files]
    classes = [_case_class(file.scheme, entry.values) for file in contents for entry in TAXONOMY.tables[ClassRow](file)]
    return Taxonomy({file.scheme: file.version for file in contents}, classes)


async def taxonomy_on(session: AsyncSession, day: date) -> Taxonomy:
    """The classes that were in force on a day."""
    rows = (await session.execute(in_force(ClassRow, day))).scalars()
    versions = {_scheme(name): version for name, version in (await versions_on(session, "taxonomy", day)).items()}
    return Taxonomy(versions, [_case_class(_scheme(row.dataset), vars(row)) for row in rows])


def taxonomy_in_force() -> InForce[Taxonomy]:
    """The classes of today, read anew when they change."""
    return InForce("taxonomy", taxonomy_on)


def _scheme(dataset: str) -> str:
    return dataset.partition("/")[2]


def _case_class(scheme: str, said: Mapping[str, Any]) -> CaseClass:
    spelling = spell(said["name"], said["spelling"])
    return CaseClass(scheme=scheme, **spelling._asdict(), **{key: said[key] for key in _SHOWN})


def _words(each: CaseClass) -> Words:
    return Words.of((each.name, *each.aliases), each.initials, each.pinyin, (each.group_name, *each.path))
