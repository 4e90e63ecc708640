"""The delivered classes, how they are found, and what happens to a file with mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.config import PROJECT_ROOT, ConfigurationInvalid
from backend.kernel.finding import Words, plain
from backend.taxonomy.taxonomy import Taxonomy, load_taxonomy

TAXONOMY = load_taxonomy(PROJECT_ROOT / "configs" / "taxonomy" / "hotline.yaml")
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
        """version: "1"
valid_from: 2026-11-01
classes:
  - code: "01"
    name: 物业管理
    aliases: [物业管理]
    classes:
      - {code: "0101", name: 电梯故障}
      - {code: "0201", name: 电梯故障}
  - {code: "01", name: 市容环卫}
""",
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationInvalid) as caught:
        load_taxonomy(file)
    told = caught.value.message
    assert "line 4: code: the code 01 stands twice" in told
    assert "line 6: aliases: 物业管理 is its own alias" in told
    assert "line 9: code: the code 0201 does not continue that of the class above, 01" in told
    assert "line 9: name: the name 电梯故障 stands twice" in told
    assert "line 10: code: the code 01 stands twice" in told


def test_the_version_goes_with_the_classes() -> None:
    assert isinstance(TAXONOMY, Taxonomy)
    assert TAXONOMY.as_options().version == TAXONOMY.version == "sample-2026.11"
