"""Addresses taken apart, however they are written."""

from __future__ import annotations

import pytest

from backend.grid.address import Address, parse_address, plain_name


@pytest.mark.parametrize(
    ("text", "name", "number", "suffix", "unit", "rest"),
    [
        ("前门东大街2号楼", "前门东大街", 2, "号楼", None, ""),
        ("忠实里西区三号楼2单元门口", "忠实里西区", 3, "号楼", 2, "门口"),
        ("忠实里西区 3 号楼二单元", "忠实里西区", 3, "号楼", 2, ""),
        ("北京市东城区史家胡同５号", "史家胡同", 5, "号", None, ""),
        ("东城区和平里7区16号楼", "和平里七区", 16, "号楼", None, ""),
        ("东四十条甲22号", "东四十条", 22, "号", None, ""),
        ("东四10条22", "东四十条", 22, "", None, ""),
        ("草厂3条20号门口", "草厂三条", 20, "号", None, "门口"),
        ("幸福大街一百零五号院", "幸福大街", 105, "号院", None, ""),
        ("幸福大街幺零五号院", "幸福大街", 105, "号院", None, ""),
        ("和平里十四区", "和平里十四区", None, "", None, ""),
        ("忠实里西区3-2-501", "忠实里西区", 3, "", 2, ""),
        ("王府井大街路口便道", "王府井大街路口便道", None, "", None, ""),
        ("qmddj2hl", "qmddj", 2, "号楼", None, ""),
        ("QianMen dongdajie 2hao", "qianmendongdajie", 2, "号", None, ""),
        ("安化楼", "安化楼", None, "", None, ""),
        ("五四大街4号", "五四大街", 4, "号", None, ""),
        ("", "", None, "", None, ""),
    ],
)
def test_an_address_is_taken_apart(
    text: str, name: str, number: int | None, suffix: str, unit: int | None, rest: str
) -> None:
    found = parse_address(text)
    assert (found.name, found.number, found.suffix, found.unit, found.rest) == (name, number, suffix, unit, rest)


def test_the_mark_before_a_number_is_kept() -> None:
    assert parse_address("史家胡同甲15号").mark == "甲"
    assert parse_address("史家胡同15号").mark == ""


def test_the_road_stays_as_it_was_written() -> None:
    assert parse_address("和平里7区16号楼") == Address("和平里7区", 16, "", "号楼", None, "16号楼", "")
    assert parse_address("东花市街道忠实里西区3号楼").without("东花市街道").name == "忠实里西区"


def test_names_are_compared_without_what_does_not_name() -> None:
    assert plain_name("（和平里）7区") == plain_name("和平里 ７区") == "和平里七区"
