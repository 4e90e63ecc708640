"""City components 部件: found near a place on the delivered grid, and named by cases, all through the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from agent_console.client import CommandRefused
from agent_console.messages.cases import FileCase
from backend.app.datasets import load_special_entries
from backend.cases.schemas import CaseForm
from backend.kernel import clock
from backend.kernel.datafile import DataInvalid

from .hall import ConsoleHall
from .loop_hall import COMMUNITY, OTHER_STREET, STREET, LoopHall, open_loop, refused

pytestmark = pytest.mark.integration

LAMP = "路灯"


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


async def offered(here: LoopHall, who: str = "wang", **near: Any) -> list[dict[str, Any]]:
    answer = await (await here.who(who)).get("/api/components", params=near)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def form(**changes: Any) -> dict[str, Any]:
    right = {"what": "路灯不亮", "address": "忠实里西区", "street_code": STREET, "class_code": "0102"}
    return {"request_id": str(uuid4()), **right, **changes}


async def file(here: LoopHall, **changes: Any) -> UUID:
    async with here.hall.console("wang") as console:
        case = CaseForm.model_validate(form(**changes))
        filed = await console.command(FileCase(id=0, case=case, callback=None))
    return UUID(filed["case"]["case_id"])


async def test_components_of_a_kind_are_offered_nearest_first(here: LoopHall) -> None:
    lamp = (await offered(here, q=LAMP, street=STREET))[0]
    point = {"longitude": lamp["longitude"], "latitude": lamp["latitude"]}
    for typed in (LAMP, "lud", "ld", ""):
        near = await offered(here, q=typed, **point)
        assert 1 <= len(near) <= 8
        assert near[0]["code"] == lamp["code"] or near[0]["metres"] == 0
        assert [each["metres"] for each in near] == sorted(each["metres"] for each in near)
        assert all(each["metres"] < 450 for each in near), "those around, not those of the whole district"
    assert all(each["name"].endswith("井盖") for each in await offered(here, q="井盖", street=STREET))
    assert {each["location"]["street"]["code"] for each in await offered(here, q=LAMP, street=STREET)} == {STREET}


async def test_a_code_finds_its_component_wherever_it_stands(here: LoopHall) -> None:
    lamp = (await offered(here, q=LAMP, street=STREET))[0]
    for near in ({}, {"street": STREET}, {"street": OTHER_STREET}):
        assert (await offered(here, q=lamp["code"], **near))[0]["code"] == lamp["code"]
    assert lamp["code"] in {each["code"] for each in await offered(here, q=lamp["code"][-6:], street=STREET)}


@pytest.mark.parametrize("typed", ["外星人", "'; DROP TABLE components; --", "%%%%", "______", "\\\\\\", " "])
async def test_what_means_no_component_finds_none(here: LoopHall, typed: str) -> None:
    assert await offered(here, q=typed) == []


async def test_only_who_files_may_ask(here: LoopHall) -> None:
    refused(await here.get("qa", "/api/components?q=110"), "NotPermitted")
    assert (await here.get("wang", "/api/components?q=%00")).status_code == 422
    assert (await here.get("wang", "/api/components?longitude=999&latitude=0")).status_code == 422


async def test_a_case_names_its_component_for_everybody_who_works_on_it(here: LoopHall) -> None:
    lamp = (await offered(here, q=LAMP, street=STREET))[0]
    said = {"code": lamp["code"], "name": LAMP}
    case_id = await file(here, component_code=lamp["code"])
    whole = (await here.get("wang", f"/api/cases/{case_id}")).json()
    assert whole["component"] == said
    where = lamp["location"]
    assert (whole["place"]["unit_grid_code"], whole["place"]["longitude"]) == (where["unit_grid"], lamp["longitude"])
    assert whole["case"]["community_name"] == where["community"]["name"], "it lies where its component stands"
    assert whole["events"][0]["detail"]["component"] == f"{LAMP} {lamp['code']}"
    await here.dispatch(case_id, STREET)
    assert (await here.get("street", f"/api/tasks/{case_id}/1")).json()["summary"]["component"] == said
    assert (await here.get("street", "/api/tasks")).json()[0]["component"] == said
    found = (await here.get("wang", f"/api/cases?q={lamp['code']}")).json()["items"]
    assert [each["case_id"] for each in found] == [str(case_id)]


async def test_a_component_that_is_not_or_stands_elsewhere_is_refused_by_name(here: LoopHall) -> None:
    lamp = (await offered(here, q=LAMP, street=STREET))[0]
    streets = (await here.get("wang", "/api/options")).json()["streets"]
    communities = next(each["communities"] for each in streets if each["code"] == STREET)
    other = next(each["code"] for each in communities if each["code"] != lamp["location"]["community"]["code"])
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"component_code": "110101010899999"}, "UnknownComponent"),
        ({"component_code": "'; --"}, "UnknownComponent"),
        ({"component_code": lamp["code"], "street_code": OTHER_STREET}, "ComponentElsewhere"),
        ({"component_code": lamp["code"], "community_code": other}, "ComponentElsewhere"),
    ]
    async with here.hall.console("wang") as console:
        for changes, error in wrong:
            with pytest.raises(CommandRefused) as caught:
                await console.command(FileCase(id=0, case=CaseForm.model_validate(form(**changes)), callback=None))
            assert caught.value.reason == error
    assert (await here.get("wang", "/api/cases")).json()["items"] == []


async def test_a_component_that_was_taken_away_is_kept_where_it_was_filed_and_taken_no_more(here: LoopHall) -> None:
    lamp = (await offered(here, q=LAMP, street=STREET))[0]
    case_id = await file(here, component_code=lamp["code"])
    async with here.hall.database.transaction() as tx:
        gone = text("UPDATE components SET valid_to = valid_from WHERE code = :code")
        await tx.session.execute(gone, {"code": lamp["code"]})
    assert await offered(here, q=lamp["code"]) == []
    with pytest.raises(CommandRefused, match="no component"):
        await file(here, component_code=lamp["code"])
    assert (await here.get("wang", f"/api/cases/{case_id}")).json()["component"]["code"] == lamp["code"]
    async with here.hall.database.transaction() as tx:
        back = text("UPDATE components SET valid_to = NULL WHERE code = :code")
        await tx.session.execute(back, {"code": lamp["code"]})


async def test_a_patrol_reports_a_component(here: LoopHall) -> None:
    lamp = (await offered(here, who="patroller", q=LAMP, street=STREET))[0]
    walker = await here.who("patroller")
    seen = form(component_code=lamp["code"])
    filed = await walker.post("/api/patrols/reports", json=seen)
    assert filed.status_code == 200, filed.text
    detail = (await here.get("wang", f"/api/cases/{filed.json()['case_id']}")).json()
    assert detail["component"]["code"] == lamp["code"]
    problem = refused(await walker.post("/api/patrols/reports", json=form(component_code="none")), "UnknownComponent")
    assert problem["field"] == "component_code"


# ---- entries that may become a case ---------------------------------------------------------------------------------


async def lamps_of(here: LoopHall, community: str = COMMUNITY) -> list[dict[str, Any]]:
    return await offered(here, who="grid", q=LAMP, street=STREET, community=community)


def diary(**changes: Any) -> dict[str, Any]:
    said = {"entry_id": str(uuid4()), "at": clock.now().isoformat(), "kind": "seen", "what": "杆上灯罩脱落"}
    return {**said, "community_code": COMMUNITY, **changes}


async def test_an_entry_of_the_diary_names_a_component_and_its_case_is_about_it_too(here: LoopHall) -> None:
    lamp, other = (await lamps_of(here))[:2]
    grid = await here.who("grid")
    written = (await grid.post("/api/rounds/diary", json=diary(component_code=lamp["code"]))).json()
    assert written["entry"]["component"] == {"code": lamp["code"], "name": lamp["name"]}
    assert written["place"]["unit_grid_code"] == lamp["location"]["unit_grid"], "it lies where its component stands"
    found = (await grid.get("/api/rounds/diary", params={"q": lamp["code"]})).json()["items"]
    assert [each["entry_id"] for each in found] == [written["entry"]["entry_id"]]
    path = f"/api/rounds/diary/{written['entry']['entry_id']}"
    amended = {**diary(component_code=other["code"]), "version": 1}
    del amended["entry_id"]
    assert (await grid.post(f"{path}/amendment", json=amended)).json()["entry"]["component"]["code"] == other["code"]
    wish = {"request_id": str(uuid4()), "version": 2, "class_code": "0102"}
    grown = (await (await here.who("dispatcher")).post(f"{path}/case", json=wish)).json()
    case = (await here.get("dispatcher", f"/api/cases/{grown['entry']['case']['case_id']}")).json()
    assert case["component"]["code"] == other["code"]


async def test_an_entry_of_a_special_list_names_a_component_and_so_does_a_file(here: LoopHall, tmp_path: Path) -> None:
    lamp = (await lamps_of(here))[0]
    body = {
        "entry_id": str(uuid4()), "kind_code": "Z01", "what": "灯杆倾斜", "address": "忠实里", "street_code": STREET,
        "found_on": f"{clock.beijing(clock.now()).date()}", "component_code": lamp["code"],
    }  # fmt: skip
    desk = await here.who("dispatcher")
    entered = (await desk.post("/api/special/entries", json=body)).json()
    assert (entered["entry"]["component"]["code"], entered["entry"]["community_code"]) == (lamp["code"], COMMUNITY)
    wish = {"request_id": str(uuid4()), "version": 1}
    grown = await desk.post(f"/api/special/entries/{body['entry_id']}/case", json=wish)
    case = (await here.get("dispatcher", f"/api/cases/{grown.json()['entry']['case']['case_id']}")).json()
    assert case["component"]["code"] == lamp["code"]
    for component, taken in ((lamp["code"], True), ("110101010899999", False)):
        lines = [
            "entries:", "  - list: Z09", f"    ref: T-{component}", "    what: 线缆垂落", f"    street: '{STREET}'",
            "    found: 2026-11-20", f"    component: '{component}'",
        ]  # fmt: skip
        (file := tmp_path / "entries.yaml").write_text("\n".join(lines), encoding="utf-8")
        async with here.hall.database.transaction() as tx:
            if taken:
                report = await load_special_entries(tx, here.hall.installation, file, clock.now())
                assert len(report.added) == 1
                continue
            with pytest.raises(DataInvalid) as refusal:
                await load_special_entries(tx, here.hall.installation, file, clock.now())
        assert [mistake.field for mistake in refusal.value.mistakes] == ["component"]


async def test_an_entry_names_no_component_that_is_not_or_stands_elsewhere(here: LoopHall) -> None:
    lamp = (await offered(here, q=LAMP, street=OTHER_STREET))[0]
    grid, desk = await here.who("grid"), await here.who("dispatcher")
    day = f"{clock.beijing(clock.now()).date()}"
    for code, error in (("none", "UnknownComponent"), (lamp["code"], "ComponentElsewhere")):
        answer = await grid.post("/api/rounds/diary", json=diary(component_code=code))
        assert refused(answer, error)["field"] == "component_code"
        body = {"entry_id": str(uuid4()), "kind_code": "Z01", "what": "x", "street_code": STREET, "found_on": day}
        refused(await desk.post("/api/special/entries", json={**body, "component_code": code}), error)
    assert (await grid.get("/api/rounds/diary")).json()["items"] == []


async def test_an_entry_whose_component_was_taken_away_becomes_a_case_without_it(here: LoopHall) -> None:
    lamp = (await lamps_of(here))[0]
    written = (await (await here.who("grid")).post("/api/rounds/diary", json=diary(component_code=lamp["code"]))).json()
    async with here.hall.database.transaction() as tx:
        gone = text("UPDATE components SET valid_to = valid_from WHERE code = :code")
        await tx.session.execute(gone, {"code": lamp["code"]})
    path = f"/api/rounds/diary/{written['entry']['entry_id']}/case"
    wish = {"request_id": str(uuid4()), "version": 1, "class_code": "0102"}
    grown = (await (await here.who("dispatcher")).post(path, json=wish)).json()
    case = (await here.get("dispatcher", f"/api/cases/{grown['entry']['case']['case_id']}")).json()
    assert (case["component"], grown["entry"]["component"]["code"]) == (None, lamp["code"])
    async with here.hall.database.transaction() as tx:
        back = text("UPDATE components SET valid_to = NULL WHERE code = :code")
        await tx.session.execute(back, {"code": lamp["code"]})
