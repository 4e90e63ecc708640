"""Time-out appeals through the API: who may make one, when, how often, who decides, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.dispatch import case_moves, service
from backend.kernel import clock

from .hall import ConsoleHall
from .loop_hall import STREET, WATER, Answer, LoopHall, open_loop, refused

pytestmark = pytest.mark.integration
WHY = {"reason": "连日暴雨，无法施工"}


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


async def closed_late(here: LoopHall) -> UUID:
    """A case that its street reported too late, with a helper who was in time, and that is closed."""
    case_id = await here.file()
    await here.dispatch(case_id, STREET, WATER)
    await here.task("water", case_id, 2, "signature")
    await here.task("water", case_id, 2, "report", result="管道已修")
    await here.run_out(case_id)
    await here.report("street", case_id, 1)
    await here.case("verifier", case_id, "verification")
    await here.case("verifier", case_id, "closing")
    return case_id


async def verdict(here: LoopHall, who: str, case_id: UUID, state: str, *, agreed: bool) -> Answer:
    body = {"state": state, "agreed": agreed, "reason": "情况属实"}
    return await (await here.who(who)).post(f"/api/cases/{case_id}/appeal", json=body)


def missed(loop: dict[str, Any]) -> dict[tuple[str, int], bool]:
    return {(each["name"], each["part"]): each["exempted"] for each in loop["clocks"] if each["state"] == "missed"}


async def test_two_reviewers_exempt_what_ran_out_from_statistics_and_it_stays_to_be_seen(here: LoopHall) -> None:
    case_id = await closed_late(here)
    detail = (await here.get("street", f"/api/tasks/{case_id}/1")).json()
    assert (detail["may_appeal"], detail["summary"]["missed"], detail["appeal"]) == (True, True, None)
    made = await here.task("street", case_id, 1, "appeal", **WHY)
    assert (made["may_appeal"], made["appeal"]["state"]) == (False, "made")
    supported = (await verdict(here, "verifier", case_id, "made", agreed=True)).json()
    assert supported["appeal"]["state"] == "supported"
    assert missed(supported) == {("feedback", 0): False, ("handling", 1): False}
    granted = (await verdict(here, "commander", case_id, "supported", agreed=True)).json()
    assert (granted["appeal"]["state"], granted["appeal"]["exempted"]) == ("granted", True)
    assert missed(granted) == {("feedback", 0): True, ("handling", 1): True}, "still missed, and out of the statistics"
    assert [granted["appeal"][each] for each in ("made_by", "supported_by", "decided_by")] == [
        "street", "verifier", "commander",
    ]  # fmt: skip
    assert (await here.story(case_id))[-3:] == ["appeal_made", "appeal_supported", "appeal_granted"]
    refused(await verdict(here, "verifier_2", case_id, "granted", agreed=False), "AppealCannotMove")


async def test_one_reviewer_who_does_not_agree_ends_it_and_nothing_is_exempted(here: LoopHall) -> None:
    for first in (False, True):
        case_id = await closed_late(here)
        await here.task("street", case_id, 1, "appeal", **WHY)
        if first:
            await verdict(here, "verifier", case_id, "made", agreed=True)
        state = "supported" if first else "made"
        declined = (await verdict(here, "commander", case_id, state, agreed=False)).json()
        assert declined["appeal"]["state"] == "declined"
        assert not any(missed(declined).values())
        refused(await here.try_task("street", case_id, 1, "appeal", **WHY), "AppealedBefore")


async def test_a_unit_appeals_after_closing_once_and_only_against_its_own_clock(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET, WATER)
    await here.task("water", case_id, 2, "signature")
    await here.task("water", case_id, 2, "report", result="管道已修")
    await here.run_out(case_id)
    refused(await here.try_task("street", case_id, 1, "appeal", **WHY), "AppealBeforeClosing")
    await here.report("street", case_id, 1)
    await here.case("verifier", case_id, "verification")
    refused(await here.try_task("street", case_id, 1, "appeal", **WHY), "AppealBeforeClosing")
    await here.case("verifier", case_id, "closing")
    refused(await here.try_task("water", case_id, 2, "appeal", **WHY), "NoClockRanOut")
    refused(await here.try_task("water", case_id, 1, "appeal", **WHY), "TaskNotFound")
    refused(await here.try_task("street", case_id, 1, "appeal", reason="  "), "InputInvalid")
    await here.task("street", case_id, 1, "appeal", **WHY)
    refused(await here.try_task("street", case_id, 1, "appeal", **WHY), "AppealedBefore")
    in_time = await here.closed()
    refused(await here.try_task("street", in_time, 1, "appeal", **WHY), "NoClockRanOut")


async def test_ten_working_days_after_the_closing_nobody_appeals_any_more(here: LoopHall) -> None:
    case_id = await closed_late(here)
    await closed_before(here, case_id, timedelta(days=60))
    assert (await here.get("street", f"/api/tasks/{case_id}/1")).json()["may_appeal"] is False
    problem = refused(await here.try_task("street", case_id, 1, "appeal", **WHY), "AppealTooLate")
    assert "10 working days" in problem["message"]
    assert all(problem[each] for each in ("kept", "next_step"))
    assert (await here.loop(case_id))["appeal"] is None
    await closed_before(here, case_id, timedelta(days=1))
    await here.task("street", case_id, 1, "appeal", **WHY)


async def closed_before(here: LoopHall, case_id: UUID, ago: timedelta) -> None:
    async with here.hall.database.transaction() as tx:
        moved = text("UPDATE cases SET closed_at = :at WHERE case_id = :case_id")
        await tx.session.execute(moved, {"at": clock.now() - ago, "case_id": case_id})


async def test_once_a_case_holds_even_when_it_was_opened_again_and_ran_out_again(here: LoopHall) -> None:
    case_id = await closed_late(here)
    await here.task("street", case_id, 1, "appeal", **WHY)
    await verdict(here, "verifier", case_id, "made", agreed=False)
    async with here.hall.database.transaction() as tx:  # "not solved", as the callback of a worker would bring it
        rules = here.hall.app.state.loop
        await service.move_case(tx, None, case_id, None, case_moves.not_solved, rules.time, clock.now())
    await here.run_out(case_id)
    n = len((await here.loop(case_id))["tasks"])
    await here.report("street", case_id, n)
    await here.case("verifier", case_id, "verification")
    await here.case("verifier", case_id, "closing")
    refused(await here.try_task("street", case_id, n, "appeal", **WHY), "AppealedBefore")


async def test_reviewers_are_two_and_of_no_unit_that_handled_the_case(here: LoopHall) -> None:
    case_id = await closed_late(here)
    refused(await verdict(here, "verifier", case_id, "made", agreed=True), "AppealNotFound")
    await here.task("street", case_id, 1, "appeal", **WHY)
    refused(await verdict(here, "turncoat", case_id, "made", agreed=True), "HandlerCannotJudge")
    for who in ("street_leader", "dispatcher", "wang"):
        refused(await verdict(here, who, case_id, "made", agreed=True), "NotPermitted")
    assert (await verdict(here, "verifier", case_id, "made", agreed=True)).status_code == 200
    refused(await verdict(here, "verifier", case_id, "supported", agreed=True), "SecondPersonDecides")
    refused(await verdict(here, "verifier", case_id, "supported", agreed=False), "SecondPersonDecides")
    refused(await verdict(here, "turncoat", case_id, "supported", agreed=False), "HandlerCannotJudge")
    assert (await here.loop(case_id))["appeal"]["state"] == "supported"


async def test_of_two_reviewers_at_once_one_is_told_what_the_other_did(here: LoopHall) -> None:
    case_id = await closed_late(here)
    await here.task("street", case_id, 1, "appeal", **WHY)
    for who in ("verifier", "commander"):
        await here.who(who)
    answers = await asyncio.gather(
        verdict(here, "verifier", case_id, "made", agreed=True),
        verdict(here, "commander", case_id, "made", agreed=False),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    problem = refused(next(each for each in answers if each.status_code == 409), "AppealChangedMeanwhile")
    assert problem["facts"]["kind"] in {"appeal_supported", "appeal_declined"}
    assert problem["facts"]["who"] in {"verifier", "commander"}


async def test_an_appeal_waits_at_the_desks_of_those_who_can_still_decide(here: LoopHall) -> None:
    case_id = await closed_late(here)
    await here.task("street", case_id, 1, "appeal", **WHY)

    async def waits(who: str, desk: str) -> bool:
        queue = (await here.get(who, f"/api/desks/{desk}?matter=appeal")).json()
        assert queue["counts"]["appeal"] == len(queue["items"])
        return [each["case"]["case_id"] for each in queue["items"]] == [str(case_id)]

    assert await waits("verifier", "verifying")
    assert await waits("commander", "dispatching")
    assert not await waits("turncoat", "verifying")
    await verdict(here, "verifier", case_id, "made", agreed=True)
    assert not await waits("verifier", "verifying")
    assert await waits("verifier_2", "verifying")
    await verdict(here, "commander", case_id, "supported", agreed=True)
    assert not await waits("verifier_2", "verifying")


async def test_the_database_itself_exempts_nothing_that_did_not_run_out(here: LoopHall) -> None:
    await here.closed()
    with pytest.raises(Exception, match="ck_deadlines_exempted"):
        async with here.hall.database.transaction() as tx:
            await tx.session.execute(text("UPDATE deadlines SET exempted = true WHERE state = 'met'"))
