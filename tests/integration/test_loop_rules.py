"""Rules of the loop that somebody tries to break through the API, beside those that `test_loop` tells the story of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from .hall import ConsoleHall
from .loop_hall import (
    COMMUNITY,
    HOUSING,
    OTHER_STREET,
    STREET,
    WATER,
    LoopHall,
    open_loop,
    refused,
    soon,
    units,
)

pytestmark = pytest.mark.integration


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


def limit_of(loop: dict[str, Any], name: str) -> tuple[str, int]:
    found = next(each for each in loop["clocks"] if each["name"] == name)
    return found["limit_kind"], found["limit_amount"]


# ---- clocks ---------------------------------------------------------------------------------------------------------


CLOCKS: list[tuple[dict[str, str], tuple[str, int], tuple[str, int], int]] = [
    ({"urgency": "emergency"}, ("calendar_hours", 1), ("calendar_hours", 2), 1),
    ({"class_code": "1101"}, ("calendar_hours", 2), ("working_days", 7), 3),
    ({"urgency": "urgent"}, ("calendar_hours", 24), ("calendar_hours", 24), 2),
    ({}, ("calendar_hours", 24), ("working_days", 7), 3),
    ({"class_code": "0401"}, ("calendar_hours", 24), ("working_days", 15), 4),
]


async def test_each_case_has_the_dispatch_and_the_feedback_clock_of_its_urgency_and_class(here: LoopHall) -> None:
    for changes, dispatch, feedback, level in CLOCKS:
        case_id = await here.file(**changes)
        filed = await here.loop(case_id)
        assert limit_of(filed, "dispatch") == dispatch, changes
        assert [each["name"] for each in filed["clocks"]] == ["dispatch"], "the others begin with the dispatch"
        sent = await here.dispatch(case_id, STREET)
        assert (limit_of(sent, "feedback"), sent["feedback_level"]) == (feedback, level), changes


async def test_a_dispatch_that_comes_too_late_stays_missed(here: LoopHall) -> None:
    case_id = await here.file()
    await here.run_out(case_id)
    sent = await here.dispatch(case_id, STREET)
    assert [each["state"] for each in sent["clocks"] if each["name"] == "dispatch"] == ["missed"]


async def test_another_urgency_does_not_give_time_back_that_was_used(here: LoopHall) -> None:
    case_id = await here.file(urgency="emergency")
    await here.dispatch(case_id, STREET)
    await here.run_out(case_id)
    calmer = await here.case("dispatcher", case_id, "urgency", urgency="normal", reason="险情已排除")
    due = next(each["due_at"] for each in calmer["clocks"] if each["name"] == "feedback")
    assert datetime.fromisoformat(due) < datetime.fromisoformat(soon(0)), "ninety days were used of seven"
    for who in ("wang", "verifier", "street"):
        answer = await here.try_case(who, case_id, "urgency", urgency="urgent", reason="急")
        refused(answer, "NotPermitted")
    done = await here.handled()
    answer = await here.try_case("dispatcher", done, "urgency", urgency="urgent", reason="急")
    refused(answer, "CaseCannotMove")


# ---- dispatch, small loop and large loop ----------------------------------------------------------------------------


async def test_the_coordination_itself_sends_nothing_down_that_came_up(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    await here.task("street", case_id, 1, "escalation", reason="涉及多个部门")
    for n, (code, who) in enumerate([(WATER, "water"), (HOUSING, "housing")]):
        await here.dispatch(case_id, code)
        lead = next(
            each["n"]
            for each in (await here.loop(case_id))["tasks"]
            if (each["unit_code"], each["state"]) == (code, "sent")
        )
        await here.task(who, case_id, lead, "refusal", reason="不归我单位")
        assert (await here.loop(case_id))["status"] == ("filed", "coordination")[n]
    for down in (units(STREET), units(OTHER_STREET), units(COMMUNITY), units(WATER, STREET)):
        answer = await here.try_case("commander", case_id, "coordination", units=down, reason="定")
        refused(answer, "NeverDownAgain")
    refused(await here.try_case("commander", case_id, "coordination", units=[], reason="定"), "InputInvalid")
    refused(await here.try_case("commander", case_id, "coordination", units=units(WATER), reason=" "), "InputInvalid")
    await here.case("commander", case_id, "coordination", units=units(WATER), reason="由水务主办")


async def hard(here: LoopHall, **changes: Any) -> UUID:
    """A case that the dispatcher declared hard before anybody was asked."""
    case_id = await here.file(**changes)
    await here.case("dispatcher", case_id, "hardness", reason="牵涉多个部门，街道无力解决")
    return case_id


async def test_a_hard_case_goes_to_departments_only_whatever_way_it_is_sent(here: LoopHall) -> None:
    case_id = await hard(here, community_code=COMMUNITY)
    for down in (units(STREET), units(OTHER_STREET), units(COMMUNITY), units(WATER, STREET), units(WATER, COMMUNITY)):
        refused(await here.try_case("dispatcher", case_id, "dispatch", units=down), "NeverDownAgain")
        refused(await here.try_case("commander", case_id, "dispatch", units=down, reason="定"), "NeverDownAgain")
    refused(await here.try_case("dispatcher", case_id, "dispatch", direct=True), "NeverDownAgain")
    stands = await here.loop(case_id)
    for to in ([], units(STREET)):
        wish = {
            "request_id": str(uuid4()),
            "cases": [{"case_id": str(case_id), "version": stands["version"]}],
            "units": to,
        }
        answer = await (await here.who("dispatcher")).post("/api/dispatch/batch", json=wish)
        assert answer.json()["results"][0]["problem"]["error"] == "NeverDownAgain"
    assert (stands["status"], stands["tasks"], await here.loop(case_id)) == ("filed", [], stands)
    for code, who in ((WATER, "water"), (HOUSING, "housing")):
        sent = await here.dispatch(case_id, code)
        lead = next(each["n"] for each in sent["tasks"] if (each["unit_code"], each["state"]) == (code, "sent"))
        await here.task(who, case_id, lead, "refusal", reason="不归我单位")
    for down in (units(STREET), units(COMMUNITY), units(WATER, OTHER_STREET)):
        refused(await here.try_case("commander", case_id, "coordination", units=down, reason="定"), "NeverDownAgain")
    decided = await here.case("commander", case_id, "coordination", units=units(WATER), reason="由水务主办")
    assert (decided["hard"], decided["came_up"]) == (True, False)
    assert not {each["unit_kind"] for each in decided["tasks"]} & {"street", "community"}


async def test_a_hard_case_does_not_go_into_the_small_loop_under_another_one(here: LoopHall) -> None:
    child, waits, at_street = await hard(here), await here.file(), await here.file()
    await here.dispatch(at_street, STREET)
    for parent in (waits, at_street):
        answer = await here.try_case("dispatcher", child, "joining", parent_id=str(parent), reason="同一原因")
        refused(answer, "NeverDownAgain")
    await here.case("dispatcher", child, "joining", parent_id=str(await hard(here)), reason="同一原因")
    merged = await here.try_case("dispatcher", child, "hardness", reason="难")
    refused(merged, "HardBefore")
    left = await here.case("dispatcher", child, "leaving", reason="并错了")
    assert (left["status"], left["hard"]) == ("filed", True)
    refused(await here.try_case("dispatcher", child, "dispatch", units=units(STREET)), "NeverDownAgain")
    other = await here.case("dispatcher", waits, "joining", parent_id=str(child), reason="同一原因")
    assert (other["status"], other["hard"]) == ("merged", False), "the other way round it may go"


async def test_a_case_is_declared_hard_once_for_good_by_who_dispatches_while_it_waits(here: LoopHall) -> None:
    case_id = await here.file()
    for who in ("wang", "verifier", "street", "street_leader", "water"):
        refused(await here.try_case(who, case_id, "hardness", reason="难"), "NotPermitted")
    for body in ({"reason": " "}, {"reason": "难", "hard": False}, {"reason": None}, {}):
        refused(await here.try_case("dispatcher", case_id, "hardness", **body), "InputInvalid")
    refused(await here.try_case("dispatcher", case_id, "hardness", reason="难", version=9), "CaseChangedMeanwhile")
    assert await here.story(case_id) == ["filed"]
    stands = await here.case("commander", case_id, "hardness", reason="牵涉产权")
    assert (stands["status"], stands["version"], stands["hard"]) == ("filed", 2, True)
    assert stands["proposal"] == [], "its street is plain, and yet not proposed"
    refused(await here.try_case("dispatcher", case_id, "hardness", reason="难"), "HardBefore")
    entry = (await here.get("dispatcher", f"/api/cases/{case_id}")).json()["events"][-1]
    assert (entry["kind"], entry["actor"], entry["detail"]) == ("declared_hard", "commander", {"reason": "牵涉产权"})
    handled = await here.file()
    await here.dispatch(handled, STREET)
    refused(await here.try_case("dispatcher", handled, "hardness", reason="难"), "CaseCannotMove")
    refused(await here.try_case("dispatcher", await here.closed(), "hardness", reason="难"), "CaseCannotMove")
    refused(await here.try_case("dispatcher", uuid4(), "hardness", reason="难", version=1), "CaseNotFound")


async def test_the_street_that_refused_before_keeps_no_more_of_a_hard_case_than_the_reply(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "refusal", reason="街道无力解决")
    await here.case("dispatcher", case_id, "hardness", reason="牵涉产权")
    refused(await here.try_case("dispatcher", case_id, "dispatch", units=units(OTHER_STREET)), "NeverDownAgain")
    sent = await here.dispatch(case_id, WATER)
    assert [(each["unit_code"], each["role"]) for each in sent["tasks"][1:]] == [(WATER, "lead"), (STREET, "reply")]


async def test_lists_desk_and_page_mark_what_is_hard_and_nothing_else(here: LoopHall) -> None:
    marked, plain = str(await hard(here)), str(await here.file())
    for path in ("/api/cases", "/api/desks/dispatching"):
        found = (await here.get("dispatcher", path)).json()
        rows = [each.get("case", each) for each in (found if isinstance(found, list) else found["items"])]
        assert {each["case_id"]: each["hard"] for each in rows} == {marked: True, plain: False}, path
    items = (await here.get("dispatcher", "/api/desks/dispatching")).json()["items"]
    assert {each["case"]["case_id"]: bool(each["proposal"]) for each in items} == {marked: False, plain: True}
    for case_id, is_hard in ((marked, True), (plain, False)):
        assert (await here.get("dispatcher", f"/api/cases/{case_id}")).json()["case"]["hard"] is is_hard


async def test_a_unit_that_refused_is_not_asked_again_as_a_helper_either(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, WATER)
    await here.task("water", case_id, 1, "refusal", reason="不归我单位")
    refused(await here.try_case("dispatcher", case_id, "dispatch", units=units(HOUSING, WATER)), "RefusedBefore")


async def test_a_helper_s_refusal_leaves_the_case_with_its_lead_and_counts_as_buck_passing(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET, WATER, HOUSING)
    await here.task("water", case_id, 2, "refusal", reason="不归我单位")
    assert (await here.loop(case_id))["status"] == "handling"
    await here.task("housing", case_id, 3, "refusal", reason="不归我单位")
    assert (await here.loop(case_id))["status"] == "coordination"


async def test_what_is_not_signed_is_neither_escalated_nor_whistled_for_nor_given_more_time(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    refused(await here.try_task("street", case_id, 1, "escalation", reason="难"), "TaskCannotMove")
    refused(await here.try_task("street", case_id, 1, "whistle", units=[WATER], what="会诊"), "TaskCannotMove")
    refused(await here.try_task("street", case_id, 1, "extensions", amount=1, reason="等"), "TaskCannotMove")


async def test_a_community_that_leads_does_not_escalate_past_its_street(here: LoopHall) -> None:
    case_id = await here.file(community_code=COMMUNITY)
    await here.dispatch(case_id, COMMUNITY)
    await here.task("community", case_id, 1, "signature")
    refused(await here.try_task("community", case_id, 1, "escalation", reason="难"), "OnlyStreetsEscalate")
    refused(await here.try_task("community", case_id, 1, "whistle", units=[WATER], what="会诊"), "OnlyStreetsWhistle")


async def test_what_the_coordination_decided_is_not_escalated(here: LoopHall) -> None:
    case_id = await here.file()
    for n, (code, who) in enumerate([(WATER, "water"), (HOUSING, "housing")], 1):
        await here.dispatch(case_id, code)
        await here.task(who, case_id, n, "refusal", reason="不归我单位")
    decided = await here.case("commander", case_id, "coordination", units=units(STREET), reason="由街道主办")
    lead = next(each["n"] for each in decided["tasks"] if each["unit_code"] == STREET)
    await here.task("street", case_id, lead, "signature")
    refused(await here.try_task("street", case_id, lead, "escalation", reason="难"), "DecisionBinds")


# ---- more time ------------------------------------------------------------------------------------------------------


async def signed_and_agreed(here: LoopHall) -> UUID:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    await here.task("street", case_id, 1, "contact", note="约定延期", agreed_at=soon(300))
    return case_id


async def test_more_time_is_asked_for_before_the_limit_and_with_a_reason(here: LoopHall) -> None:
    case_id = await signed_and_agreed(here)
    for body in ({"amount": 0, "reason": "等"}, {"amount": -1, "reason": "等"}, {"amount": 1, "reason": " "}):
        refused(await here.try_task("street", case_id, 1, "extensions", **body), "InputInvalid")
    await here.run_out(case_id)
    refused(await here.try_task("street", case_id, 1, "extensions", amount=1, reason="等"), "TooLateToExtend")


async def test_nobody_of_the_unit_that_asks_grants_it_on_the_second_level(here: LoopHall) -> None:
    case_id = await signed_and_agreed(here)
    await here.task("street", case_id, 1, "extensions", amount=1, reason="缺配件")
    await here.task("street_leader", case_id, 1, "extensions/1/agreement", agreed=True)
    refused(await here.try_case("renegade", case_id, "extensions/1/grant", agreed=True), "HandlerCannotJudge")
    refused(await here.try_case("renegade", case_id, "extensions/2/grant", agreed=True), "ExtensionNotFound")
    for who in ("street", "street_leader", "verifier", "dispatcher"):
        refused(await here.try_case(who, case_id, "extensions/1/grant", agreed=True), "NotPermitted")


async def test_nobody_decides_on_time_while_the_case_rests_and_what_was_decided_is_not_decided_again(
    here: LoopHall,
) -> None:
    case_id = await signed_and_agreed(here)
    await here.task("street", case_id, 1, "extensions", amount=1, reason="缺配件")
    await here.case("commander", case_id, "suspension", until=soon(48), reason="停工")
    agree = "extensions/1/agreement"
    refused(await here.try_task("street_leader", case_id, 1, agree, agreed=True), "NotBeingHandled")
    await here.case("commander", case_id, "resumption")
    await here.task("street_leader", case_id, 1, agree, agreed=True)
    await here.case("commander", case_id, "extensions/1/grant", agreed=True)
    problem = refused(
        await here.try_case("commander_2", case_id, "extensions/1/grant", agreed=False), "ExtensionCannotMove"
    )
    assert (problem["facts"]["who"], problem["facts"]["kind"]) == ("commander", "extension_granted")


# ---- suspension, withdrawal, out of scope ---------------------------------------------------------------------------


async def test_only_what_is_handled_rests_and_only_with_a_reason(here: LoopHall) -> None:
    case_id = await here.file()
    answer = await here.try_case("commander", case_id, "suspension", until=soon(24), reason="等")
    refused(answer, "CaseCannotMove")
    await here.dispatch(case_id, STREET)
    answer = await here.try_case("commander", case_id, "suspension", until=soon(24), reason="")
    refused(answer, "InputInvalid")
    refused(await here.try_case("commander", case_id, "resumption"), "CaseCannotMove")
    reported = await here.handled()
    answer = await here.try_case("commander", reported, "suspension", until=soon(24), reason="等")
    refused(answer, "CaseCannotMove")


async def test_what_is_closed_is_not_moved_any_more(here: LoopHall) -> None:
    case_id = await here.closed()
    for who, act, body in (
        ("dispatcher", "dispatch", {"units": units(WATER)}),
        ("commander", "coordination", {"units": units(WATER), "reason": "定"}),
        ("commander", "supervision", {"reason": "快办"}),
        ("wang", "urging", {"note": "又来电"}),
        ("wang", "withdrawal", {"reason": "不要了"}),
        ("verifier", "rework", {"reason": "没修"}),
        ("verifier", "verification", {}),
        ("verifier", "closing", {}),
    ):
        refused(await here.try_case(who, case_id, act, **body), "CaseCannotMove")
    refused(await here.try_task("street", case_id, 1, "report", result="又修"), "NotBeingHandled")


async def test_a_case_that_is_not_there_is_told_so(here: LoopHall) -> None:
    nowhere = uuid4()
    answer = await here.try_case("verifier", nowhere, "closing", version=1)
    refused(answer, "CaseNotFound")
    refused(await here.get("street", f"/api/tasks/{nowhere}/1"), "TaskNotFound")


async def test_a_suspension_of_a_year_is_the_longest(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    until = soon(24 * 365 - 1)
    rests = await here.case("commander", case_id, "suspension", until=until, reason="冬季停工")
    assert datetime.fromisoformat(rests["suspended_until"]) - datetime.fromisoformat(until) < timedelta(seconds=1)
