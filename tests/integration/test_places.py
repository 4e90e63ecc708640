"""Addresses found and points placed on the delivered grid, through the API, and cases filed there."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from agent_console.client import CommandRefused
from agent_console.messages.cases import FileCase, SaveDraft
from backend.cases.models import Case
from backend.cases.schemas import CaseForm, DraftContent

from .hall import ConsoleHall

pytestmark = pytest.mark.integration


async def found(hall: ConsoleHall, typed: str, street: str = "") -> list[dict[str, Any]]:
    async with hall.browser("wang") as client:
        answer = await client.get("/api/places", params={"q": typed, "street": street})
        answer.raise_for_status()
        return answer.json()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("typed", "address", "street", "community"),
    [
        ("前门东大街2号楼", "前门东大街2号楼", "东华门街道", None),
        ("忠实里西区3号楼", "忠实里西区3号楼", "东花市街道", "忠实里社区"),
        ("东花市街道忠实里西区三号楼", "忠实里西区3号楼", "东花市街道", "忠实里社区"),
        ("中实里西区3号楼", "忠实里西区3号楼", "东花市街道", "忠实里社区"),
        ("zslxq3", "忠实里西区3号楼", "东花市街道", "忠实里社区"),
        ("qmddj2hl", "前门东大街2号楼", "东华门街道", None),
        ("史家胡同5", "史家胡同5号", "朝阳门街道", "史家社区"),
    ],
)
async def test_what_is_typed_finds_the_address_with_its_grid(
    hall: ConsoleHall, typed: str, address: str, street: str, community: str | None
) -> None:
    offered = await found(hall, typed)
    assert 1 <= len(offered) <= 5
    best = offered[0]
    assert (best["address"], best["found"]) == (address, "building")
    where = best["location"]
    assert where["street"]["name"] == street
    assert community in (None, where["community"]["name"])
    assert where["unit_grid"].startswith(where["community"]["code"])
    assert where["base_grid"]["code"].startswith(where["community"]["code"])
    async with hall.browser("wang") as client:
        at = {"longitude": best["longitude"], "latitude": best["latitude"]}
        assert (await client.get("/api/grid/at", params=at)).json() == where


async def test_what_follows_the_building_is_kept(hall: ConsoleHall) -> None:
    best = (await found(hall, "忠实里西区3号楼2单元门口的路灯"))[0]
    assert (best["text"], best["rest"]) == ("忠实里西区3号楼2单元", "门口的路灯")
    road = (await found(hall, "王府井大街路口便道"))[0]
    assert (road["text"], road["rest"], road["found"]) == ("王府井大街路口便道", "", "road")
    assert (road["location"]["street"]["name"], road["location"]["unit_grid"]) == ("东华门街道", None)


async def test_a_number_that_does_not_exist_gives_the_nearest_and_keeps_what_was_said(hall: ConsoleHall) -> None:
    best = (await found(hall, "史家胡同甲6号门口"))[0]
    assert (best["found"], best["text"], best["rest"], best["place_code"]) == ("near", "史家胡同甲6号", "门口", None)
    assert (best["address"], best["location"]["community"]["name"]) == ("史家胡同6号", "史家社区")


@pytest.mark.parametrize("typed", ["", " ", "！？", "\x00", "上海外滩", "%", "'; DROP TABLE places; --"])
async def test_nothing_is_offered_for_what_is_nowhere(hall: ConsoleHall, typed: str) -> None:
    assert await found(hall, typed) == []


async def test_only_who_files_cases_may_ask(hall: ConsoleHall) -> None:
    async with hall.browser("qa") as client:
        assert (await client.get("/api/places", params={"q": "史家胡同"})).status_code == 403
        assert (await client.get("/api/grid/at", params={"longitude": 116.41, "latitude": 39.92})).status_code == 403


async def test_a_point_outside_the_district_is_told(hall: ConsoleHall) -> None:
    async with hall.browser("wang") as client:
        refused = await client.get("/api/grid/at", params={"longitude": 116.30, "latitude": 39.92})
    assert (refused.status_code, refused.json()["error"]) == (404, "OutsideDistrict")


async def a_place(hall: ConsoleHall) -> dict[str, Any]:
    best = (await found(hall, "忠实里西区3号楼"))[0]
    return {
        "place_code": best["place_code"],
        "unit_grid_code": best["location"]["unit_grid"],
        "longitude": best["longitude"],
        "latitude": best["latitude"],
    }


def a_form(**changes: Any) -> CaseForm:
    right = {"what": "电梯坏了", "address": "忠实里西区3号楼", "street_code": "110101013", "class_code": "0101"}
    return CaseForm.model_validate({"request_id": uuid4(), **right, **changes})


async def test_a_case_keeps_where_on_the_grid_it_lies(hall: ConsoleHall) -> None:
    place = await a_place(hall)
    async with hall.console("wang") as wang:
        filed = await wang.command(FileCase(id=0, case=a_form(place=place), callback=None))
    async with hall.database.transaction() as tx:
        case = (await tx.session.execute(select(Case))).scalar_one()
    assert (case.place_code, case.unit_grid_code) == (place["place_code"], place["unit_grid_code"])
    assert (case.longitude, case.latitude) == (place["longitude"], place["latitude"])
    assert case.community_name == "忠实里社区", "the grid tells the community that nobody chose"
    async with hall.browser("wang") as client:
        detail = (await client.get(f"/api/cases/{filed['case']['case_id']}")).json()
    assert detail["place"] == {**place, "base_grid_code": case.base_grid_code, "base_grid_name": case.base_grid_name}
    assert detail["events"][0]["detail"]["unit_grid"] == place["unit_grid_code"]


async def test_a_place_that_contradicts_the_form_is_refused(hall: ConsoleHall) -> None:
    place = await a_place(hall)
    async with hall.console("wang") as wang:
        with pytest.raises(CommandRefused) as refused:
            await wang.command(FileCase(id=0, case=a_form(place=place, street_code="110101001"), callback=None))
    assert refused.value.reason == "PointElsewhere"


async def test_a_draft_keeps_the_place_that_was_chosen(hall: ConsoleHall) -> None:
    chosen = {**(await a_place(hall)), "text": "忠实里西区3号楼", "grid_name": "忠实里社区第1网格"}
    content = DraftContent.model_validate({"address": "忠实里西区3号楼门口", "place": chosen})
    async with hall.console("wang") as wang:
        saved = await wang.command(SaveDraft(id=0, draft_id=uuid4(), call_id=None, revision=0, content=content))
    assert saved["content"]["place"] == chosen
