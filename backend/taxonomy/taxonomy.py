"""The classes of cases in memory, read once from configs/taxonomy. Data with a version, never code.

Two levels now, major 大类 and minor 小类; a case may be filed under either. Finer levels are further `classes` below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from backend.kernel.datafile import Place, load_data
from backend.kernel.finding import Finder, Words
from backend.kernel.pinyin import spell
from backend.taxonomy import schemas
from backend.taxonomy.schemas import CaseClass


class _Class(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    code: str = Field(pattern=r"^\d{2,8}$")
    name: str = Field(min_length=1, max_length=40)
    pinyin: str = ""
    aliases: tuple[str, ...] = ()
    classes: tuple[_Class, ...] = ()


class _TaxonomyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(min_length=1)
    valid_from: date
    classes: tuple[_Class, ...] = Field(min_length=1)


class Taxonomy:
    """The classes in force, found by code, by name, or by what an agent types."""

    def __init__(self, version: str, valid_from: date, classes: tuple[CaseClass, ...]) -> None:
        self.version = version
        self.valid_from = valid_from
        self.classes = classes
        self._by_code = {each.code: each for each in classes}
        self._finder = Finder(classes, _words)

    def case_class(self, code: str) -> CaseClass | None:
        """The class of this code."""
        return self._by_code.get(code)

    def named(self, name: str) -> CaseClass | None:
        """The class of this name, else the one that has it as an alias."""
        by_name = next((each for each in self.classes if each.name == name), None)
        return by_name or next((each for each in self.classes if name in each.aliases), None)

    def search(self, typed: str, limit: int = 20) -> list[CaseClass]:
        """The classes that fit what was typed, best first; the rule stands in `backend.kernel.finding`."""
        return self._finder.find(typed)[:limit]

    def as_options(self) -> schemas.Taxonomy:
        """The classes as the case form offers them."""
        return schemas.Taxonomy(version=self.version, classes=list(self.classes))


def load_taxonomy(path: Path) -> Taxonomy:
    """Read the classes; raises `ConfigurationInvalid` that names the line of every mistake."""
    data = load_data(_TaxonomyFile, path, _mistakes)
    return Taxonomy(data.version, data.valid_from, tuple(_flatten(data.classes, ())))


def _flatten(classes: tuple[_Class, ...], above: tuple[str, ...]) -> Iterator[CaseClass]:
    for each in classes:
        path = (*above, each.name)
        spelling = spell(each.name, each.pinyin)
        yield CaseClass(
            code=each.code,
            name=each.name,
            path=list(path),
            pinyin=spelling.pinyin,
            initials=spelling.initials,
            aliases=list(each.aliases),
        )
        yield from _flatten(each.classes, path)


def _words(each: CaseClass) -> Words:
    return Words.of((each.name, *each.aliases), each.initials, each.pinyin, each.path)


def _mistakes(data: _TaxonomyFile) -> Iterator[tuple[Place, str]]:
    placed = list(_places(data.classes, "", ("classes",)))
    codes = Counter(each.code for _, each, _ in placed)
    names = Counter(each.name for _, each, _ in placed)
    for place, each, above in placed:
        if codes[each.code] > 1:
            yield (*place, "code"), f"the code {each.code} stands twice"
        if names[each.name] > 1:
            yield (*place, "name"), f"the name {each.name} stands twice"
        if not each.code.startswith(above) or each.code == above:
            yield (*place, "code"), f"the code {each.code} does not continue that of the class above, {above}"
        if each.name in each.aliases:
            yield (*place, "aliases"), f"{each.name} is its own alias"


def _places(classes: tuple[_Class, ...], above: str, place: Place) -> Iterator[tuple[Place, _Class, str]]:
    for index, each in enumerate(classes):
        here = (*place, index)
        yield here, each, above
        yield from _places(each.classes, each.code, (*here, "classes"))
