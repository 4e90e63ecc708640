"""The delivered classes, how they are found, and what happens to a file with mistakes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backend.deadlines.clocks import LimitKind
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.datafile import DataInvalid, load_data
from backend.kernel.finding import Words, plain
from backend.taxonomy.crossing import CROSSING, CrossingIndex
from backend.taxonomy.models import IndexRow
from backend.taxonomy.schemas import IndexEntry, Urgency
from backend.taxonomy.taxonomy import load_taxonomy

CONFIGS = PROJECT_ROOT / "configs" / "taxonomy"
TAXONOMY = load_taxonomy(CONFIGS / "hotline.yaml")
DELIVERED = load_taxonomy(*(CONFIGS / f"{scheme}.yaml" for scheme in ("hotline", "city", "social")))
MOST_FREQUENT = "物业管理 市容环卫 交通管理 违法建设 市场管理 环境污染与生态破坏 施工管理 行政投诉 教育 修缮"


def names(typed: str, limit: int = 20) -> list[str]:
    return [each.name for each in TAXONOMY.search(typed, limit)]


def test_the_ten_most_frequent_classes_are_major_classes() -> None:
    major = {each.name for each in TAXONOMY.classes if len(each.path) == 1}
    assert set(MOST_FREQUENT.split()) <= major


def test_every_class_of_the_demo_exists() -> None:
    dialogues = yaml.safe_load((PROJECT_ROOT / "configs" / "demo" / "dialogues.yaml").read_text(encoding="utf-8"))
    known = {each.name for each in TAXONOMY.classes}
    for dialogue in dialogues["dialogues"]:
        assert dialogue["class"] in known, dialogue["id"]


def test_a_class_knows_the_way_down_to_it() -> None:
    leak = TAXONOMY.named("暖气不热")
    assert leak is not None
    assert leak.path == ["供暖", "暖气不热"]
    assert TAXONOMY.case_class(leak.code) is leak
    assert TAXONOMY.case_class("99") is None


def test_a_name_comes_before_an_alias_of_another_class() -> None:
    assert (found := TAXONOMY.named("污染")) is not None
    assert found.name == "环境污染与生态破坏"
    assert (exact := TAXONOMY.named("环境污染")) is not None
    assert exact.name == "环境污染"
    assert TAXONOMY.named("没有这个") is None


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("物业管理", "物业管理"),
        ("wygl", "物业管理"),
        ("WYGL", "物业管理"),
        ("wu ye guan li", "物业管理"),
        ("nuanqiburel", None),
        ("nqbr", "暖气不热"),
        ("nuanqibu", "暖气不热"),
        ("漏水", "房屋漏水"),
        ("油烟", "餐饮油烟"),
        ("井盖", "井盖丢失"),
        ("上学", "入学升学"),
        ("dtgz", "电梯故障"),
        ("jieti", None),
    ],
)
def test_a_few_letters_find_the_class(typed: str, first: str | None) -> None:
    found = names(typed)
    assert (found[0] if found else None) == first


def test_what_is_found_by_itself_comes_before_what_lies_below_it() -> None:
    found = names("供暖")
    assert found[0] == "供暖"
    assert found[1] == "供暖收费"
    assert set(found[2:]) == {"暖气不热", "暖气漏水", "煤改电"}


def test_nothing_typed_offers_everything_in_order_up_to_the_limit() -> None:
    assert names(" ", limit=3) == ["物业管理", "电梯故障", "物业服务"]
    assert TAXONOMY.as_options().classes == TAXONOMY.search("", limit=10_000)


@given(st.data())
def test_every_class_is_found_by_any_part_of_its_name_and_spelling(data: st.DataObject) -> None:
    wanted = data.draw(st.sampled_from(TAXONOMY.classes))
    text = data.draw(st.sampled_from([wanted.name, wanted.pinyin, wanted.initials, *wanted.aliases]))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert wanted in TAXONOMY.search(text[start:end], limit=1000)


@given(st.text(max_size=20))
def test_what_is_found_fits_and_stands_in_order(typed: str) -> None:
    found = TAXONOMY.search(typed, limit=1000)
    assert len({each.code for each in found}) == len(found)
    if typed := plain(typed):
        ranks = [
            Words.of((each.name, *each.aliases), each.initials, each.pinyin, each.path).rank(typed) for each in found
        ]
        assert None not in ranks
        assert ranks == sorted(rank for rank in ranks if rank is not None)


def test_every_mistake_is_named_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "taxonomy.yaml"
    file.write_text(
        """scheme: own
