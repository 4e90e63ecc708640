"""The delivered grid: as many areas as the district has, without gap or overlap, each within the one above it."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml
from shapely import Polygon, coverage_invalid_edges, coverage_is_valid, coverage_union_all, get_parts

from backend.grid.area import Area, Attention, GridKind, Level
from backend.grid.file import GRID, GridFile
from backend.grid.grid import Grid
from backend.grid.measure import area_m2
from backend.kernel.config import PROJECT_ROOT, ConfigurationInvalid
from backend.kernel.datafile import load_data

STREETS = (
    "东华门 景山 交道口 安定门 北新桥 东四 朝阳门 建国门 东直门 和平里 前门 崇文门外 东花市 龙潭 体育馆路 天坛 永定门外"
)


def of(areas: list[Area], level: Level) -> list[Area]:
    return [area for area in areas if area.level is level]


def test_the_seventeen_streets_stand_in_the_order_of_their_codes(areas: list[Area]) -> None:
    streets = of(areas, Level.STREET)
    assert [street.name.removesuffix("街道") for street in streets] == STREETS.split()
    assert [street.code for street in streets] == [f"110101{number:03d}" for number in range(1, 18)]


def test_there_are_as_many_areas_as_the_district_has(areas: list[Area]) -> None:
    assert Counter(area.level for area in areas) == {
        Level.STREET: 17,
        Level.COMMUNITY: 182,
        Level.BASE_GRID: 592,
        Level.UNIT_GRID: 2322,
    }
    assert len({area.code for area in areas}) == len(areas)


def test_the_unit_grids_are_the_whole_district(areas: list[Area]) -> None:
    units = of(areas, Level.UNIT_GRID)
    assert sum(area_m2(unit.shape) for unit in units) == pytest.approx(41.84e6, rel=0.001)
    assert all(2_000 < area_m2(unit.shape) < 80_000 for unit in units)
    whole = coverage_union_all([unit.shape for unit in units])
    assert isinstance(whole, Polygon)
    assert not whole.interiors, "there is a hole in the district"
    assert whole.centroid.x == pytest.approx(116.416, abs=0.01)
    assert whole.centroid.y == pytest.approx(39.915, abs=0.015)


@pytest.mark.parametrize("level", list(Level))
def test_areas_of_a_level_touch_without_gap_or_overlap(areas: list[Area], level: Level) -> None:
    shapes = [area.shape for area in of(areas, level)]
    assert coverage_is_valid(shapes), [edge for edge in get_parts(coverage_invalid_edges(shapes)) if not edge.is_empty]


def test_the_children_of_an_area_are_that_area(areas: list[Area]) -> None:
    children: dict[str, list[Area]] = defaultdict(list)
    for area in areas:
        if area.parent is not None:
            children[area.parent].append(area)
    for area in areas:
        if area.level is Level.UNIT_GRID:
            continue
        below = children[area.code]
        assert below, f"{area.code} is not divided"
        assert all(each.code.startswith(area.code[:12]) for each in below)
        assert coverage_union_all([each.shape for each in below]).equals(area.shape)


def test_base_grids_have_a_kind_and_a_level(areas: list[Area]) -> None:
    bases = of(areas, Level.BASE_GRID)
    assert {base.kind for base in bases} == set(GridKind)
    assert {base.attention for base in bases} == set(Attention)
    assert all(area.kind is None and area.attention is None for area in areas if area.level is not Level.BASE_GRID)


def test_streets_lie_to_each_other_as_in_the_city(areas: list[Area]) -> None:
    middle = {area.name.removesuffix("街道"): area.shape.centroid for area in of(areas, Level.STREET)}
    for north, south in [
        ("和平里", "安定门"),
        ("安定门", "交道口"),
        ("景山", "东华门"),
        ("朝阳门", "建国门"),
        ("东华门", "前门"),
        ("前门", "天坛"),
        ("东花市", "龙潭"),
        ("天坛", "永定门外"),
    ]:
        assert middle[north].y > middle[south].y, (north, south)
    for west, east in [
        ("安定门", "北新桥"),
        ("北新桥", "东直门"),
        ("景山", "东四"),
        ("东华门", "建国门"),
        ("前门", "崇文门外"),
        ("崇文门外", "东花市"),
        ("天坛", "体育馆路"),
        ("体育馆路", "龙潭"),
    ]:
        assert middle[west].x < middle[east].x, (west, east)


def test_the_same_file_gives_the_same_grid(areas: list[Area], district: GridFile) -> None:
    again = district.model_copy().areas
    assert [(area.code, area.shape.wkt) for area in again] == [(area.code, area.shape.wkt) for area in areas]


def test_components_stand_in_the_grid(district: GridFile, grid: Grid) -> None:
    components = [
        entry.values
        for table, entries in GRID.tables.items()
        if table.__name__ == "Component"
        for entry in entries(district)
    ]
    assert Counter(each["name"] for each in components) == {
        plan.kind: plan.count for plan in district.sample.components
    }  # type: ignore[union-attr]
    assert len({each["code"] for each in components}) == len(components)
    assert None not in grid.locate_all([(each["longitude"], each["latitude"]) for each in components])


def test_every_place_of_the_demo_exists(grid: Grid) -> None:
    streets = {street.name: {each.name for each in street.communities} for street in grid.as_options()}
    dialogues = yaml.safe_load((PROJECT_ROOT / "configs" / "demo" / "dialogues.yaml").read_text(encoding="utf-8"))
    for dialogue in dialogues["dialogues"]:
        assert dialogue["community"] in streets[dialogue["street"]], dialogue["id"]


def broken(tmp_path: Path, text: str) -> str:
    file = tmp_path / "district.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationInvalid) as caught:
        load_data(GridFile, file, GRID.check)
    return caught.value.message


SAMPLE = """sample:
  area_km2: 1
  outline: [[116.0, 39.0], [116.01, 39.0], [116.01, 39.01]]
  rows: [[{street: 东华门街道, area: 1}]]
  base_grids: 1
  unit_grids: 1
  kinds: {residential: 1}
  levels: {routine: 1}
"""


def test_every_mistake_is_named_by_its_line(tmp_path: Path) -> None:
    told = broken(
        tmp_path,
        f"""version: "1"
valid_from: 2026-01-01
streets:
  - code: "110101001"
    name: 东华门街道
    communities:
      - {{code: "110101001001", name: 多福巷社区}}
      - {{code: "110101002002", name: 多福巷社区}}
  - code: "110101001"
    name: 景山街道
    communities:
      - {{code: "110101001003", name: 银闸社区}}
{SAMPLE}""",
    )
    assert "line 4: code: the code 110101001 stands twice" in told
    assert "line 7: name: the name 多福巷社区 stands twice" in told
    assert "line 8: code: the code 110101002002 does not begin with" in told
    assert "line 9: code: the code 110101001 stands twice" in told
    assert "rows: 景山街道 must be a street of this file" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("streets:\n  - {code: '11', name: 东华门街道, communities: []}\n", "line 4: code: String should"),
        ("streets:\n  - {code: '110101001', communities: []}\n", "line 4: name: Field required"),
        ("streets: []\n", "either `features`"),
        ("streats: []\n", "streats: Extra inputs"),
    ],
)
def test_a_file_that_is_no_grid_is_refused(tmp_path: Path, text: str, told: str) -> None:
    assert told in broken(tmp_path, f"version: '1'\nvalid_from: 2026-01-01\n{text}")
