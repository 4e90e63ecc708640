"""The delivered streets, and what happens to a file with mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from backend.grid.grid import Grid, load_grid
from backend.kernel.config import PROJECT_ROOT, ConfigurationInvalid

STREETS = (
    "东华门 景山 交道口 安定门 北新桥 东四 朝阳门 建国门 东直门 和平里 前门 崇文门外 东花市 龙潭 体育馆路 天坛 永定门外"
)


@pytest.fixture(scope="module")
def grid() -> Grid:
    return load_grid(PROJECT_ROOT / "configs" / "grid" / "streets.yaml")


def test_the_seventeen_streets_stand_in_the_order_of_their_codes(grid: Grid) -> None:
    assert [street.name.removesuffix("街道") for street in grid.streets] == STREETS.split()
    assert [street.code for street in grid.streets] == [f"110101{number:03d}" for number in range(1, 18)]


def test_every_place_of_the_demo_exists(grid: Grid) -> None:
    streets = {street.name: {each.name for each in street.communities} for street in grid.streets}
    dialogues = yaml.safe_load((PROJECT_ROOT / "configs" / "demo" / "dialogues.yaml").read_text(encoding="utf-8"))
    for dialogue in dialogues["dialogues"]:
        assert dialogue["community"] in streets[dialogue["street"]], dialogue["id"]


def test_a_community_knows_its_street(grid: Grid) -> None:
    for street in grid.streets:
        for each in street.communities:
            assert grid.community(each.code) is each
            assert grid.street_of(each.code) is street
    assert grid.street("110101013") is grid.streets[12]


@pytest.mark.parametrize("code", ["", "110101018", "110101001999", "'; --"])
def test_what_is_not_in_the_file_is_nowhere(grid: Grid, code: str) -> None:
    assert grid.street(code) is None
    assert grid.community(code) is None
    assert grid.street_of(code) is None


def test_the_form_offers_every_place_with_its_spelling(grid: Grid) -> None:
    options = grid.as_options()
    donghuashi = options[12]
    assert (donghuashi.name, donghuashi.pinyin, donghuashi.initials) == ("东花市街道", "donghuashijiedao", "dhsjd")
    spelt = {each.name: (each.pinyin, each.initials) for each in donghuashi.communities}
    assert spelt["忠实里社区"] == ("zhongshilishequ", "zslsq")
    assert options[6].pinyin == "chaoyangmenjiedao", "朝 is read chao here, whatever the dictionary says"
    assert sum(len(street.communities) for street in options) == sum(len(street.communities) for street in grid.streets)


def broken(tmp_path: Path, text: str) -> str:
    file = tmp_path / "streets.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationInvalid) as caught:
        load_grid(file)
    return caught.value.message


def test_every_mistake_is_named_by_its_line(tmp_path: Path) -> None:
    told = broken(
        tmp_path,
        """version: "1"
streets:
  - code: "110101001"
    name: 东华门街道
    communities:
      - {code: "110101001001", name: 多福巷社区}
      - {code: "110101002002", name: 多福巷社区}
  - code: "110101001"
    name: 景山街道
    communities: []
""",
    )
    assert "line 3: code: the code 110101001 stands twice" in told
    assert "line 6: name: the name 多福巷社区 stands twice" in told
    assert "line 7: code: the code 110101002002 does not begin with" in told
    assert "line 8: code: the code 110101001 stands twice" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "version: '1'\nstreets:\n  - {code: '11', name: 东华门街道, communities: []}\n",
            "line 3: code: String should",
        ),
        ("version: '1'\nstreets:\n  - {code: '110101001', communities: []}\n", "line 3: name: Field required"),
        ("version: '1'\nstreets: []\n", "line 2: streets: Tuple should have at least 1 item"),
        ("version: '1'\nstreats: []\n", "streats: Extra inputs"),
    ],
)
def test_a_file_that_is_no_list_of_streets_is_refused(tmp_path: Path, text: str, told: str) -> None:
    assert told in broken(tmp_path, text)
