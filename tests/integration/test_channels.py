"""Cases of other channels, filed from the console without a call: the same thing whatever channel they came by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from agent_console.client import CommandRefused
from agent_console.messages.cases import FileCase
from backend.cases.schemas import CaseForm

from .hall import ConsoleHall
from .loop_hall import STREET, LoopHall, open_loop, refused

pytestmark = pytest.mark.integration

LETTER = {"channel": "mailbox", "source_reference": "信箱2026-117", "citizen_number": "13900002222"}


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


async def file(here: LoopHall, who: str = "wang", **changes: Any) -> UUID:
    right = {"request_id": uuid4(), "what": "路灯不亮", "street_code": STREET, "class_code": "0102", **LETTER}
    async with here.hall.console(who) as console:
        filed = await console.command(FileCase(id=0, case=CaseForm.model_validate({**right, **changes})))
    return UUID(filed["case"]["case_id"])


async def test_a_letter_becomes_a_case_with_its_channel_and_its_source_everywhere(here: LoopHall) -> None:
    case_id = await file(here, citizen_name="赵先生")
    whole = (await here.get("dispatcher", f"/api/cases/{case_id}")).json()
    assert (whole["case"]["channel"], whole["source_reference"]) == ("mailbox", "信箱2026-117")
    assert (whole["caller"]["number"], whole["caller"]["name"]) == ("139****2222", "赵先生")
    filed = whole["events"][0]["detail"]
    assert (filed["intake"], filed["source"], filed["call_id"]) == ("区长信箱", "信箱2026-117", None)
    await here.file()
    for query, count in (("channel=mailbox", 1), ("channel=hotline", 1), ("channel=wechat", 0), ("q=路灯", 1)):
        rows = (await here.get("dispatcher", f"/api/cases?{query}")).json()["items"]
        assert len(rows) == count, query
    await here.dispatch(case_id, STREET)
    seen = (await here.get("street", f"/api/tasks/{case_id}/1")).json()
    assert (seen["reachable"], seen["citizen"]["number"]) == (True, "139****2222")
    assert "信箱2026-117" not in str(seen), "a letter's number leads to who wrote it"


async def test_it_goes_round_the_loop_like_every_other(here: LoopHall) -> None:
    case_id = await file(here, channel="patrol", source_reference="", citizen_number="")
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    await here.task("street", case_id, 1, "report", result="已修好")
    await here.case("verifier", case_id, "verification")
    assert (await here.case("verifier", case_id, "closing"))["closed_as"] == "handled"


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("UnknownChannel", {"channel": "fax"}),
        ("ChannelWithoutReference", {"source_reference": " "}),
        ("CitizenNumberNotWhole", {"citizen_number": "6512"}),
        ("CallNotYours", {"call_id": "hotline-1.1"}),
    ],
)
async def test_what_is_wrong_is_refused_and_nothing_is_filed(
    here: LoopHall, error: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(CommandRefused) as told:
        await file(here, **changes)
    assert told.value.reason == error
    assert (await here.get("dispatcher", "/api/cases")).json()["items"] == []


async def test_who_may_not_file_files_by_no_channel(here: LoopHall) -> None:
    await here.who("verifier")
    with pytest.raises(CommandRefused) as told:
        await file(here, "verifier")
    assert told.value.reason == "NotPermitted"


async def test_the_same_letter_and_the_same_citizen_are_noticed_while_it_is_typed_again(here: LoopHall) -> None:
    case_id = await file(here)
    wang = await here.who("wang")
    for form, reason in (
        ({"channel": "mailbox", "source_reference": " 信箱2026-117"}, "same_source"),
        ({"citizen_number": "139 0000 2222"}, "same_number"),
    ):
        (found,) = (await wang.post("/api/cases/outlook", json=form)).json()["similar"]
        assert (found["case"]["case_id"], found["reasons"]) == (str(case_id), [reason])
    other = {"channel": "wechat", "source_reference": "信箱2026-117"}
    assert (await wang.post("/api/cases/outlook", json=other)).json()["similar"] == []
    refused(await wang.post("/api/cases/outlook", json={"channel": "'; --"}), "InputInvalid")


async def test_a_secret_writer_stays_secret(here: LoopHall) -> None:
    case_id = await file(here, identity_secret=True, citizen_name="匿名人")
    await here.dispatch(case_id, STREET)
    seen = (await here.get("street", f"/api/tasks/{case_id}/1")).json()
    assert (seen["citizen"], seen["reachable"]) == (None, False)
    assert "匿名人" not in str(seen)


async def test_menus_offer_the_channels_under_their_titles(here: LoopHall) -> None:
    options = (await here.get("wang", "/api/options")).json()["channels"]
    assert [each["code"] for each in options][:2] == ["hotline", "city_hotline"]
    assert {each["title"] for each in options} >= {"微信", "批示件", "巡查上报"}
