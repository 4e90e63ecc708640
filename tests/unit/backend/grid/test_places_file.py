"""Real addresses from a CSV file, and the delivered sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.grid.models import Place
from backend.grid.places_file import PLACES, read_places
from backend.kernel.config import PROJECT_ROOT, ConfigurationInvalid
from backend.kernel.datafile import DataInvalid

HEAD = "version: '1'\nvalid_from: 2026-12-01\ncsv: addresses.csv\n"
COLUMNS = "code,address,longitude,latitude,pinyin\n"


def given(tmp_path: Path, rows: str) -> Path:
    (tmp_path / "addresses.csv").write_text(COLUMNS + rows, encoding="utf-8-sig")
    head = tmp_path / "places.yaml"
    head.write_text(HEAD, encoding="utf-8")
    return head


def test_addresses_are_taken_apart(tmp_path: Path) -> None:
    content = read_places(
        given(tmp_path, "A1,北京市东城区和平里7区甲16号楼2单元,116.41,39.96,\nA2,地坛公园,116.41,39.95,\n")
    )
    house, park = (entry.values for entry in PLACES.tables[Place](content))
    assert (house["name"], house["road"], house["number"], house["mark"]) == ("和平里七区", "和平里7区", 16, "甲")
    assert (house["suffix"], house["unit"]) == ("号楼", 2)
    assert (park["name"], park["number"]) == ("地坛公园", None)


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid) as caught:
        read_places(given(tmp_path, "A1,地坛公园,here,39.95,\nA1,x,116.41,39.95,\nA1,地坛公园,116.41,39.95,\n"))
    assert [(each.line, each.field) for each in caught.value.mistakes] == [(2, "longitude"), (3, "address")]


def test_a_csv_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    head = given(tmp_path, "")
    (tmp_path / "addresses.csv").unlink()
    with pytest.raises(ConfigurationInvalid, match="cannot be read"):
        read_places(head)


def test_a_code_names_one_address(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid, match="the code A1 stands 2 times"):
        read_places(given(tmp_path, "A1,地坛公园,116.41,39.95,\nA1,柳荫公园,116.41,39.96,\n"))


def test_a_head_without_addresses_is_refused(tmp_path: Path) -> None:
    head = tmp_path / "places.yaml"
    head.write_text("version: '1'\nvalid_from: 2026-12-01\n", encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match="either `csv`"):
        read_places(head)


def test_the_sample_has_a_hundred_thousand_addresses_each_once() -> None:
    places = read_places(PROJECT_ROOT / "configs" / "grid" / "places.yaml").places
    assert len(places) == len({each.code for each in places}) == len({each.address for each in places}) == 100_000
    known = {each.address for each in places}
    assert known >= {
        "前门东大街2号楼",
        "忠实里西区3号楼",
        "史家胡同5号",
        "草厂三条20号",
        "金鱼池中区6号楼",
        "国子监街30号院",
    }
