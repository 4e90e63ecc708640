"""Which buildings are offered for an address."""

from __future__ import annotations

from backend.grid.address import parse_address
from backend.grid.names import Fit, PlaceName, Why
from backend.grid.offers import Building, offers
from backend.grid.schemas import PlaceFound

FIT = Fit(PlaceName("前门东大街", "前门东大街", "qianmendongdajie", "qmddj"), 100.0, Why.NAME)
OTHER = Fit(PlaceName("前门东里", "前门东里", "qianmendongli", "qmdl"), 80.0, Why.SIMILAR)


def building(
    number: int, suffix: str = "号", unit: int | None = None, mark: str = "", name: str = "前门东大街"
) -> Building:
    door = f"{unit}单元" if unit else ""
    return Building(
        f"{number}{suffix}", name, f"{name}{mark}{number}{suffix}{door}", number, mark, suffix, unit, 116.4, 39.9
    )


def test_the_building_that_was_said_comes_before_others_of_its_number() -> None:
    found = offers(parse_address("前门东大街2号楼"), [FIT], [building(2, "号楼"), building(2), building(2, "号院")])
    assert [(each.building.suffix, each.score) for each in found if each.building] == [
        ("号楼", 100.0),
        ("号", 99.0),
        ("号院", 99.0),
    ]
    assert {each.found for each in found} == {PlaceFound.BUILDING}


def test_a_bare_number_means_any_building_of_it() -> None:
    found = offers(parse_address("前门东大街2"), [FIT], [building(2), building(2, "号院"), building(3)])
    assert [(each.building.number, each.score) for each in found if each.building] == [(2, 100.0), (2, 100.0)]


def test_the_door_that_was_said_comes_first_and_no_door_means_the_house() -> None:
    doors = [building(2, "号楼", 3), building(2, "号楼"), building(2, "号楼", 1)]
    said = offers(parse_address("前门东大街2号楼3单元"), [FIT], doors)
    assert [each.building.unit for each in said if each.building] == [3, None, 1]
    house = offers(parse_address("前门东大街2号楼"), [FIT], doors)
    assert [each.building.unit for each in house if each.building] == [None]


def test_a_number_that_is_not_there_gives_the_nearest_one_and_says_so() -> None:
    found = offers(parse_address("前门东大街7号"), [FIT], [building(8), building(5)])
    assert [(each.building.number, each.found) for each in found if each.building] == [(8, PlaceFound.NEAR)]
    assert offers(parse_address("前门东大街甲2号"), [FIT], [building(2)])[0].found is PlaceFound.NEAR
    assert offers(parse_address("前门东大街70号"), [FIT], [building(8)])[0].found is PlaceFound.ROAD


def test_what_is_plainly_meant_is_not_hidden_among_what_is_not() -> None:
    assert [each.fit for each in offers(parse_address("前门东大街"), [FIT, OTHER], [])] == [FIT]


def test_a_name_without_a_number_gives_the_road() -> None:
    (found,) = offers(parse_address("前门东大街"), [FIT], [])
    assert (found.building, found.found, found.score) == (None, PlaceFound.ROAD, 100.0)


def test_the_right_number_of_a_likely_name_comes_before_a_road_without_it() -> None:
    found = offers(parse_address("前门东大街2号"), [FIT, OTHER], [building(2, name="前门东里")])
    assert [(each.fit, each.found) for each in found] == [(FIT, PlaceFound.ROAD), (OTHER, PlaceFound.BUILDING)]
