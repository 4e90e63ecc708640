"""A citizen who wants to stay unknown: whatever somebody typed, no handling unit and no patrol learns who it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from backend.identity.models import AuditEntry

from .hall import ConsoleHall
from .loop_hall import STREET, LoopHall, open_loop, refused
from .papers import jpeg
from .test_case_exports import asked, cells, made

pytestmark = pytest.mark.integration
SPOKEN = "王女士（电话138-1234-1234，+86 138 1234 1234）反映楼道灯坏了。"
SECRETS = ("王女士", "13812341234", "138-1234-1234", "138 1234 1234")


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


def unsaid(text: str) -> None:
    assert [each for each in SECRETS if each in text] == []


async def added(here: LoopHall, case_id: UUID, what: str, *, secret: bool = False) -> None:
    body = {"request_id": str(uuid4()), "urging": True, "content": {"what": what, "identity_secret": secret}}
    answer = await (await here.who("wang")).post(f"/api/cases/{case_id}/additions", json=body)
    assert answer.status_code == 200, answer.text


async def attached(here: LoopHall, who: str, where: str, name: str) -> str:
    content = jpeg()
    asked = {"request_id": str(uuid4()), "name": name, "size": len(content), "internal": False}
    answer = await (await here.who(who)).post(
        f"/api/{where}/attachments", params=asked, content=content, headers={"content-type": "image/jpeg"}
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["attachment_id"])


async def test_whatever_was_typed_or_attached_no_unit_learns_who_it_was(here: LoopHall) -> None:
    case_id = await here.file(identity_secret=True, what=SPOKEN)
    await attached(here, "wang", f"cases/{case_id}", "王女士13812341234楼道.jpg")
    await here.case("dispatcher", case_id, "dispatch", units=[{"code": STREET, "role": "lead"}], reason=SPOKEN)
    await added(here, case_id, f"又来电：{SPOKEN}")
    await here.case("commander", case_id, "supervision", reason=f"请即办：{SPOKEN}")
    await here.case("wang", case_id, "urging", note="王女士再次来电")
    await here.task("street", case_id, 1, "signature")
    page, tasks = await here.get("street", f"/api/tasks/{case_id}/1"), await here.get("street", "/api/tasks")
    files = await here.get("street", f"/api/tasks/{case_id}/1/attachments")
    for answer in (page, tasks, files):
        unsaid(answer.text)
    assert "反映楼道灯坏了" in page.json()["summary"]["what"], "all the rest is there"
    handed = await here.get("street", f"/api/attachments/{files.json()[0]['attachment_id']}/file")
    assert handed.status_code == 200
    unsaid(handed.headers["content-disposition"])
    refused(await here.get("street", "/api/cases?words=王女士"), "NotPermitted")
    refused(await (await here.who("street")).post("/api/exports", json={}), "NotPermitted")
    assert SPOKEN in (await here.get("dispatcher", f"/api/cases/{case_id}")).text, "the hotline has it as it was typed"


async def test_secrecy_that_is_asked_for_later_counts_from_then_on_for_all_that_was_said(here: LoopHall) -> None:
    case_id = await here.file(what=SPOKEN)
    await here.dispatch(case_id, STREET)
    assert "王女士" in (await here.get("street", f"/api/tasks/{case_id}/1")).text
    await added(here, case_id, "请为我保密", secret=True)
    unsaid((await here.get("street", f"/api/tasks/{case_id}/1")).text)
    unsaid((await here.get("street", "/api/tasks")).text)


async def listed(here: LoopHall, who: str, where: str) -> dict[str, dict[str, Any]]:
    """What this person sees of the attachments there, by id."""
    answer = await here.get(who, f"/api/{where}/attachments")
    assert answer.status_code == 200, answer.text
    return {each["attachment_id"]: each for each in answer.json()}


async def test_what_was_attached_before_secrecy_was_asked_for_waits_for_a_look_of_the_dispatcher(
    here: LoopHall,
) -> None:
    case_id = await here.file(what=SPOKEN)
    letter = await attached(here, "wang", f"cases/{case_id}", "王女士来信.jpg")
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    page, task = f"cases/{case_id}", f"tasks/{case_id}/1"
    photo = await attached(here, "street", task, "现场.jpg")
    assert set(await listed(here, "street", task)) == {letter, photo}

    await added(here, case_id, "请为我保密", secret=True)
    later = await attached(here, "wang", page, "现场补充.jpg")
    assert set(await listed(here, "street", task)) == {photo, later}
    refused(await here.get("street", f"/api/attachments/{letter}/file"), "AttachmentNotFound")
    held = {each["attachment_id"] for each in (await listed(here, "dispatcher", page)).values() if each["withheld"]}
    assert held == {letter}

    async def let_go(who: str, attachment_id: str, case: UUID = case_id) -> httpx.Response:
        return await (await here.who(who)).post(f"/api/cases/{case}/attachments/{attachment_id}/release")

    for who in ("wang", "street", "verifier"):
        refused(await let_go(who, letter), "NotPermitted")
    refused(await let_go("dispatcher", letter, await here.file()), "AttachmentNotFound")
    for other in (photo, later):
        refused(await let_go("dispatcher", other), "AttachmentNotWithheld")
    assert (await here.get("verifier", f"/api/attachments/{letter}/file")).status_code == 200
    refused(await let_go("dispatcher", letter), "AttachmentNotLookedAt")
    assert letter not in await listed(here, "street", task)

    assert (await here.get("dispatcher", f"/api/attachments/{letter}/file")).status_code == 200
    for answer in await asyncio.gather(*(let_go("dispatcher", letter) for _ in range(2))):
        assert (answer.status_code, answer.json()["withheld"]) == (200, False)
    seen = await listed(here, "street", task)
    assert set(seen) == {letter, photo, later}
    unsaid(str(seen))
    unsaid((await here.get("street", f"/api/{task}")).text)
    assert (await here.get("street", f"/api/attachments/{letter}/file")).status_code == 200
    assert (await here.story(case_id)).count("attachment_released") == 1
    async with here.hall.database.transaction() as tx:
        query = select(AuditEntry).where(AuditEntry.action == "attachment_released")
        (entry,) = (await tx.session.execute(query)).scalars()
    assert (entry.username, entry.object_id, entry.detail["attachment"]) == ("dispatcher", str(case_id), letter)
    await added(here, case_id, "再次请求保密", secret=True)
    assert letter in await listed(here, "street", task), "it was looked at"


async def test_the_unit_of_a_group_learns_of_no_secret_child(here: LoopHall) -> None:
    parent, child = await here.file(caller="13900001111", citizen_name="赵先生"), await here.file(identity_secret=True)
    await here.dispatch(parent, STREET)
    await here.case("dispatcher", child, "joining", parent_id=str(parent), reason="同一盏灯")
    await added(here, child, SPOKEN)
    page = await here.get("street", f"/api/tasks/{parent}/1")
    assert "反映楼道灯坏了" in page.text
    unsaid(page.text)


async def test_a_file_that_is_exported_names_nobody_either(here: LoopHall) -> None:
    await here.file(identity_secret=True, what=SPOKEN, answer=SPOKEN)
    boss = await here.who("boss")
    export = await made(here.hall, await asked(boss, q="楼道灯", whole_numbers=True, reason="督办"))
    rows = cells((await boss.get(f"/api/exports/{export['export_id']}/file")).content)
    assert len(rows) == 2
    unsaid(str(rows))
    assert "反映楼道灯坏了" in str(rows)


async def test_a_patrol_after_closing_learns_of_nobody(here: LoopHall) -> None:
    case_id = await here.file(identity_secret=True, what=SPOKEN)
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    await here.task("street", case_id, 1, "report", result="已修好")
    await here.case("verifier", case_id, "verification")
    await here.case("verifier", case_id, "closing")
    plan = {"days": 1, "rounds": 1, "reason": "防反弹"}
    answer = await (await here.who("verifier")).put(f"/api/cases/{case_id}/patrols", json=plan)
    assert answer.status_code == 200, answer.text
    await (await here.who("patroller")).put("/api/patrols/beat", json={"streets": [STREET]})
    walked = await here.get("patroller", "/api/patrols")
    assert str(case_id) in walked.text, "it is walked"
    unsaid(walked.text)
