"""Diary and ledger through the API: what grid managers write, find and make cases of, and what stands against it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from backend.cases.models import Case
from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.kernel.database import events_table
from backend.rounds.models import RoundEntry

from .hall import ConsoleHall
from .loop_hall import COMMUNITY, OTHER_COMMUNITY, STREET, LoopHall, open_loop, refused

pytestmark = pytest.mark.integration


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


def diary(**changes: Any) -> dict[str, Any]:
    """居民反映楼道灯坏了."""
    said = {
        "entry_id": str(uuid4()),
        "at": (clock.now() - timedelta(hours=1)).isoformat(),
        "kind": "heard",
        "what": "居民李阿姨反映三号楼楼道灯坏了一周",
        "address": "忠实里西区3号楼",
        "community_code": COMMUNITY,
    }
    return {**said, **changes}


def ledger(**changes: Any) -> dict[str, Any]:
    """邻里纠纷."""
    said = diary(what="楼上漏水，两家争执", class_code="G030102", **changes)
    del said["kind"]
    return said


async def post(here: LoopHall, who: str, path: str, body: dict[str, Any]) -> httpx.Response:
    return await (await here.who(who)).post(f"/api/rounds/{path}", json=body)


async def write(here: LoopHall, who: str = "grid", journal: str = "diary", **changes: Any) -> dict[str, Any]:
    body = diary(**changes) if journal == "diary" else ledger(**changes)
    answer = await post(here, who, journal, body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def listed(here: LoopHall, who: str, path: str = "diary", **asked: Any) -> list[str]:
    answer = await (await here.who(who)).get(f"/api/rounds/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return [each["what"] for each in answer.json()["items"]]


async def stored(here: LoopHall, table: type[Any]) -> int:
    async with here.hall.database.transaction() as tx:
        return (await tx.session.execute(select(func.count()).select_from(table))).scalar_one()


async def wish(entry: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"request_id": str(uuid4()), "version": entry["entry"]["version"], **changes}


# ---- writing ------------------------------------------------------------------------------------------------------


async def test_an_entry_is_written_once_however_often_it_is_sent(here: LoopHall) -> None:
    body = diary()
    await here.who("grid")
    answers = await asyncio.gather(*(post(here, "grid", "diary", body) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1
    entry = answers[0].json()["entry"]
    assert (entry["community_name"], entry["street_code"], entry["written_by"]) == ("忠实里社区", STREET, "grid")
    refused(await post(here, "grid", "diary", {**body, "what": "别的事"}), "RoundEntryReused")
    refused(await post(here, "grid", "ledger", ledger(entry_id=body["entry_id"])), "RoundEntryReused")
    refused(await post(here, "street_grid", "diary", body), "RoundEntryReused")
    assert await stored(here, RoundEntry) == 1


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("diary", {"kind": None}, "EntryWithoutKind", "kind"),
    ("diary", {"what": " \u200b\n"}, "EntryWithoutContent", "what"),
    ("diary", {"class_code": "9999"}, "UnknownClass", "class_code"),
    ("diary", {"at": "2099-01-01T00:00:00Z"}, "EntryInFuture", "at"),
    ("diary", {"at": "2020-01-01T00:00:00Z"}, "EntryTooOld", "at"),
    ("diary", {"community_code": "999"}, "UnknownCommunity", "community_code"),
    ("diary", {"community_code": STREET}, "UnknownCommunity", "community_code"),
    ("diary", {"community_code": OTHER_COMMUNITY}, "NotYourBeat", "community_code"),
    ("ledger", {"class_code": ""}, "EntryWithoutClass", "class_code"),
    ("ledger", {"class_code": "0102"}, "NotSocialClass", "class_code"),
    ("diary", {"what": "长" * 4001}, "InputInvalid", "what"),
    ("diary", {"at": "2026-11-01T10:00:00"}, "InputInvalid", "at"),
    ("diary", {"kind": "dreamt"}, "InputInvalid", "kind"),
    ("diary", {"entry_id": "1"}, "InputInvalid", "entry_id"),
    ("diary", {"nonsense": 1}, "InputInvalid", "nonsense"),
    (
        "diary",
        {"place": {"unit_grid_code": "110101014001001001", "longitude": 116.4, "latitude": 39.9}},
        "UnknownUnitGrid",
        "place",
    ),
]


@pytest.mark.parametrize(("journal", "changes", "error", "field"), WRONG)
async def test_what_is_wrong_is_named_by_its_field_and_nothing_is_kept(
    here: LoopHall, journal: str, changes: dict[str, Any], error: str, field: str
) -> None:
    body = diary(**changes) if journal == "diary" else ledger() | changes
    problem = refused(await post(here, "grid", journal, body), error)
    assert problem["field"] == field
    assert problem["next_step"]
    assert await stored(here, RoundEntry) == 0


async def test_a_grid_manager_without_a_community_is_told_so(here: LoopHall) -> None:
    refused(await post(here, "lost_grid", "diary", diary()), "NoBeat")
    refused(await here.get("lost_grid", "/api/rounds/diary"), "NoBeat")
    refused(await here.get("lost_grid", "/api/rounds/diary/counts"), "NoBeat")


async def test_only_who_wrote_it_puts_it_right_and_only_until_it_is_a_case(here: LoopHall) -> None:
    entry = await write(here)
    path = f"diary/{entry['entry']['entry_id']}/amendment"
    right = {key: value for key, value in diary(what="三号楼和四号楼楼道灯都坏了").items() if key != "entry_id"}
    refused(await post(here, "street_grid", path, {**right, "version": 1}), "OnlyWriterAmends")
    refused(await post(here, "grid", path, {**right, "version": 7}), "EntryOutdated")
    problem = refused(await post(here, "grid", path, {**right, "version": 1, "what": ""}), "EntryWithoutContent")
    assert problem["field"] == "what"
    answer = await post(here, "grid", path, {**right, "version": 1})
    assert answer.json()["entry"]["version"] == 2
    assert await listed(here, "grid", q="四号楼") == ["三号楼和四号楼楼道灯都坏了"]
    assert await listed(here, "grid", q="李阿姨") == []
    async with here.hall.database.transaction() as tx:
        audited = await tx.session.execute(select(AuditEntry.detail).where(AuditEntry.action == "round_amended"))
    assert audited.scalar_one()["what"] == "居民李阿姨反映三号楼楼道灯坏了一周"
    made = await post(here, "grid", f"diary/{entry['entry']['entry_id']}/case", {
        "request_id": str(uuid4()), "version": 2, "class_code": "0102",
    })  # fmt: skip
    assert made.status_code == 200, made.text
    refused(await post(here, "grid", path, {**right, "version": 3}), "EntryIsCase")


# ---- who sees what ------------------------------------------------------------------------------------------------


async def test_everybody_sees_the_own_community_a_street_its_communities_and_the_centre_all(here: LoopHall) -> None:
    own = await write(here, what="忠实里的事")
    await write(here, "other_grid", what="龙潭的事", community_code=OTHER_COMMUNITY)
    assert await listed(here, "grid") == ["忠实里的事"]
    assert await listed(here, "street_grid") == ["忠实里的事"]
    assert await listed(here, "other_grid") == ["龙潭的事"]
    assert sorted(await listed(here, "dispatcher")) == ["忠实里的事", "龙潭的事"]
    # no filter widens what may be seen
    assert await listed(here, "other_grid", community=COMMUNITY) == []
    assert await listed(here, "other_grid", street=STREET) == []
    path = f"/api/rounds/diary/{own['entry']['entry_id']}"
    refused(await here.get("other_grid", path), "RoundEntryNotFound")
    refused(await here.get("grid", path.replace("diary", "ledger")), "RoundEntryNotFound")
    refused(
        await post(here, "other_grid", path.removeprefix("/api/rounds/") + "/case", await wish(own)),
        "RoundEntryNotFound",
    )
    for nobody in ("wang", "street", "verifier", "qa"):
        refused(await here.get(nobody, "/api/rounds/diary"), "NotPermitted")
        refused(await post(here, nobody, "diary", diary()), "NotPermitted")
    refused(await post(here, "dispatcher", "diary", diary()), "NotPermitted")


async def test_a_grid_manager_sees_no_case_and_no_call(here: LoopHall) -> None:
    case_id = await here.file()
    for path in ("/api/cases", f"/api/cases/{case_id}", "/api/calls", "/api/tasks", "/api/callbacks", "/api/seats"):
        refused(await here.get("grid", path), "NotPermitted")


async def test_a_look_is_audited_and_the_event_tells_nothing_of_what_was_written(here: LoopHall) -> None:
    entry = await write(here)
    entry_id = entry["entry"]["entry_id"]
    assert (await here.get("dispatcher", f"/api/rounds/diary/{entry_id}")).status_code == 200
    async with here.hall.database.transaction() as tx:
        query = select(AuditEntry.username).where(AuditEntry.action == "round_read", AuditEntry.object_id == entry_id)
        assert (await tx.session.execute(query)).scalars().all() == ["dispatcher"]
        told = (await tx.session.execute(select(events_table).where(events_table.c.topic == "round_changed"))).one()
    assert set(told.payload) == {"journal", "entry_id"}
    assert set(told.audience) == {"permission:rounds.read", f"unit:{STREET}", f"unit:{COMMUNITY}"}


# ---- finding ------------------------------------------------------------------------------------------------------


async def test_words_days_kinds_and_pages_find_what_they_say(here: LoopHall) -> None:
    now = clock.now()
    for n in range(5):
        at = (now - timedelta(days=n, minutes=1)).isoformat()
        await write(here, what=f"第{n}天走访独居老人", kind="done" if n % 2 else "seen", at=at)
    assert await listed(here, "grid", q="独居 第3天") == ["第3天走访独居老人"]
    assert await listed(here, "grid", q="独居 不存在") == []
    assert len(await listed(here, "grid", kind="done")) == 2
    yesterday = clock.beijing(now - timedelta(days=1, minutes=1)).date().isoformat()
    assert await listed(here, "grid", from_day=yesterday, to_day=yesterday) == ["第1天走访独居老人"]
    client, found, cursor = await here.who("grid"), [], None
    while True:
        asked = {"limit": 2, "q": "老人"} | ({"cursor": cursor} if cursor else {})
        answer = (await client.get("/api/rounds/diary", params=asked)).json()
        found += [each["what"] for each in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert found == [f"第{n}天走访独居老人" for n in range(5)]
    by_day = (await client.get("/api/rounds/diary/counts", params={"by": "day"})).json()
    assert (by_day["total"], len(by_day["counts"]), by_day["more"]) == (5, 5, False)
    by_kind = (await client.get("/api/rounds/diary/counts", params={"kind": "done"})).json()
    assert {each["key"]: each["count"] for each in by_kind["counts"]} == {"seen": 3, "done": 2}


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"cursor": "nonsense"}, "CursorInvalid"),
        ({"from_day": "2026-11-02", "to_day": "2026-11-01"}, "DaysReversed"),
        ({"from_day": "2026-13-01"}, "InputInvalid"),
        ({"limit": 0}, "InputInvalid"),
        ({"q": "x" * 101}, "InputInvalid"),
        ({"q": "a\x00b"}, "InputInvalid"),
        ({"street": "' OR 1=1"}, "InputInvalid"),
        ({"by": "mood"}, "InputInvalid"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(here: LoopHall, asked: dict[str, Any], error: str) -> None:
    path = "/api/rounds/diary/counts" if "by" in asked else "/api/rounds/diary"
    refused(await (await here.who("dispatcher")).get(path, params=asked), error)


async def test_the_last_and_the_first_day_that_there_are_may_be_asked_for(here: LoopHall) -> None:
    await write(here)
    days = {"from_day": "0001-01-01", "to_day": "9999-12-31"}
    assert len(await listed(here, "grid", **days)) == 1
    cases = await (await here.who("dispatcher")).get(
        "/api/cases", params={"filed_from": "0001-01-01", "filed_to": "9999-12-31"}
    )
    assert cases.status_code == 200, cases.text


# ---- becoming a case ----------------------------------------------------------------------------------------------


async def test_an_entry_becomes_a_case_once_and_each_knows_the_other(here: LoopHall) -> None:
    entry = await write(here, result="已电话通知物业", class_code="0102")
    entry_id = entry["entry"]["entry_id"]
    body = await wish(entry)
    answers = await asyncio.gather(*(post(here, "grid", f"diary/{entry_id}/case", body) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}, answers[0].text
    case = answers[0].json()["entry"]["case"]
    assert case["status"] == "filed"
    refused(await post(here, "grid", f"diary/{entry_id}/case", await wish(entry)), "EntryIsCase")
    refused(await post(here, "dispatcher", f"diary/{entry_id}/case", body), "RequestReused")
    refused(await post(here, "grid", f"diary/{entry_id}/case", {**body, "what": "别的"}), "RequestReused")
    assert await stored(here, Case) == 1
    whole = (await here.get("dispatcher", f"/api/cases/{case['case_id']}")).json()
    assert whole["origin"] == {"kind": "diary", "entry_id": entry_id}
    assert whole["case"]["what"] == "居民李阿姨反映三号楼楼道灯坏了一周\n已电话通知物业"
    assert (whole["address"], whole["case"]["community_name"]) == ("忠实里西区3号楼", "忠实里社区")
    assert [each["number"] for each in (await here.get("dispatcher", "/api/cases?channel=diary")).json()["items"]] == [
        case["number"]
    ]


async def test_what_happens_to_the_case_is_seen_at_the_entry(here: LoopHall) -> None:
    entry = await write(here, journal="ledger")
    entry_id = entry["entry"]["entry_id"]
    made = await post(here, "grid", f"ledger/{entry_id}/case", await wish(entry))
    assert made.status_code == 200, made.text
    case_id = made.json()["entry"]["case"]["case_id"]
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    seen = (await here.get("grid", f"/api/rounds/ledger/{entry_id}")).json()
    assert seen["entry"]["case"]["status"] == "handling"
    assert [step["kind"] for step in seen["case_steps"]] == ["filed", "dispatched", "task_sent", "task_signed"]
    assert await listed(here, "grid", "ledger", with_case=True) == ["楼上漏水，两家争执"]
    assert await listed(here, "grid", "ledger", with_case=False) == []
    counted = (await here.get("grid", "/api/rounds/ledger/counts?by=class")).json()["counts"]
    assert counted == [{"key": "G03", "name": "G03", "count": 1, "cases": 1}]


async def test_two_people_make_one_case_of_one_entry(here: LoopHall) -> None:
    entry = await write(here, class_code="0102")
    path = f"diary/{entry['entry']['entry_id']}/case"
    wishes = [(who, await wish(entry)) for who in ("grid", "dispatcher", "street_grid")]
    for who, _ in wishes:
        await here.who(who)
    answers = await asyncio.gather(*(post(here, who, path, body) for who, body in wishes))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert await stored(here, Case) == 1


async def test_one_request_makes_no_second_case_of_another_entry(here: LoopHall) -> None:
    one, two = await write(here, class_code="0102"), await write(here, class_code="0102")
    body = await wish(one)
    assert (await post(here, "grid", f"diary/{one['entry']['entry_id']}/case", body)).status_code == 200
    refused(await post(here, "grid", f"diary/{two['entry']['entry_id']}/case", body), "RequestReused")
    assert await stored(here, Case) == 1


async def test_a_case_that_cannot_be_filed_leaves_the_entry_as_it_was(here: LoopHall) -> None:
    entry = await write(here)
    path = f"diary/{entry['entry']['entry_id']}"
    problem = refused(await post(here, "grid", f"{path}/case", await wish(entry)), "CaseWithoutClass")
    assert problem["field"] == "class_code"
    refused(
        await post(here, "grid", f"{path}/case", await wish(entry, class_code="0102", what=" ")), "CaseWithoutContent"
    )
    refused(await post(here, "grid", f"{path}/case", {**await wish(entry), "version": 9}), "EntryOutdated")
    again = (await here.get("grid", f"/api/rounds/{path}")).json()
    assert (again["entry"]["version"], again["entry"]["case"]) == (1, None)
    assert await stored(here, Case) == 0
