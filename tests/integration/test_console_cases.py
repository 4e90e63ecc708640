"""Drafts and filing through the console: nothing typed is lost, nothing is filed twice, all or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from agent_console.client import CommandRefused
from agent_console.messages.cases import CancelCallback, DiscardDraft, FileCase, SaveDraft, ScheduleCallback
from backend.callbacks.models import Callback
from backend.callbacks.schemas import CallbackWay, CallbackWish
from backend.cases.models import Case
from backend.cases.schemas import CaseForm, DraftContent
from backend.kernel import clock
from telephony import facts as f

from .hall import Console, ConsoleHall, answered, ringing

pytestmark = pytest.mark.integration

RIGHT = {
    "what": "小区电梯已坏3天，物业公司无人处理。",
    "citizen_name": "王女士",
    "address": "忠实里西区3号楼",
    "street_code": "110101013",
    "community_code": "110101013007",
    "class_code": "0101",
}


def a_form(**changes: Any) -> CaseForm:
    return CaseForm.model_validate({"request_id": uuid4(), **RIGHT, **changes})


def a_wish(when: datetime | None = None, way: CallbackWay = CallbackWay.PHONE) -> CallbackWish:
    return CallbackWish(way=way, due_at=when or clock.now() + timedelta(days=1))


def a_draft(draft_id: UUID, revision: int = 0, call_id: str | None = None, **content: Any) -> SaveDraft:
    return SaveDraft(id=0, draft_id=draft_id, call_id=call_id, revision=revision, content=DraftContent(**content))


async def counts(hall: ConsoleHall) -> tuple[int, int]:
    """How many cases and callbacks stand."""
    async with hall.database.transaction() as tx:
        cases = (await tx.session.execute(select(func.count()).select_from(Case))).scalar_one()
        callbacks = (await tx.session.execute(select(func.count()).select_from(Callback))).scalar_one()
    return cases, callbacks


async def refusal(console: Console, command: Any) -> CommandRefused:
    with pytest.raises(CommandRefused) as refused:
        await console.command(command)
    return refused.value


async def test_a_draft_survives_a_broken_line_a_closed_tab_and_a_restart(hall: ConsoleHall) -> None:
    draft = uuid4()
    async with hall.console("wang") as wang:
        saved = await wang.command(a_draft(draft, what="电梯"))
        await wang.command(a_draft(draft, revision=saved["revision"], what="电梯坏了，老人下不了楼"))
        await wang.break_line()
        await wang.until(lambda: len(wang.welcomes) == 2)
        assert [each.content.what for each in wang.welcomes[-1].drafts] == ["电梯坏了，老人下不了楼"]
        await hall.stop()
        await hall.start()
        await wang.until(lambda: len(wang.welcomes) == 3)
        assert [each.draft_id for each in wang.welcomes[-1].drafts] == [draft]
    async with hall.console("wang") as new_tab, hall.console("li") as li:
        (kept,) = new_tab.welcomes[0].drafts
        assert (kept.draft_id, kept.revision, kept.content.what) == (draft, 2, "电梯坏了，老人下不了楼")
        assert li.welcomes[0].drafts == []
        assert (await refusal(li, a_draft(draft, revision=2, what="别人的"))).reason == "DraftNotYours"


async def test_another_tab_keeps_up_and_cannot_overwrite_what_is_newer(hall: ConsoleHall) -> None:
    draft = uuid4()
    async with hall.console("wang") as one, hall.console("wang") as other, hall.console("boss") as boss:
        await one.command(a_draft(draft, what="一"))
        await one.command(a_draft(draft, revision=1, what="一二"))
        assert (await refusal(other, a_draft(draft, revision=1, what="旧"))).reason == "DraftOutdated"
        await one.command(DiscardDraft(id=0, draft_id=draft))
        await hall.all_heard(one, other, boss)
        told = [(body.draft.content.what, body.discarded) for body in other.kinds("draft_saved")]
        assert told == [("一", False), ("一二", False), ("一二", True)]
        assert boss.kinds("draft_saved") == []


async def test_text_that_no_database_holds_is_kept_as_far_as_it_can_be(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        saved = await wang.command(a_draft(uuid4(), what="电\x00梯\u2028𠮷\U0001f6a8"))
        assert saved["content"]["what"].replace("\x00", "").startswith("电")
        result = await wang.command(FileCase(id=0, case=a_form(what="电\x00梯坏了𠮷")))
        assert result["case"]["what"] == "电梯坏了𠮷"


async def test_a_case_and_its_callback_stand_together(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("boss") as boss, hall.console("admin") as admin:
        await hall.take_seat(wang, "8001")
        await hall.tell(*ringing("c1", "8001"), answered("c1", "8001"))
        draft = uuid4()
        await wang.command(a_draft(draft, call_id="c1", what="电梯"))
        result = await wang.command(FileCase(id=0, case=a_form(call_id="c1", draft_id=draft), callback=a_wish()))
        assert result["case"]["number"].startswith("96010-")
        assert (result["case"]["call_id"], result["case"]["street_name"]) == ("c1", "东花市街道")
        assert result["callback"]["case_number"] == result["case"]["number"]
        await hall.all_heard(wang, boss, admin)
        assert [body.case.number for body in boss.kinds("case_filed")] == [result["case"]["number"]]
        assert [body.callback.case_number for body in boss.kinds("callback_changed")] == [result["case"]["number"]]
        assert admin.kinds("case_filed", "callback_changed") == []
        assert wang.kinds("draft_saved")[-1].discarded is True
        await wang.break_line()
        await wang.until(lambda: len(wang.welcomes) == 2)
        desk = wang.welcomes[-1]
        assert desk.drafts == []
        assert [case.number for case in desk.call.cases] == [result["case"]["number"]]
    assert await counts(hall) == (1, 1)


async def test_a_filing_whose_answer_was_lost_files_once(hall: ConsoleHall) -> None:
    command = FileCase(id=7, case=a_form(), callback=a_wish())
    async with hall.raw("wang") as line:
        await line.say("hello", protocol=1)
        await line.hear("welcome")
        await line.socket.send(command.model_dump_json())
        async with hall.console("boss") as boss:
            await boss.until(lambda: len(boss.welcomes) > 0)
        while await counts(hall) == (0, 0):
            await hall.all_heard()
        line.socket.transport.abort()
    async with hall.console("wang") as wang, hall.console("li") as li:
        again = await wang.insist(command)
        assert await wang.insist(command) == again
        assert await counts(hall) == (1, 1)
        changed = FileCase(id=0, case=command.case.model_copy(update={"what": "别的"}))
        assert (await refusal(wang, changed)).reason == "RequestReused"
        assert (await refusal(li, command)).reason == "RequestReused"
    assert await counts(hall) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "wish", "reason", "field"),
    [
        ({"what": " \n"}, None, "CaseWithoutContent", "what"),
        ({"street_code": ""}, None, "CaseWithoutStreet", "street_code"),
        ({"street_code": "999"}, None, "UnknownStreet", "street_code"),
        ({"community_code": "110101001001"}, None, "CommunityNotInStreet", "community_code"),
        ({"class_code": ""}, None, "CaseWithoutClass", "class_code"),
        ({"class_code": "nonsense"}, None, "UnknownClass", "class_code"),
        ({"class_code": "1401", "address": " "}, None, "CaseWithoutAddress", "address"),
        ({"class_code": "1602"}, None, "ClassOutOfScope", "class_code"),
        ({"answered_at_once": True}, None, "AnsweredWithoutAnswer", "answer"),
        ({"call_id": "no-such-call"}, None, "CallNotYours", "call_id"),
        ({}, {"when": -timedelta(minutes=1)}, "CallbackInThePast", "due_at"),
        ({}, {"when": timedelta(days=400)}, "CallbackTooFar", "due_at"),
        ({"address": ""}, {"way": CallbackWay.VISIT}, "VisitWithoutAddress", "address"),
    ],
)
async def test_a_bad_form_is_named_by_its_field_and_files_nothing(
    hall: ConsoleHall, changes: dict[str, Any], wish: dict[str, Any] | None, reason: str, field: str
) -> None:
    draft = uuid4()
    async with hall.console("wang") as wang, hall.raw("wang") as line:
        await line.say("hello", protocol=1)
        await line.hear("welcome")
        await wang.command(a_draft(draft, what="电梯坏了"))
        callback = None
        if wish is not None:
            callback = a_wish(clock.now() + wish.get("when", timedelta(days=1)), wish.get("way", CallbackWay.PHONE))
        command = FileCase(id=1, case=a_form(draft_id=draft, **changes), callback=callback)
        await line.socket.send(command.model_dump_json())
        problem = (await line.hear("reply"))["problem"]
        assert (problem["error"], problem["field"]) == (reason, field)
        assert problem["message"]
        assert problem["kept"]
        assert problem["next_step"]
        assert await counts(hall) == (0, 0)
        await wang.break_line()
        await wang.until(lambda: len(wang.welcomes) == 2)
        assert [each.content.what for each in wang.welcomes[-1].drafts] == ["电梯坏了"]


async def test_a_call_of_somebody_else_is_not_mine_to_file_for(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("li") as li:
        await hall.take_seat(wang, "8001")
        await hall.tell(*ringing("c1", "8001"), answered("c1", "8001"))
        assert (await refusal(li, FileCase(id=0, case=a_form(call_id="c1")))).reason == "CallNotYours"
        assert (await wang.command(FileCase(id=0, case=a_form(call_id="c1"))))["case"]["call_id"] == "c1"


async def test_who_handed_the_call_over_may_still_file_what_was_taken_down(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("li") as li:
        await hall.take_seat(wang, "8001")
        await hall.take_seat(li, "8002")
        now = clock.now()
        handed = f.CallTransferred(at=now, call_id="c1", from_seat="8001", to="8002", mode=f.TransferMode.BLIND)
        out = f.TalkEnded(at=now, call_id="c1", seat="8001", ended_by=f.Party.TRANSFER)
        await hall.tell(*ringing("c1", "8001"), answered("c1", "8001"), handed, out, answered("c1", "8002"))
        assert (await wang.command(FileCase(id=0, case=a_form(call_id="c1"))))["case"]["call_id"] == "c1"


async def test_callbacks_are_promised_and_taken_back_through_the_console(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        case = (await wang.command(FileCase(id=0, case=a_form())))["case"]
        order = ScheduleCallback(id=0, request_id=uuid4(), case_id=case["case_id"], callback=a_wish())
        promised = await wang.command(order)
        assert (await wang.insist(order))["callback_id"] == promised["callback_id"]
        cancel = CancelCallback(id=0, callback_id=promised["callback_id"], reason="居民已自行解决")
        assert (await wang.command(cancel))["state"] == "canceled"
        await hall.all_heard(wang)
        assert [body.callback.state for body in wang.kinds("callback_changed")] == ["scheduled", "canceled"]
        unknown = order.model_copy(update={"case_id": uuid4(), "request_id": uuid4()})
        assert (await refusal(wang, unknown)).reason == "CaseNotFound"
    assert await counts(hall) == (1, 1)


async def test_a_case_keeps_the_way_down_to_its_class_and_the_version_it_was_filed_under(hall: ConsoleHall) -> None:
    fine = {"class_code": "B01010101", "urgency": "emergency"}
    async with hall.console("wang") as wang, hall.browser("wang") as browser:
        filed = await wang.command(FileCase(id=0, case=a_form(**fine), callback=None))
        detail = (await browser.get(f"/api/cases/{filed['case']['case_id']}")).json()
    path = ["公用设施", "上水井盖", "上水井盖缺失", "机动车道上水井盖缺失"]
    assert (detail["class_path"], detail["taxonomy_version"]) == (path, "city/sample-2026.11")
    assert detail["events"][0]["detail"]["class"] == " / ".join(path)


async def test_menus_offer_what_is_in_force_and_consoles_hear_of_a_new_version(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.browser("wang") as browser:
        options = (await browser.get("/api/options")).json()
        assert set(options["taxonomy"]["versions"]) == {"hotline", "city", "social"}
        assert {"1401", "1602"} <= {each["class_code"] for each in options["conditions"]}
        found = (await browser.get("/api/taxonomy/search", params={"q": "wygl"})).json()
        assert found[0]["name"] == "物业管理"
        crossing = (await browser.get("/api/taxonomy/crossing", params={"class_code": "1101"})).json()
        assert [each["path"] for each in crossing] == [["宜居性", "供应保障", "供暖"]]
        before = (await browser.get("/api/taxonomy", params={"on": "2020-01-01"})).json()
        assert before == {"versions": {}, "classes": []}
        units = (await browser.get("/api/units", params={"q": "dhsjd", "kind": "street"})).json()
        assert [unit["code"] for unit in units] == ["110101013"]
        async with hall.database.transaction() as tx:
            tx.emit("data_loaded", entity="units", audience=["all"], payload={"version": "2"})
        await wang.until(lambda: wang.kinds("data_loaded") != [])
        assert wang.kinds("data_loaded")[0].dataset == "units"
