"""Boards of quality through the API: what is counted, who sees whom, and what stands behind each number."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, text, update

from backend.identity.models import AuditEntry, User
from backend.kernel import clock
from backend.quality.models import CallCheck

from .hall import ConsoleHall
from .loop_hall import refused
from .qa_room import ITEMS, QaRoom

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_day")]


def today(days: int = 0) -> date:
    """The day in Beijing so many days from now."""
    return clock.beijing(clock.now()).date() + timedelta(days=days)


def noon(days_ago: int) -> datetime:
    return clock.day_begins(today(-days_ago)) + timedelta(hours=12)


@pytest.fixture
async def room(hall: ConsoleHall) -> AsyncIterator[QaRoom]:
    """Wang and the shift leader are of 甲班, Li of 乙班."""
    async with AsyncExitStack() as stack:
        opened = QaRoom(hall, stack)
        await opened.open()
        async with hall.database.transaction() as tx:
            for name, team in (("wang", "甲班"), ("boss", "甲班"), ("li", "乙班")):
                await tx.session.execute(update(User).where(User.username == name).values(team=team))
        yield opened


async def checked(room: QaRoom, call_id: str, agent: str, at: datetime, *hits: str, **said: Any) -> list[str]:
    """A call that was checked, with hits of these severities; "~" before one: the check is not sure of it."""
    await room.call(call_id, agent, arrived_at=at, answered_at=at, ended_at=at, queue="q96010", **said)
    async with room.hall.database.transaction() as tx:
        check = CallCheck(call_id=call_id, version=1, transcript_revision=1, rules="x", checked_at=at)
        tx.session.add(check)
    return [await room.hit(call_id, each.lstrip("~"), sure="~" not in each) for each in hits]


async def asked(room: QaRoom, who: str, path: str = "", **query: Any) -> httpx.Response:
    span = {"first": str(today(-6)), "last": str(today())}
    return await (await room.who(who)).get(f"/api/boards{path}", params=span | query)


async def seen(room: QaRoom, who: str, path: str = "", **query: Any) -> dict[str, Any]:
    answer = await asked(room, who, path, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def fill(room: QaRoom) -> dict[str, list[str]]:
    """A week: Wang with faults and praise, Li with one fault; one call more lies in the week before."""
    return {
        "wang-1": await checked(room, "wang-1", "wang", noon(1), "fatal", "major", "~minor"),
        "wang-2": await checked(room, "wang-2", "wang", noon(2), "praise"),
        "wang-3": await checked(room, "wang-3", "wang", noon(3)),
        "li-1": await checked(room, "li-1", "li", noon(1), "minor"),
        "nobody": await checked(room, "nobody", "li", noon(1), user_id=None, agent_name=None),
        "earlier": await checked(room, "earlier", "wang", noon(8), "fatal", "praise"),
    }


async def test_a_board_counts_a_week_and_its_parts_add_up(room: QaRoom) -> None:
    await fill(room)
    board = await seen(room, "qa")
    total = board["total"]
    assert {name: total[name] for name in ("calls", "calls_hit", "calls_fatal", "calls_praised", "hits", "unsure")} == {
        "calls": 5, "calls_hit": 2, "calls_fatal": 1, "calls_praised": 1, "hits": 3, "unsure": 1,
    }  # fmt: skip
    assert (total["per_100"], total["few"], total["praise"]) == (60.0, True, 1)
    assert (board["before"]["calls"], board["before"]["hits"]) == (1, 1)
    for parts in ("agents", "teams", "queues", "parts"):
        for name in ("calls", "calls_hit", "hits", "unsure", "praise"):
            assert sum(each["figures"][name] for each in board[parts]) == total[name], (parts, name)
    faults = [rule for rule in board["rules"] if rule["severity"] != "praise"]
    assert sum(rule["hits"] for rule in board["rules"]) == total["hits"] + total["praise"]
    assert faults[0]["title"]["zh"]
    days = [(each["first"], each["figures"]["calls"]) for each in board["parts"]]
    assert days == [(str(today(-n)), {1: 3, 2: 1, 3: 1}.get(n, 0)) for n in range(6, -1, -1)]
    assert [(each["agent"], each["team"]) for each in board["agents"]] == [
        ("李强", "乙班"),
        ("王芳", "甲班"),
        ("", None),
    ]
    wang = next(each for each in board["agents"] if each["agent"] == "王芳")
    assert (wang["before"], wang["first_now"]) == (100.0, False), "the first praise lies in the week before"
    heavy = await seen(room, "qa", severity="fatal")
    assert (heavy["total"]["hits"], heavy["total"]["praise"], heavy["total"]["calls"]) == (1, 1, 5)
    assert (await seen(room, "qa", rule="no-such-rule"))["total"]["hits"] == 0
    assert (await seen(room, "qa", agent="-"))["total"]["calls"] == 1
    assert (await seen(room, "qa", queue="-"))["total"]["calls"] == 0
    assert (await seen(room, "qa", team="-"))["total"]["calls"] == 1


async def test_a_day_begins_at_midnight_in_beijing(room: QaRoom) -> None:
    midnight = clock.day_begins(today(-1))
    await checked(room, "late", "wang", midnight - timedelta(milliseconds=1), "minor")
    await checked(room, "early", "wang", midnight, "minor")
    for days_ago, call_id in ((2, "late"), (1, "early")):
        day = str(today(-days_ago))
        found = await seen(room, "qa", "/calls", first=day, last=day)
        assert [each["call_id"] for each in found["items"]] == [call_id]


async def test_what_a_reviewer_says_of_a_hit_stands_above_the_check(room: QaRoom) -> None:
    fatal, major, minor = (await fill(room))["wang-1"]
    (praise,) = await checked(room, "kind", "wang", noon(1), "~praise")
    verdicts = {fatal: "dismissed", major: "taken", minor: "taken"}
    await room.scored("qa", "wang-1", items=dict.fromkeys(ITEMS, 3), hits=verdicts)
    board = await seen(room, "qa")
    assert (board["total"]["calls_fatal"], board["total"]["hits"], board["total"]["unsure"]) == (0, 3, 0)
    assert board["total"]["praise"] == 2, "a praise costs nobody anything, so an unsure one is shown"
    assert (board["total"]["reviews"], board["total"]["mean_score"]) == (1, 38.0)
    listed = (await seen(room, "qa", "/hits", agent=str(room.people["wang"])))["items"]
    assert {(each["hit_id"], each["judged"]) for each in listed} == {(major, True), (minor, True)}
    await room.scored("qa2", "kind", hits={praise: "dismissed"})
    assert (await seen(room, "qa"))["total"]["praise"] == 1


async def test_an_appeal_that_changed_a_score_is_counted_and_found(room: QaRoom) -> None:
    await checked(room, "call", "wang", noon(0))
    review = (await room.scored("qa", "call", items=dict.fromkeys(ITEMS, 3)))["review"]["review_id"]
    appealed = await room.done("wang", f"{review}/appeal", reason="复述过")
    assert (await seen(room, "qa"))["total"]["granted"] == {"part": 0, "whole": 0, "share": None}
    answers = {"items": dict.fromkeys(ITEMS, 5), "fatal": [], "hits": {}, "remarks": [], "note": ""}
    verdict = {"revision": appealed["review"]["revision"], "reason": "确有", "answers": answers}
    await room.done("qa2", f"{review}/appeal/decision", **verdict)
    total = (await seen(room, "qa"))["total"]
    assert (total["appeals"], total["granted"]["share"], total["mean_score"]) == (1, 1.0, 100.0)
    for which, count in (("all", 1), ("appealed", 1), ("granted", 1)):
        assert len((await seen(room, "qa", "/reviews", which=which))["items"]) == count
    (told,) = (await seen(room, "boss", "/reviews"))["items"]
    assert (told["reviewer"], told["score"], told["outcome"]) == (None, 100, "changed")


async def test_each_number_leads_to_what_stands_behind_it_a_page_at_a_time(room: QaRoom) -> None:
    await fill(room)
    total = (await seen(room, "qa"))["total"]
    numbers = {"checked": "calls", "hit": "calls_hit", "fatal": "calls_fatal", "praised": "calls_praised"}
    for which, name in numbers.items():
        assert len((await seen(room, "qa", "/calls", which=which))["items"]) == total[name]
    for which, count in (("faults", total["hits"]), ("unsure", total["unsure"]), ("praise", total["praise"])):
        assert len((await seen(room, "qa", "/hits", which=which))["items"]) == count
    paged: list[str] = []
    cursor = None
    while True:
        page = await seen(room, "qa", "/hits", limit=1, **({"cursor": cursor} if cursor else {}))
        paged += [each["hit_id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == [each["hit_id"] for each in (await seen(room, "qa", "/hits"))["items"]]
    assert len(set(paged)) == total["hits"]
    refused(await asked(room, "qa", "/hits", cursor="nonsense"), "CursorInvalid")


async def test_the_first_praise_of_an_agent_is_told_apart(room: QaRoom) -> None:
    await fill(room)
    later = await checked(room, "again", "li", noon(1), "praise")
    found = (await seen(room, "qa", "/hits", which="praise"))["items"]
    assert {each["call_id"]: each["first"] for each in found} == {"again": True, "wang-2": False}
    assert [each["hit_id"] for each in found if each["first"]] == later
    board = await seen(room, "qa")
    assert {each["agent"]: each["first_now"] for each in board["agents"]} == {"李强": True, "王芳": False, "": False}


async def test_namesakes_are_told_apart_where_one_is_chosen_and_where_they_stand_side_by_side(room: QaRoom) -> None:
    async with room.hall.database.transaction() as tx:
        await tx.session.execute(update(User).where(User.username == "li").values(display_name="王芳"))
    await fill(room)
    offered = {each["name"] for each in (await seen(room, "qa", "/choices"))["agents"]}
    shown = {each["agent"] for each in (await seen(room, "qa"))["agents"]}
    for names in (offered, shown):
        assert {"王芳（wang）", "王芳（li）"} <= names
        assert "王芳" not in names


async def test_a_shift_leader_sees_the_own_group_and_no_other(room: QaRoom) -> None:
    await fill(room)
    board = await seen(room, "boss")
    assert [each["agent"] for each in board["agents"]] == ["王芳"]
    assert (board["total"]["calls"], [each["name"] for each in board["teams"]]) == (3, ["甲班"])
    assert {each["call_id"] for each in (await seen(room, "boss", "/calls"))["items"]} == {"wang-1", "wang-2", "wang-3"}
    assert (await seen(room, "boss", agent=str(room.people["li"])))["total"]["calls"] == 0
    for path in ("", "/calls", "/hits", "/reviews"):
        refused(await asked(room, "boss", path, team="乙班"), "NotYourGroup")
        refused(await asked(room, "boss", path, team="-"), "NotYourGroup")
    assert (await asked(room, "boss", f"/agents/{room.people['wang']}")).status_code == 200
    for other in (room.people["li"], uuid4()):
        refused(await asked(room, "boss", f"/agents/{other}"), "AgentUnknown")
    choices = (await asked(room, "boss", "/choices", first=None, last=None)).json()
    assert ({each["name"] for each in choices["agents"]}, choices["own_team"]) == ({"班长", "王芳"}, "甲班")
    async with room.hall.database.transaction() as tx:
        await tx.session.execute(text("UPDATE users SET team = NULL"))
    assert (await seen(room, "boss"))["total"]["calls"] == 5, "a hall without groups is one group"


async def test_an_agent_sees_the_own_trend_and_nobody_elses(room: QaRoom) -> None:
    await fill(room)
    review = (await room.scored("qa", "wang-3"))["review"]["review_id"]
    clip = {"task_id": str(uuid4()), "from_ms": 0, "to_ms": 5000, "text": "复述地点"}
    await room.done("qa", f"{review}/coaching", **clip)
    for path in ("", "/choices", "/calls", "/hits", "/reviews", f"/agents/{room.people['wang']}"):
        refused(await asked(room, "wang", path), "NotPermitted")
    mine = (await (await room.who("wang")).get("/api/boards/own")).json()
    assert (mine["agent"], mine["total"]["calls"], mine["total"]["hits"]) == ("王芳", 4, 3)
    assert len(mine["parts"]) in (8, 9), "eight weeks, the first cut"
    assert sum(each["figures"]["hits"] for each in mine["parts"]) == 3
    assert [(each["call_id"], each["first"]) for each in mine["praise"]] == [("wang-2", False), ("earlier", True)]
    assert [each["text"] for each in mine["coaching"]] == ["复述地点"]
    refused(await asked(room, "qa", "/own"), "NotPermitted")
    assert await seen(room, "boss", f"/agents/{room.people['wang']}") == await seen(room, "wang", "/own")


async def test_every_look_at_persons_is_audited_and_a_spreadsheet_can_be_taken(room: QaRoom) -> None:
    await fill(room)
    await seen(room, "qa", team="甲班")
    await seen(room, "qa", "/hits")
    await seen(room, "qa", f"/agents/{room.people['wang']}")
    file = await (await room.who("boss")).post("/api/boards/export", json={"first": str(today(-6))})
    assert file.status_code == 200
    words = zipfile.ZipFile(BytesIO(file.content)).read("xl/sharedStrings.xml").decode()
    assert "王芳" in words
    assert "李强" not in words
    entries = await room.rows(
        select(AuditEntry).where(AuditEntry.action.like("%board%") | (AuditEntry.action == "agent_quality_read"))
    )
    assert [(each.username, each.action) for each in sorted(entries, key=lambda each: each.entry_id)] == [
        ("qa", "board_read"), ("qa", "board_hits_read"), ("qa", "agent_quality_read"), ("boss", "board_read"),
        ("boss", "board_exported"),
    ]  # fmt: skip
    assert entries[0].detail["team"] == "甲班"
    refused(await (await room.who("wang")).post("/api/boards/export", json={}), "NotPermitted")


@pytest.mark.parametrize("days", [{"first": 1, "last": 1}, {"first": 0, "last": -1}, {"first": -92}])
async def test_days_to_come_no_days_and_too_many_are_refused(room: QaRoom, days: dict[str, int]) -> None:
    query = {name: str(today(away)) for name, away in days.items()}
    refused(await asked(room, "qa", **query), "PeriodInvalid")
    refused(await asked(room, "wang", "/own", **query), "PeriodInvalid")
