"""Command and supervision are two sides: whoever handled or dispatched a case judges it in no way, whatever they are
today."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from agent_console.client import CommandRefused
from agent_console.messages.cases import CancelCallback
from backend.callbacks import service as callbacks
from backend.callbacks.schemas import CallbackWay, CallbackWish
from backend.kernel import clock

from .hall import ConsoleHall
from .loop_hall import STREET, WATER, Answer, LoopHall, open_loop, refused, soon

pytestmark = pytest.mark.integration


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


async def with_a_helper(here: LoopHall) -> UUID:
    """A case that its street led to the end, with a department that helped."""
    case_id = await here.file()
    await here.dispatch(case_id, STREET, WATER)
    await here.task("water", case_id, 2, "signature")
    await here.task("water", case_id, 2, "report", result="管道已修")
    await here.report("street", case_id, 1)
    return case_id


async def judged_by(here: LoopHall, who: str, case_id: UUID, rule: str) -> None:
    """Neither verified, nor sent back; nor, by another's verification, closed; nor called back on."""
    refused(await here.try_case(who, case_id, "verification"), rule)
    refused(await here.try_case(who, case_id, "rework", reason="没修"), rule)
    assert str(case_id) not in (await here.get(who, "/api/desks/verifying")).text, "and it does not wait for them"


async def answers(here: LoopHall, who: str, callback_id: UUID) -> Answer:
    body = {"contacted": True, "solved": "yes", "satisfied": "very"}
    return await (await here.who(who)).post(f"/api/callbacks/{callback_id}/answers", json=body)


async def promised(here: LoopHall, case_id: UUID) -> UUID:
    wish = CallbackWish(way=CallbackWay.PHONE, due_at=clock.now() + timedelta(hours=4))
    async with here.hall.database.transaction() as tx:
        view = await callbacks.schedule(tx, await here.principal("wang"), case_id, wish, uuid4(), clock.now())
    return view.callback_id


async def test_a_unit_that_only_helped_judges_nothing_either(here: LoopHall) -> None:
    case_id = await with_a_helper(here)
    await judged_by(here, "helper_s_verifier", case_id, "HandlerCannotJudge")
    await here.case("verifier", case_id, "verification")
    refused(await here.try_case("helper_s_verifier", case_id, "closing"), "HandlerCannotJudge")
    await here.case("verifier", case_id, "closing")
    callback_id = await promised(here, case_id)
    refused(await answers(here, "helper_s_verifier", callback_id), "HandlerCannotJudge")
    assert (await answers(here, "verifier", callback_id)).status_code == 200


async def test_who_handled_a_case_takes_no_callback_on_it_back(here: LoopHall) -> None:
    case_id = await with_a_helper(here)
    callback_id = await promised(here, case_id)
    await here.becomes("wang", "agent", unit=WATER)
    async with here.hall.console("wang") as console:
        with pytest.raises(CommandRefused) as caught:
            await console.command(CancelCallback(id=0, callback_id=callback_id, reason="不必回访"))
    assert caught.value.reason == "HandlerCannotJudge"
    visits = (await here.get("dispatcher", f"/api/cases/{case_id}/callbacks")).json()
    assert visits[0]["state"] == "scheduled"


async def test_who_handled_a_case_judges_it_in_no_other_role_and_for_no_other_unit(here: LoopHall) -> None:
    case_id = await with_a_helper(here)
    await here.becomes("street", "verifier")
    await here.becomes("water", "verifier", unit="R01")
    for who in ("street", "water"):
        await judged_by(here, who, case_id, "WorkerCannotJudge")
    await here.case("verifier", case_id, "verification")
    refused(await here.try_case("street", case_id, "closing"), "WorkerCannotJudge")
    await here.case("verifier", case_id, "closing")
    callback_id = await promised(here, case_id)
    refused(await answers(here, "street", callback_id), "WorkerCannotJudge")
    plan = {"days": 1, "rounds": 1, "reason": "防反弹"}
    refused(await (await here.who("street")).put(f"/api/cases/{case_id}/patrols", json=plan), "WorkerCannotJudge")
    other = await here.file(caller="13900001111")
    await here.dispatch(other, WATER)
    await here.becomes("water", "unit", unit=WATER)
    await here.report("water", other, 1)
    await here.case("street", other, "verification")  # what others handled is theirs to judge


async def test_nobody_grants_time_that_they_asked_for_at_their_old_unit(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    await here.task("street", case_id, 1, "contact", note="约定延期", agreed_at=soon(300))
    await here.task("street_leader", case_id, 1, "extensions", amount=1, reason="缺配件")
    await here.becomes("street", "unit_leader", unit=STREET)
    await here.task("street", case_id, 1, "extensions/1/agreement", agreed=True)
    for who in ("street", "street_leader"):
        await here.becomes(who, "commander")
        refused(await here.try_case(who, case_id, "extensions/1/grant", agreed=True), "SecondPersonDecides")
    await here.case("commander", case_id, "extensions/1/grant", agreed=True)


async def test_who_worked_for_a_unit_does_not_decide_on_its_appeal(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.run_out(case_id)
    await here.task("street", case_id, 1, "signature")
    await here.task("street", case_id, 1, "contact", note="已联系")
    await here.task("street_leader", case_id, 1, "report", result="已修好")
    await here.case("verifier", case_id, "verification")
    await here.case("verifier", case_id, "closing")
    await here.task("street_leader", case_id, 1, "appeal", reason="连日暴雨")
    await here.becomes("street", "verifier")
    body = {"state": "made", "agreed": True, "reason": "情况属实"}
    answer = await (await here.who("street")).post(f"/api/cases/{case_id}/appeal", json=body)
    refused(answer, "WorkerCannotJudge")
    assert (await here.get("street", "/api/desks/verifying?matter=appeal")).json()["counts"]["appeal"] == 0


async def test_who_dispatched_a_case_does_not_verify_it(here: LoopHall) -> None:
    case_id = await here.handled()
    await here.becomes("dispatcher", "verifier")
    stands = (await here.get("verifier", f"/api/cases/{case_id}/loop")).json()
    for act, said in (("verification", {}), ("rework", {"reason": "没修"})):
        answer = await here.try_case("dispatcher", case_id, act, version=stands["version"], **said)
        refused(answer, "SenderCannotVerify")
    assert str(case_id) not in (await here.get("dispatcher", "/api/desks/verifying")).text
    assert str(case_id) in (await here.get("verifier", "/api/desks/verifying")).text
