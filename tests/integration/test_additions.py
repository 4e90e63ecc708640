"""While a case is typed: what is like it and what would follow; and a repeat that becomes an addition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from agent_console.messages.cases import FileCase
from backend.cases.drafts import DraftSave, save_draft
from backend.cases.errors import DraftFiled
from backend.cases.models import Case, CaseAddition, Draft
from backend.cases.schemas import CaseForm, DraftContent
from backend.kernel import clock
from backend.kernel.database import events_table

from .hall import ConsoleHall, answered, ringing
from .loop_hall import OTHER_STREET, STREET, Answer, LoopHall, open_loop, refused

pytestmark = pytest.mark.integration

LIFT = "小区电梯坏了三天，物业公司一直没有人来修理。"
PLACE = {
    "place_code": None,
    "unit_grid_code": "110101013007003",
    "longitude": 0.0,
    "latitude": 0.0,
}


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


def typed(**changes: Any) -> dict[str, Any]:
    return DraftContent(**changes).model_dump(mode="json")


async def look(here: LoopHall, who: str = "wang", **form: Any) -> dict[str, Any]:
    answer = await (await here.who(who)).post("/api/cases/outlook", json=form)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def add(here: LoopHall, case_id: UUID, who: str = "wang", **asked: Any) -> Answer:
    body = {"request_id": str(uuid4()), "content": typed(what="又坏了一部电梯"), **asked}
    return await (await here.who(who)).post(f"/api/cases/{case_id}/additions", json=body)


async def entries(here: LoopHall, case_id: UUID) -> list[dict[str, Any]]:
    return list((await here.get("dispatcher", f"/api/cases/{case_id}")).json()["events"])


async def count(here: LoopHall, table: Any) -> int:
    async with here.hall.database.transaction() as tx:
        return (await tx.session.execute(select(func.count()).select_from(table))).scalar_one()


async def a_call(here: LoopHall, number: str = "13812341234", call_id: str = "hotline-9.1") -> str:
    """A call that Wang has answered."""
    async with here.hall.console("wang") as console:
        await here.hall.take_seat(console, "8001")
        await here.hall.tell(*ringing(call_id, "8001", number))
        await here.hall.tell(answered(call_id, "8001"))
    return call_id


# ---- while it is typed ----------------------------------------------------------------------------------------------


async def test_an_empty_form_says_nothing_and_a_class_says_what_would_be_due(
    here: LoopHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)  # in working hours what is asked later would be due later
    assert await look(here) == {"similar": [], "units": [], "clocks": []}
    known = await look(here, class_code="0102", street_code=STREET)
    assert [each["name"] for each in known["units"]] == ["东花市街道分中心"]
    assert [each["name"] for each in known["clocks"]] == ["dispatch", "handling", "feedback"]
    urgent = await look(here, class_code="0102", street_code=STREET, urgency="emergency")
    due = {each["name"]: each["due_at"] for each in known["clocks"]}
    assert all(each["due_at"] <= due[each["name"]] for each in urgent["clocks"])
    assert urgent["clocks"][0]["due_at"] < due["dispatch"]


async def test_what_is_foretold_is_what_then_happens(here: LoopHall) -> None:
    foretold = await look(here, class_code="0102", street_code=STREET)
    case_id = await here.file(class_code="0102")
    sent = await here.case("dispatcher", case_id, "dispatch", direct=True)
    assert [each["unit_name"] for each in sent["tasks"]] == [each["name"] for each in foretold["units"]]
    limits = {each["name"]: (each["limit_kind"], each["limit_amount"]) for each in sent["clocks"]}
    assert limits == {each["name"]: (each["limit_kind"], each["limit_amount"]) for each in foretold["clocks"]}


async def test_half_typed_and_senseless_forms_are_no_error(here: LoopHall) -> None:
    for form in (
        {"class_code": "nonsense"},
        {"street_code": "000", "what": "\x00\U0001f600" * 50},
        {"address": "'; DROP TABLE cases; --", "street_code": STREET, "class_code": "01"},
        {"place": {**PLACE, "longitude": 180, "latitude": -90}},
    ):
        assert (await look(here, **form))["similar"] == []


async def test_an_open_case_of_the_street_with_the_same_words_is_offered_and_a_closed_one_is_not(
    here: LoopHall,
) -> None:
    case_id = await here.file(what=LIFT, class_code="0101", caller="13700001111")
    await here.file(what=LIFT, class_code="0101", caller="13700001111", street_code=OTHER_STREET)
    await here.file(what="夜间施工噪音扰民", class_code="0401", caller="13700001111")
    form = {"what": "电梯坏了三天没有人来修理", "street_code": STREET, "class_code": "0101"}
    (found,) = (await look(here, **form, address="忠实里西区3号楼"))["similar"]
    assert found["case"]["case_id"] == str(case_id)
    assert {"same_class", "same_address", "like_words"} <= set(found["reasons"])
    await here.case("dispatcher", case_id, "withdrawal", reason="修好了")
    assert (await look(here, **form, address="忠实里西区3号楼"))["similar"] == []


async def test_the_open_cases_of_the_caller_are_offered_whatever_is_typed(here: LoopHall) -> None:
    case_id = await here.file(what=LIFT, class_code="0101")
    call_id = await a_call(here)
    (found,) = (await look(here, call_id=call_id))["similar"]
    assert (found["case"]["case_id"], found["reasons"]) == (str(case_id), ["same_number"])
    assert "13812341234" not in str(found)


async def test_nobody_looks_by_a_call_that_is_not_theirs_nor_without_the_right_to_file(here: LoopHall) -> None:
    call_id = await a_call(here)
    answer = await (await here.who("li")).post("/api/cases/outlook", json={"call_id": call_id})
    refused(answer, "CallUnknown")
    for who in ("street", "verifier", "qa"):
        refused(await (await here.who(who)).post("/api/cases/outlook", json={}), "NotPermitted")


# ---- an addition ----------------------------------------------------------------------------------------------------


async def test_an_addition_stands_in_the_time_line_and_reaches_the_unit(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    call_id = await a_call(here)
    made = await add(here, case_id, call_id=call_id, urging=True, content=typed(what="二层也坏了", address="4号楼"))
    assert (made.json()["urged"], made.json()["urging"]) == (1, True)
    added, urged = (await entries(here, case_id))[-2:]
    assert (added["kind"], added["actor"]) == ("added_to", "王芳")
    assert added["detail"] == {"text": "二层也坏了", "address": "4号楼", "answer": None, "call_id": call_id}
    assert urged["kind"] == "urged"
    assert (await here.loop(case_id))["urged"] == 1
    seen = (await here.get("street", f"/api/tasks/{case_id}/1")).json()["events"]
    assert [each["detail"].get("text") for each in seen if each["kind"] == "added_to"] == ["二层也坏了"]
    assert call_id not in str(seen)
    async with here.hall.database.transaction() as tx:
        query = select(events_table.c.payload).where(events_table.c.audience.contains([f"unit:{STREET}"]))
        told = (await tx.session.execute(query.order_by(events_table.c.seq.desc()).limit(1))).scalar_one()
    assert told == {"case_id": str(case_id)}


async def test_an_addition_that_does_not_urge_does_not_count_as_one(here: LoopHall) -> None:
    case_id = await here.file()
    made = await add(here, case_id)
    assert made.json()["urged"] == 0
    assert await here.story(case_id) == ["filed", "added_to"]


async def test_the_same_request_adds_once_even_at_once_and_never_something_else(here: LoopHall) -> None:
    case_id, other, request_id = await here.file(), await here.file(), str(uuid4())
    answers = await asyncio.gather(*(add(here, case_id, request_id=request_id, urging=True) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await here.loop(case_id))["urged"] == 1
    assert await count(here, CaseAddition) == 1
    refused(await add(here, case_id, request_id=request_id, urging=False), "RequestReused")
    refused(await add(here, other, request_id=request_id, urging=True), "RequestReused")
    refused(await add(here, case_id, "li", request_id=request_id, urging=True), "RequestReused")


async def test_an_addition_takes_its_draft_and_keeps_every_field_and_nobody_takes_another_s(here: LoopHall) -> None:
    case_id = await here.file()
    wang, draft_id = await here.principal("wang"), uuid4()
    content = typed(what="补充", citizen_name="赵女士", address="5号楼", answer="已解释", answered_at_once=True)
    await save(here, wang, draft_id, content)
    refused(await add(here, case_id, "li", draft_id=str(draft_id), content=content), "DraftNotYours")
    assert await here.story(case_id) == ["filed"]
    assert (await add(here, case_id, draft_id=str(draft_id), content=content)).status_code == 200
    assert await count(here, Draft) == 0
    with pytest.raises(DraftFiled):  # a save that was on its way meanwhile brings nothing back
        await save(here, wang, draft_id, content)
    async with here.hall.database.transaction() as tx:
        assert (await tx.session.execute(select(CaseAddition.content))).scalar_one() == content
    assert "赵女士" not in str(await entries(here, case_id))


async def save(here: LoopHall, who: Any, draft_id: UUID, content: dict[str, Any]) -> None:
    async with here.hall.database.transaction() as tx:
        await save_draft(tx, who, DraftSave(draft_id, None, 0, DraftContent(**content)), clock.now())


async def test_nothing_is_added_to_what_has_ended_or_without_words_or_by_others(here: LoopHall) -> None:
    case_id = await here.file()
    refused(await add(here, case_id, content=typed(what="  \u200b ")), "AdditionWithoutContent")
    assert (await add(here, case_id, content=typed(), urging=True)).status_code == 200
    for who in ("street", "verifier", "dispatcher", "qa"):
        refused(await add(here, case_id, who), "NotPermitted")
    refused(await add(here, uuid4()), "CaseNotFound")
    refused(await add(here, case_id, call_id="hotline-none.1"), "CallUnknown")
    refused(await add(here, case_id, content={**typed(), "what": "长" * 8001}), "InputInvalid")
    await here.case("dispatcher", case_id, "withdrawal", reason="不要了")
    problem = refused(await add(here, case_id), "AddedToClosed")
    assert problem["next_step"]
    assert (await here.story(case_id))[-1] == "withdrawn"


async def test_who_asks_for_secrecy_later_has_it_and_a_neighbour_gives_none_to_others(here: LoopHall) -> None:
    ours, theirs = await here.file(), await here.file(caller="13700001111")
    call_id = await a_call(here)
    for case_id in (ours, theirs):
        made = await add(here, case_id, call_id=call_id, content=typed(what="不要说是我", identity_secret=True))
        assert made.status_code == 200
    async with here.hall.database.transaction() as tx:
        rows = await tx.session.execute(select(Case.case_id, Case.identity_secret))
    assert {row.case_id: row.identity_secret for row in rows} == {ours: True, theirs: False}


# ---- what was added is found ----------------------------------------------------------------------------------------


async def listed(here: LoopHall, words: str, who: str = "wang") -> list[str]:
    answer = await (await here.who(who)).get("/api/cases", params={"q": words})
    assert answer.status_code == 200, answer.text
    return [each["case_id"] for each in answer.json()["items"]]


async def test_a_case_is_found_by_what_was_added_and_by_what_it_said_before(here: LoopHall) -> None:
    case_id, other = await here.file(), await here.file(what="井盖松动")
    assert await listed(here, "消防通道") == []
    await add(here, case_id, content=typed(what="消防通道也堵住了", address="忠实里东区9号楼", citizen_name="欧阳娜娜"))
    await add(here, case_id, content=typed(answered_at_once=True, answer="已告知物业热线"))
    for words in ("消防通道", "东区9号", "物业热线", "楼道灯 消防通道"):
        assert await listed(here, words) == [str(case_id)], words
    assert await listed(here, "欧阳娜娜", "boss") == [], "who says it is no word of the matter"
    # what was typed as an answer and not meant as one was never said
    await add(here, other, content=typed(what="又响了", answer="没有说出口"))
    assert await listed(here, "没有说出口") == []
    # words of a refused addition are found nowhere
    await add(here, await here.closed(caller="13900001111"), content=typed(what="这句没有收下"))
    assert await listed(here, "这句没有收下") == []


async def test_a_case_is_found_by_the_reference_of_its_source(here: LoopHall) -> None:
    letter = {"channel": "mailbox", "source_reference": "信箱2026-117", "what": "楼道灯坏了", "address": "忠实里"}
    form = {"request_id": uuid4(), "street_code": STREET, "class_code": "0102", **letter}
    async with here.hall.console("wang") as console:
        filed = await console.command(FileCase(id=0, case=CaseForm.model_validate(form), callback=None))
    for words in ("信箱2026-117", "2026-117", "信箱2026"):
        assert await listed(here, words) == [filed["case"]["case_id"]]


async def test_secrecy_that_is_asked_for_later_takes_the_name_out_of_the_search_and_leaves_the_words(
    here: LoopHall,
) -> None:
    case_id = await here.file(citizen_name="司徒明明")
    assert await listed(here, "司徒明明", "boss") == [str(case_id)]
    await add(here, case_id, content=typed(what="不愿透露姓名", identity_secret=True))
    assert await listed(here, "司徒明明", "boss") == []
    assert await listed(here, "不愿透露姓名") == [str(case_id)]
