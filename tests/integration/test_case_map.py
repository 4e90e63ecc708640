"""The map of the grid through the API: the same figures as the list, by area, and the shapes to draw them in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from shapely import Point
from shapely.geometry import shape

from .hall import ConsoleHall
from .loop_hall import OTHER_STREET, STREET, LoopHall, open_loop, refused

pytestmark = pytest.mark.integration
COMMUNITY = "110101013007"


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


async def shapes(here: LoopHall, level: str, street: str = "") -> dict[str, Any]:
    """The areas of a level by their code."""
    answer = await here.get("dispatcher", f"/api/grid/shapes?level={level}&street={street}")
    assert answer.status_code == 200, answer.text
    return {each["properties"]["code"]: shape(each["geometry"]) for each in answer.json()["features"]}


async def drawn(here: LoopHall, query: str) -> dict[str, Any]:
    answer = await here.get("dispatcher", f"/api/cases/map?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def by_area(found: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {each["code"]: (each["open"], each["overdue"]) for each in found["areas"]}


async def placed(here: LoopHall, **changes: Any) -> str:
    """A case with a point in the community; the code of its unit grid."""
    grids = await shapes(here, "unit_grid", STREET)
    code, area = next((code, area) for code, area in sorted(grids.items()) if code.startswith(COMMUNITY))
    point = area.representative_point()
    place = {"unit_grid_code": code, "longitude": point.x, "latitude": point.y}
    await here.file(community_code=COMMUNITY, place=place, **changes)
    return code


async def test_open_cases_are_counted_by_area_and_overdue_ones_among_them(here: LoopHall) -> None:
    grid = await placed(here)
    late = await here.file(street_code=OTHER_STREET)
    await here.run_out(late)
    await here.file(street_code=OTHER_STREET)
    await here.closed()

    streets = await drawn(here, "level=street")
    assert by_area(streets) == {STREET: (1, 0), OTHER_STREET: (2, 1)}
    assert (streets["total"]["open"], streets["total"]["overdue"], streets["elsewhere"]["open"]) == (3, 1, 0)
    assert [(each["overdue"], each["status"]) for each in streets["points"]] == [(False, "filed")]
    communities = await drawn(here, "level=community")
    assert by_area(communities) == {COMMUNITY: (1, 0)}
    assert communities["elsewhere"] == {"code": "", "open": 2, "overdue": 1}
    grids = await drawn(here, f"level=unit_grid&street={STREET}")
    assert by_area(grids) == {grid: (1, 0)}
    assert grids["total"]["open"] == 1
    listed = (await here.get("dispatcher", f"/api/cases?unit_grid={grid}")).json()["items"]
    assert [each["case_id"] for each in listed] == [grids["points"][0]["case_id"]], "the way from the map to the list"


async def test_the_map_has_the_filters_of_the_list_and_the_same_figures(here: LoopHall) -> None:
    await placed(here, what="楼道照明损坏", urgency="urgent")
    await here.run_out(await here.file(what="噪声扰民", class_code="0901"))
    await here.file(street_code=OTHER_STREET, what="照明不足")
    for query, found in {
        "q=照明": 2, "q=照明&urgency=urgent": 1, "class_code=09": 1, "overdue=true": 1, f"street={STREET}": 2,
        "status=filed": 3, "status=closed": 0, "number=13812341234": 3, "q=没有这个词": 0,
    }.items():  # fmt: skip
        whole = await drawn(here, query)
        listed = (await here.get("dispatcher", f"/api/cases?{query}")).json()["items"]
        assert whole["total"]["open"] == len(listed) == found, query
        assert sum(each["open"] for each in whole["areas"]) + whole["elsewhere"]["open"] == found


async def test_unit_grids_are_those_of_a_street(here: LoopHall) -> None:
    refused(await here.get("dispatcher", "/api/cases/map?level=unit_grid"), "StreetNotChosen")
    refused(await here.get("dispatcher", "/api/cases/map?level=planet"), "InputInvalid")
    refused(await here.get("dispatcher", "/api/grid/shapes?level=base_grid"), "InputInvalid")
    for path in ("/api/cases/map", "/api/grid/shapes?level=street"):
        refused(await here.get("street", path), "NotPermitted")


async def test_the_shapes_are_those_of_the_grid_and_unchanged_ones_are_not_sent_again(here: LoopHall) -> None:
    streets = await shapes(here, "street")
    communities = await shapes(here, "community", STREET)
    grids = await shapes(here, "unit_grid", STREET)
    assert (len(streets), len(await shapes(here, "community"))) == (17, 182)
    assert all(code.startswith(STREET) for code in (*communities, *grids))
    for areas in (communities, grids):
        assert sum(each.area for each in areas.values()) == pytest.approx(streets[STREET].area, rel=1e-3)
    path = "/api/grid/shapes?level=street"
    first = await here.get("dispatcher", path)
    middle = next(each for each in first.json()["features"] if each["properties"]["code"] == STREET)
    assert streets[STREET].contains(Point(middle["properties"]["cp"]))
    again = await (await here.who("dispatcher")).get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