version: "1"
valid_from: 2026-11-01
classes:
  - code: "01"
    name: 物业管理
    aliases: [物业管理]
    limit: {kind: working_days, amount: 3}
    duty: street
    classes:
      - {code: "0101", name: 电梯故障}
      - {code: "0201", name: 电梯故障}
      - {code: "0102", name: 物业服务, limit: {kind: days, amount: 0}}
  - {code: "01", name: 市容环卫}
""",
        encoding="utf-8",
    )
    with pytest.raises(DataInvalid) as caught:
        load_taxonomy(file)
    assert [mistake.line for mistake in caught.value.mistakes] == [13, 13]
    right = file.read_text(encoding="utf-8").replace("{kind: days, amount: 0}", "{kind: working_days, amount: 1}")
    file.write_text(right, encoding="utf-8")
    with pytest.raises(DataInvalid) as caught:
        load_taxonomy(file)
    assert [str(mistake) for mistake in caught.value.mistakes] == [
        "line 5: code: the code 01 stands twice",
        "line 7: aliases: 物业管理 is its own alias",
        "line 11: name: the name 电梯故障 stands twice",
        "line 12: name: the name 电梯故障 stands twice",
        "line 12: code: the code 0201 does not continue that of the class above, 01",
        "line 14: code: the code 01 stands twice",
        "line 14: classes: 市容环卫 has no limit or no duty, neither of its own nor from a class above",
    ]


def test_the_version_goes_with_the_classes() -> None:
    assert TAXONOMY.as_options().versions == {"hotline": "sample-2026.11"}
    assert TAXONOMY.version_of(TAXONOMY.classes[0]) == "hotline/sample-2026.11"


def test_city_management_has_nineteen_major_and_two_hundred_and_twenty_minor_classes() -> None:
    levels = Counter(len(each.path) for each in DELIVERED.classes if each.scheme == "city")
    assert (levels[1], levels[2]) == (19, 220)
    assert levels[3] > 0
    assert levels[4] > 0


def test_a_class_takes_from_those_above_it_what_it_does_not_say() -> None:
    cover = DELIVERED.named("机动车道上水井盖缺失")
    assert cover is not None
    assert cover.path == ["公用设施", "上水井盖", "上水井盖缺失", "机动车道上水井盖缺失"]
    assert (cover.group_name, cover.urgency) == ("部件", Urgency.EMERGENCY)
    assert (cover.limit_kind, cover.limit_amount) == (LimitKind.URGENT_WORKING_HOURS, 2)
    above = DELIVERED.case_class(cover.code[:5])
    assert above is not None
    assert cover.duty == above.duty != "street"


def test_the_hotlines_own_classes_come_before_those_of_the_city() -> None:
    assert [each.scheme for each in DELIVERED.search("园林绿化", 2)] == ["hotline", "city"]
    assert DELIVERED.search("部件")[0].group_name == "部件"


def test_a_case_counts_under_the_seven_haves_and_five_natures_by_its_class() -> None:
    file = load_data(CROSSING.model, CONFIGS / "crossing.yaml", CROSSING.check)
    listed = [entry.values for entry in CROSSING.tables[IndexRow](file)]
    heads = [each["name"] for each in listed if each["level"] == 1]
    assert " ".join(heads) == (
        "幼有所育 学有所教 劳有所得 病有所医 老有所养 住有所居 弱有所扶 便利性 宜居性 多样性 公正性 安全性"
    )
    rows = [IndexRow(**each, valid_from=file.valid_from, valid_to=None) for each in listed]
    index = CrossingIndex(IndexEntry.model_validate(row) for row in rows)
    assert [each.path for each in index.of_class("1101")] == [["宜居性", "供应保障", "供暖"]]
    assert {each.path[0] for each in index.of_class("0105")} == {"安全性"}
    assert index.of_class("16") == []
