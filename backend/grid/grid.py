"""The district's space in memory: streets and their communities, read once from configs/grid.

Immutable, so that a request may hold on to the one it began with. Units grids, points and addresses come with the
data that holds them; what stands here is what a case form needs to say where.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from backend.grid import schemas
from backend.kernel.datafile import Place, load_data
from backend.kernel.pinyin import spell


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Community(_Part):
    """A community 社区. Its code is that of its street and three digits more; `pinyin` as on a street."""

    code: str = Field(pattern=r"^\d{12}$")
    name: str = Field(min_length=1, max_length=40)
    pinyin: str = ""


class Street(_Part):
    """A street 街道 with its communities.

    `pinyin` is given, syllable by syllable, only where the dictionary would read the name in another way.
    """

    code: str = Field(pattern=r"^\d{9}$")
    name: str = Field(min_length=1, max_length=40)
    pinyin: str = ""
    communities: tuple[Community, ...]


class _StreetFile(_Part):
    version: str = Field(min_length=1)
    streets: tuple[Street, ...] = Field(min_length=1)


class Grid:
    """Streets and communities in force, found by their codes."""

    def __init__(self, version: str, streets: tuple[Street, ...]) -> None:
        self.version = version
        self.streets = streets
        self._streets = {street.code: street for street in streets}
        self._communities = {each.code: (street, each) for street in streets for each in street.communities}

    def street(self, code: str) -> Street | None:
        """The street of this code."""
        return self._streets.get(code)

    def community(self, code: str) -> Community | None:
        """The community of this code."""
        found = self._communities.get(code)
        return found[1] if found is not None else None

    def street_of(self, community_code: str) -> Street | None:
        """The street that a community belongs to."""
        found = self._communities.get(community_code)
        return found[0] if found is not None else None

    def as_options(self) -> list[schemas.Street]:
        """Streets and communities as the case form offers them, with their spelling."""
        return [_street_option(street) for street in self.streets]


def _street_option(street: Street) -> schemas.Street:
    spelling = spell(street.name, street.pinyin)
    communities = [
        schemas.Community(code=each.code, name=each.name, **spell(each.name, each.pinyin)._asdict())
        for each in street.communities
    ]
    return schemas.Street(code=street.code, name=street.name, **spelling._asdict(), communities=communities)


def load_grid(path: Path) -> Grid:
    """Read the streets; raises `ConfigurationInvalid` that names the line of every mistake."""
    data = load_data(_StreetFile, path, _mistakes)
    return Grid(data.version, data.streets)


def _mistakes(data: _StreetFile) -> Iterator[tuple[Place, str]]:
    codes = Counter(street.code for street in data.streets)
    codes.update(each.code for street in data.streets for each in street.communities)
    names = Counter(street.name for street in data.streets)
    for index, street in enumerate(data.streets):
        place: Place = ("streets", index)
        if codes[street.code] > 1:
            yield (*place, "code"), f"the code {street.code} stands twice"
        if names[street.name] > 1:
            yield (*place, "name"), f"the name {street.name} stands twice"
        inside = Counter(each.name for each in street.communities)
        for position, each in enumerate(street.communities):
            where: Place = (*place, "communities", position)
            if codes[each.code] > 1:
                yield (*where, "code"), f"the code {each.code} stands twice"
            if inside[each.name] > 1:
                yield (*where, "name"), f"the name {each.name} stands twice in {street.name}"
            if not each.code.startswith(street.code):
                yield (*where, "code"), f"the code {each.code} does not begin with that of its street, {street.code}"
