"""An address as people write, dictate or abbreviate it, taken apart: road or residential area, building, the rest.

忠实里西区三号楼2单元门口   ->  忠实里西区 | 3 号楼 | 单元 2 | 门口
北京市东城区和平里７区16    ->  和平里七区 | 16
qmddj2hl                    ->  qmddj | 2 号楼
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from backend.kernel.numerals import SAID, in_characters, number_of

_NUMBER = rf"\d{{1,5}}|[{SAID}]{{1,7}}"
_TYPED_SUFFIXES = {"hao": "号", "h": "号", "haolou": "号楼", "hl": "号楼", "haoyuan": "号院", "hy": "号院"}
"""How a suffix is typed in letters, in full and by initials."""

_BUILDING = re.compile(
    rf"(?P<mark>[甲乙丙丁])?第?(?P<number>{_NUMBER})\s*(?P<suffix>号楼|号院|号|栋|幢|座|楼|院)"
    rf"(?:\s*(?P<unit>{_NUMBER})\s*(?:单元|门(?!口)))?"
)
_BARE = re.compile(
    r"(?P<mark>[甲乙丙丁])?(?P<number>\d{1,5})\s*(?P<suffix>haolou|haoyuan|hao|hl|hy|h)?(?:-(?P<unit>\d{1,2})(?:-\d+)?)?\s*$"
)
_ABOVE = re.compile(r"^(?:北京市|北京(?=东城区))?(?:东城区)?")
_IGNORED = re.compile(r"[\s'’,，.。、·()（）-]")
_COUNT = re.compile(r"\d{1,2}(?=[区条巷里期])")


@dataclass(frozen=True, slots=True)
class Address:
    """What was said: `road` is the road or residential area as it was written, `mark` 甲乙丙丁 before the number.

    `suffix` is "" where only a number was said. `building` is all of that as it was typed, `rest` what follows it.
    """

    road: str
    number: int | None = None
    mark: str = ""
    suffix: str = ""
    unit: int | None = None
    building: str = ""
    rest: str = ""

    @property
    def name(self) -> str:
        """The road or residential area as names are compared."""
        return plain_name(self.road)

    def without(self, prefix: str) -> Address:
        """The same without what stands before the road."""
        return replace(self, road=self.road.removeprefix(prefix).strip())


def parse_address(text: str) -> Address:
    """Take an address apart; whatever it is, nothing is refused."""
    said = unicodedata.normalize("NFKC", text)
    found = _BUILDING.search(said) or _BARE.search(said.lower())
    if found is None:
        return Address(_road(said))
    suffix = found["suffix"] or ""
    return Address(
        road=_road(said[: found.start()]),
        number=number_of(found["number"]),
        mark=found["mark"] or "",
        suffix=_TYPED_SUFFIXES.get(suffix, suffix),
        unit=number_of(found["unit"]) if found["unit"] else None,
        building=found[0],
        rest=said[found.end() :],
    )


def building_end(text: str, start: int) -> int:
    """Where the building ends whose number stands at `start`; `start` itself when there is none."""
    found = _BUILDING.match(text, start)
    return start if found is None else found.end()


def _road(text: str) -> str:
    return _ABOVE.sub("", text.strip())


def plain_name(text: str) -> str:
    """A name as names are compared: half width, lower case, no city, district, punctuation; counts in Chinese."""
    said = _IGNORED.sub("", unicodedata.normalize("NFKC", text).lower())
    return _COUNT.sub(lambda digits: in_characters(int(digits[0])), _ABOVE.sub("", said))
