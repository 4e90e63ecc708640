"""The delivered units, how they are found, and what a file of units may not say."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from backend.kernel.config import PROJECT_ROOT
from backend.kernel.datafile import DataInvalid, load_data
from backend.kernel.pinyin import spell
from backend.units.directory import UnitDirectory
from backend.units.file import UNITS, UnitFile
from backend.units.models import Unit
from backend.units.schemas import UnitKind, UnitView

STREETS = (
    "东华门 景山 交道口 安定门 北新桥 东四 朝阳门 建国门 东直门 和平里 前门 崇文门外 东花市 龙潭 体育馆路 天坛 永定门外"
)
DAY = date(2026, 11, 1)


@pytest.fixture(scope="module")
def directory() -> UnitDirectory:
    file = load_data(UNITS.model, PROJECT_ROOT / "configs" / "units" / "dongcheng.yaml", UNITS.check)
    return UnitDirectory(view(entry.values) for entry in UNITS.tables[Unit](file))


def view(values) -> UnitView:  # type: ignore[no-untyped-def]
    said = {key: value for key, value in values.items() if key != "spelling"}
    spelling = spell(values["name"], values["spelling"])._asdict()
    return UnitView(**said, **spelling, version="1", valid_from=DAY, valid_to=None)


def test_the_delivered_units_are_one_and_four_and_seventeen_and_eighty_five(directory: UnitDirectory) -> None:
    assert Counter(unit.kind for unit in directory.units) == {
        UnitKind.CENTRE: 1,
        UnitKind.RECEPTION: 4,
        UnitKind.STREET: 17,
        UnitKind.COMMUNITY: 182,
        UnitKind.DEPARTMENT: 85,
    }


def test_the_streets_stand_under_their_statistical_codes(directory: UnitDirectory) -> None:
    for number, name in enumerate(STREETS.split(), 1):
        unit = directory.unit(f"110101{number:03d}")
        assert unit is not None
        assert f"{name}街道" in unit.aliases


def test_communities_stand_below_their_street_and_all_else_below_the_district_centre(directory: UnitDirectory) -> None:
    assert len(directory.below("C00")) == 4 + 17 + 85
    for unit in directory.below("110101013"):
        assert (unit.kind, unit.code[:9]) == (UnitKind.COMMUNITY, "110101013")


@pytest.mark.parametrize(
    ("typed", "kind", "first"),
    [
        ("东花市", None, "110101013"),
        ("dhsjd", UnitKind.STREET, "110101013"),
        ("城管执法", None, "区城市管理综合执法局"),
        ("qjw", UnitKind.DEPARTMENT, None),
        ("乱停车", UnitKind.DEPARTMENT, "东城交通支队"),
        ("chaoyangmen", None, "110101007"),
    ],
)
def test_a_unit_is_found_by_name_alias_duty_and_pinyin(
    directory: UnitDirectory, typed: str, kind: UnitKind | None, first: str | None
) -> None:
    found = directory.search(typed, [kind] if kind is not None else [])
    assert all(kind is None or unit.kind is kind for unit in found)
    if first is not None:
        assert first in (found[0].code, found[0].name)


def told(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "units.yaml"
    file.write_text(f'version: "1"\nvalid_from: 2026-11-01\n{text}', encoding="utf-8")
    with pytest.raises(DataInvalid) as caught:
        load_data(UnitFile, file, UNITS.check)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_every_mistake_is_named_by_its_line(tmp_path: Path) -> None:
    mistakes = told(
        tmp_path,
        """centre: {code: C00, name: 区中心}
streets:
  - {code: "110101001", name: 东华门街道分中心}
communities:
  - {code: "110101001001", name: 多福巷社区}
  - {code: "110101009001", name: 十字坡社区}
departments:
  - {code: D01, name: 区水务局, parent: "110101001"}
  - {code: D01, name: 区水务局}
""",
    )
    assert mistakes == [
        "line 8: parent: 十字坡社区 cannot stand below 110101009, which is no unit of this file",
        "line 10: code: the code D01 stands twice",
        "line 10: name: the name 区水务局 stands twice",
        "line 10: parent: 区水务局 cannot stand below 110101001, which is a street",
        "line 11: code: the code D01 stands twice",
        "line 11: name: the name 区水务局 stands twice",
    ]


def test_a_file_without_a_centre_or_with_a_misspelt_field_is_refused(tmp_path: Path) -> None:
    assert told(tmp_path, "streets:\n  - {code: x, name: 东华门, kind: street}\n") == [
        "line 1: centre: Field required",
        "line 4: code: String should match pattern '^[0-9A-Z]{2,12}$'",
        "line 4: kind: Extra inputs are not permitted",
    ]
