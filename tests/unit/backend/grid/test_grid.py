"""The grid in memory: by code, by point, as the form offers it."""

from __future__ import annotations

import pytest

from backend.grid.area import Area, Level
from backend.grid.grid import Grid


def test_a_community_and_a_grid_know_what_they_lie_in(grid: Grid) -> None:
    unit = grid.unit_grids[-1]
    base = grid.base_grid(str(unit.parent))
    assert base is not None
    community, street = grid.community_of(unit.code), grid.street_of(unit.code)
    assert community is not None
    assert street is not None
    assert (base.parent, community.parent) == (community.code, street.code)
    assert grid.street_of(community.code) is street


@pytest.mark.parametrize("code", ["", "110101018", "110101001999", "11010100100199", "110101001001999", "'; --"])
def test_what_is_not_in_the_grid_is_nowhere(grid: Grid, code: str) -> None:
    assert grid.street(code) is None
    assert grid.community(code) is None
    assert grid.base_grid(code) is None
    assert grid.unit_grid(code) is None
    assert grid.street_of(code) is None
    assert grid.community_of(code) is None


def test_a_code_is_of_one_level_only(grid: Grid) -> None:
    assert grid.community("110101013") is None
    assert grid.unit_grid("110101013007") is None


def test_a_point_lies_in_the_grid_around_it(grid: Grid) -> None:
    for unit in grid.unit_grids[::100]:
        inside = unit.shape.representative_point()
        assert grid.locate(inside.x, inside.y) is unit
    assert grid.locate(116.30, 39.90) is None
    assert grid.locate_all([]) == []


def test_on_a_border_the_smaller_code_decides(grid: Grid) -> None:
    unit = grid.unit_grids[500]
    for corner in unit.shape.exterior.coords:
        meeting = grid.all_at(*corner)
        assert unit in meeting
        found = grid.locate(*corner)
        assert found is not None
        assert found.code == min(each.code for each in meeting)
        assert grid.locate_all([corner]) == [found]


def test_the_form_offers_every_place_with_its_spelling(grid: Grid, areas: list[Area]) -> None:
    options = grid.as_options()
    donghuashi = options[12]
    assert (donghuashi.name, donghuashi.pinyin, donghuashi.initials) == ("东花市街道", "donghuashijiedao", "dhsjd")
    spelt = {each.name: (each.pinyin, each.initials) for each in donghuashi.communities}
    assert spelt["忠实里社区"] == ("zhongshilishequ", "zslsq")
    assert options[6].pinyin == "chaoyangmenjiedao", "朝 is read chao here, whatever the dictionary says"
    communities = [area.code for area in areas if area.level is Level.COMMUNITY]
    assert [each.code for street in options for each in street.communities] == communities
