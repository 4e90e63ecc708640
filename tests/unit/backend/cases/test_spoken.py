"""What is read out of a caller's words."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backend.app.hall import DIALOGUES
from backend.cases.spoken import Breath, classes_said, numbers_said, urgency_said, where_said
from backend.cases.suggestions import load_urgency_words
from backend.grid.names import Names, PlaceName
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.pinyin import spell
from backend.taxonomy.schemas import Urgency
from backend.taxonomy.taxonomy import Taxonomy, load_taxonomy

STREETS = ["东花市街道", "前门街道", "和平里街道"]
WORDS = load_urgency_words(PROJECT_ROOT / "configs" / "suggestions.yaml")


def breaths(*texts: str, pause_ms: int = 1000) -> list[Breath]:
    return [Breath(text, n * (2000 + pause_ms), n * (2000 + pause_ms) + 2000) for n, text in enumerate(texts)]


@pytest.fixture(scope="module")
def names() -> Names:
    known = ("忠实里西区", "忠实里", "草厂三条", "王府井大街", "和平里七区")
    return Names([PlaceName(name, name, *spell(name)) for name in known])


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy(*sorted((PROJECT_ROOT / "configs" / "taxonomy").glob("[chs][ito][tcy]*.yaml")))


@pytest.mark.parametrize(
    ("said", "typed", "words"),
    [
        (["东花市街道忠实里西区三号楼有老人和孩子"], "东花市街道忠实里西区三号楼", "东花市街道忠实里西区三号楼"),
        (["地址是前门街道草厂三条二十号门口"], "前门街道草厂三条二十号门口", "前门街道草厂三条二十号门口"),
        (["我在王府井大街路口便道"], "王府井大街路口", "王府井大街路口"),
        (["我住中实里西区三号楼"], "忠实里西区三号楼", "中实里西区三号楼"),
        (["在忠实里", "不对是草厂三条五号"], "草厂三条五号", "草厂三条五号"),
        (["草厂三条五号", "在王府井大街那边"], "草厂三条五号", "草厂三条五号"),
        (["我家在一个没有名字的地方"], "一个没有名字的地方", "我家在一个没有名字的地方"),
    ],
)
def test_where(names: Names, said: list[str], typed: str, words: str) -> None:
    where = where_said(breaths(*said), names, STREETS)
    assert where is not None
    assert (where.typed, where.found.words) == (typed, words)


@pytest.mark.parametrize("said", ["", "您好我要投诉", "好的谢谢"])
def test_no_place_is_made_up(names: Names, said: str) -> None:
    assert where_said(breaths(said), names, STREETS) is None


def test_the_dialogues_of_the_demo_name_their_class_among_the_first(taxonomy: Taxonomy) -> None:
    missed = {}
    for dialogue in yaml.safe_load(DIALOGUES.read_text())["dialogues"]:
        said = breaths(*(turn["say"].replace(" ", "") for turn in dialogue["turns"] if turn["who"] == "caller"))
        filed = taxonomy.named(dialogue["class"])
        assert filed is not None
        offered = [each for each, _ in classes_said(said, taxonomy.classes)]
        if not any(each.code.startswith(filed.code[:2]) and each.scheme == filed.scheme for each in offered):
            missed[dialogue["id"]] = (filed.name, [each.name for each in offered])
    assert missed.keys() <= {"no-answer-from-unit"}, "who complains of an answer names what he asked for"


def test_a_class_is_offered_with_the_words_for_it_and_the_narrower_one_alone(taxonomy: Taxonomy) -> None:
    offered = classes_said(breaths("您好", "小区电梯坏了三天物业公司没有人管"), taxonomy.classes)
    first, found = offered[0]
    assert (first.name, found.words, found.breath.from_ms) == ("电梯故障", "电梯坏了", 3000)
    codes = [each.code for each, _ in offered]
    assert not [code for code in codes for other in codes if code != other and other.startswith(code)]


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        (["我的电话是幺三八零零幺二三四五六"], ["13800123456"]),
        (["幺三八", "零零幺二", "三四五六"], ["13800123456"]),
        (["幺三八嗯零零幺二，三四五六"], ["13800123456"]),
        (["打六七零零一二三四"], ["67001234"]),
        (["零幺零六七零零幺二三四"], ["01067001234"]),
        (["我的电话是13800123456"], ["13800123456"]),
        (["幺三八零零幺二三四五六", "不对是幺三九零零幺二三四五六"], ["13900123456", "13800123456"]),
        (["三号楼二单元五零二"], []),
        (["一二三四五六七八九"], []),
    ],
)
def test_numbers(said: list[str], numbers: list[str]) -> None:
    assert [number for number, _ in numbers_said(breaths(*said))] == numbers


def test_groups_far_apart_are_no_number() -> None:
    assert numbers_said(breaths("幺三八零零幺", "二三四五六", pause_ms=9000)) == []


@given(st.integers(10**9, 10**10 - 1), st.lists(st.integers(1, 10), max_size=4), st.data())
def test_a_mobile_number_is_found_however_it_is_grouped(rest: int, cuts: list[int], data: st.DataObject) -> None:
    number = f"1{data.draw(st.sampled_from('3456789'))}{str(rest)[1:]}"
    spoken = "".join("零幺二三四五六七八九"[int(digit)] for digit in number)
    edges = [0, *sorted(set(cuts)), len(spoken)]
    groups = [spoken[a:b] for a, b in zip(edges, edges[1:], strict=False)]  # noqa: RUF007
    assert numbers_said(breaths("我的电话", *groups, "好的"))[0][0] == number


@pytest.mark.parametrize(
    ("said", "urgency", "word"),
    [
        (["楼里有煤气味"], Urgency.EMERGENCY, "煤气味"),
        (["家里漏水", "电梯困人了"], Urgency.EMERGENCY, "电梯困人"),
        (["有老人和孩子"], Urgency.URGENT, "老人"),
    ],
)
def test_urgency(said: list[str], urgency: Urgency, word: str) -> None:
    found = urgency_said(breaths(*said), WORDS)
    assert found is not None
    assert (found[0], found[1].words) == (urgency, word)


@pytest.mark.parametrize("said", ["没有着火", "不是着火", "路灯不亮"])
def test_what_is_denied_is_not_urgent(said: str) -> None:
    assert urgency_said(breaths(said), WORDS) is None


@given(st.lists(st.text(st.sampled_from("您好零一二三四五六七八九幺电梯坏了 abc，13")), max_size=12))
def test_whatever_is_said_nothing_breaks_and_each_finding_stands_in_its_breath(texts: list[str]) -> None:
    said = breaths(*texts)
    for number, found in numbers_said(said):
        assert number.isdecimal()
        assert found.breath in said
    urgency_said(said, WORDS)
