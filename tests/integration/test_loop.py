"""The seven-step loop through the API: it goes round, and every rule stands against who tries to break it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, text

from backend.callbacks import service as callbacks
from backend.callbacks.evaluation import ClosedCaseCaller
from backend.callbacks.schemas import CallbackWay, CallbackWish
from backend.deadlines.service import WARNING_JOB
from backend.dispatch.keeper import resume_if_due
from backend.dispatch.service import CLOSED_JOB
from backend.dispatch.warnings import DeadlineWarner
from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.kernel.database import events_table

from .hall import ConsoleHall
from .loop_hall import HOUSING, OTHER_STREET, STREET, WATER, LoopHall, open_loop, refused, soon, units

pytestmark = pytest.mark.integration


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


def clock_of(loop: dict[str, Any], name: str, part: int = 0) -> dict[str, Any]:
    return dict(next(each for each in loop["clocks"] if (each["name"], each["part"]) == (name, part)))


def due(loop: dict[str, Any], name: str, part: int = 0) -> datetime:
    return datetime.fromisoformat(clock_of(loop, name, part)["due_at"])


def states(loop: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(task["unit_code"], task["role"], task["state"]) for task in loop["tasks"]]


# ---- round the loop -------------------------------------------------------------------------------------------------


async def test_a_case_goes_round_and_its_time_line_tells_it_all(here: LoopHall) -> None:
    case_id = await here.file()
    filed = await here.loop(case_id)
    assert (filed["status"], clock_of(filed, "dispatch")["state"]) == ("filed", "running")
    assert [(each["code"], each["role"]) for each in filed["proposal"]] == [(STREET, "lead")]
    sent = await here.case("dispatcher", case_id, "dispatch", direct=True)
    assert states(sent) == [(STREET, "lead", "sent")]
    assert (sent["status"], sent["first_unit"]) == ("handling", "东花市街道分中心")
    assert clock_of(sent, "dispatch")["state"] == "met"
    assert clock_of(sent, "feedback")["state"] == clock_of(sent, "handling", 1)["state"] == "running"
    await here.report("street", case_id, 1)
    reported = await here.loop(case_id)
    assert (reported["status"], clock_of(reported, "feedback")["state"]) == ("reported", "met")
    await here.case("verifier", case_id, "verification", note="现场核实")
    closed = await here.case("verifier", case_id, "closing")
    assert (closed["status"], closed["closed_as"]) == ("closed", "handled")
    assert await here.story(case_id) == [
        "filed", "dispatched", "task_sent", "task_signed", "citizen_contacted", "task_reported", "reported_back",
        "verified", "closed",
    ]  # fmt: skip


async def test_every_move_is_told_to_readers_and_to_the_units_without_a_word_about_the_citizen(here: LoopHall) -> None:
    case_id = await here.closed()
    async with here.hall.database.transaction() as tx:
        query = select(events_table).where(events_table.c.entity == str(case_id)).order_by(events_table.c.seq)
        told = (await tx.session.execute(query)).all()
    moves = [event for event in told if event.topic == "case_changed"]
    assert [event.payload["status"] for event in moves][-3:] == ["reported", "verified", "closed"]
    to_unit = [event for event in told if f"unit:{STREET}" in event.audience]
    assert len(to_unit) == len(moves)
    assert {tuple(event.payload) for event in to_unit} == {("case_id",)}


NOT_THEIRS: list[tuple[str, str, dict[str, Any]]] = [
    ("wang", "dispatch", {"units": units(STREET)}),
    ("street", "dispatch", {"units": units(WATER)}),
    ("verifier", "dispatch", {"units": units(STREET)}),
    ("dispatcher", "coordination", {"units": units(STREET), "reason": "定"}),
    ("dispatcher", "suspension", {"until": "2027-01-01T00:00:00Z", "reason": "等"}),
    ("dispatcher", "verification", {}),
    ("commander", "verification", {}),
    ("street", "closing", {}),
    ("dispatcher", "supervision", {"reason": "快办"}),
    ("street", "withdrawal", {"reason": "不要了"}),
    ("wang", "out-of-scope", {"reason": "不归"}),
]


async def test_nobody_does_what_is_another_role_s(here: LoopHall) -> None:
    case_id = await here.file()
    for who, act, body in NOT_THEIRS:
        refused(await here.try_case(who, case_id, act, **body), "NotPermitted")
    assert await here.story(case_id) == ["filed"]


async def test_the_steps_have_an_order(here: LoopHall) -> None:
    case_id = await here.file()
    for what in ("verification", "closing"):
        refused(await here.try_case("verifier", case_id, what), "CaseCannotMove")
    refused(await here.try_case("verifier", case_id, "rework", reason="没修"), "CaseCannotMove")
    refused(
        await here.try_case("commander", case_id, "coordination", units=units(WATER), reason="定"), "CaseCannotMove"
    )
    await here.dispatch(case_id, STREET)
    refused(await here.try_case("dispatcher", case_id, "dispatch", units=units(WATER)), "CaseCannotMove")
    refused(await here.try_task("street", case_id, 1, "report", result="好了"), "TaskCannotMove")
    refused(await here.try_task("street", case_id, 1, "contact", note="打过"), "TaskCannotMove")
    await here.task("street", case_id, 1, "signature")
    refused(await here.try_task("street", case_id, 1, "signature"), "TaskCannotMove")


# ---- two people at once ---------------------------------------------------------------------------------------------


async def test_of_two_who_act_at_once_one_wins_and_the_other_is_told_who_did_what(here: LoopHall) -> None:
    case_id = await here.file()
    version = (await here.loop(case_id))["version"]
    answers = await asyncio.gather(
        here.try_case("dispatcher", case_id, "dispatch", units=units(STREET), version=version),
        here.try_case("commander", case_id, "dispatch", units=units(WATER), version=version),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    lost = next(answer for answer in answers if answer.status_code == 409)
    problem = refused(lost, "CaseChangedMeanwhile")
    assert "dispatched by" in problem["message"]
    assert len((await here.loop(case_id))["tasks"]) == 1


async def test_two_of_one_unit_do_not_sign_twice(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    answers = await asyncio.gather(
        here.try_task("street", case_id, 1, "signature", version=1),
        here.try_task("street_leader", case_id, 1, "refusal", version=1, reason="不归"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused(next(answer for answer in answers if answer.status_code == 409), "TaskChangedMeanwhile")


async def test_a_unit_sees_and_moves_only_its_own_tasks(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    refused(await here.try_task("water", case_id, 1, "signature"), "TaskNotFound")
    refused(await here.get("water", f"/api/tasks/{case_id}/1"), "TaskNotFound")
    refused(await here.get("street", f"/api/tasks/{case_id}/2"), "TaskNotFound")
    refused(await here.get("street", f"/api/cases/{case_id}"), "NotPermitted")
    assert [each["case_id"] for each in (await here.get("street", "/api/tasks")).json()] == [str(case_id)]
    assert (await here.get("water", "/api/tasks")).json() == []


# ---- dispatch -------------------------------------------------------------------------------------------------------


WRONGLY_ASKED = [
    ([], "LeadNotClear"),
    ([{"code": STREET, "role": "help"}], "LeadNotClear"),
    ([*units(STREET), *units(WATER)], "LeadNotClear"),
    (units(STREET, STREET), "UnitNamedTwice"),
    (units("C00"), "UnitDoesNotHandle"),
    (units("R01"), "UnitDoesNotHandle"),
    (units(STREET, "R01"), "UnitDoesNotHandle"),
    (units("X99"), "UnknownUnit"),
]


async def test_a_dispatch_names_units_that_can_handle_and_one_that_leads(here: LoopHall) -> None:
    case_id = await here.file()
    for asked, rule in WRONGLY_ASKED:
        refused(await here.try_case("dispatcher", case_id, "dispatch", units=asked), rule)
    assert (await here.loop(case_id))["tasks"] == []


async def test_street_and_community_get_it_at_once(here: LoopHall) -> None:
    case_id = await here.file(community_code="110101013007")
    sent = await here.case("dispatcher", case_id, "dispatch", direct=True)
    assert states(sent) == [(STREET, "lead", "sent"), ("110101013007", "help", "sent")]


async def test_a_case_goes_straight_to_the_unit_whose_duty_its_class_is(here: LoopHall) -> None:
    case_id = await here.file(class_code="0901")
    assert [(each["code"], each["role"]) for each in (await here.loop(case_id))["proposal"]] == [("D25", "lead")]
    assert states(await here.case("dispatcher", case_id, "dispatch", direct=True)) == [("D25", "lead", "sent")]


async def test_what_is_not_plain_is_not_dispatched_directly(here: LoopHall) -> None:
    case_id = await here.file()
    async with here.hall.database.transaction() as tx:
        await tx.session.execute(text("UPDATE cases SET duty = NULL"))
    assert (await here.loop(case_id))["proposal"] == []
    refused(await here.try_case("dispatcher", case_id, "dispatch", direct=True), "NoDirectDispatch")


async def test_a_reply_of_helpers_comes_before_that_of_the_lead(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET, WATER)
    await here.task("street", case_id, 1, "signature")
    await here.task("street", case_id, 1, "contact", note="联系过")
    problem = refused(await here.try_task("street", case_id, 1, "report", result="好了"), "OthersAtWork")
    assert "has not reported yet" in problem["message"]
    await here.task("water", case_id, 2, "signature")
    await here.task("water", case_id, 2, "report", result="管道已修")
    await here.task("street", case_id, 1, "report", result="好了")
    assert (await here.loop(case_id))["status"] == "reported"


async def test_out_of_scope_is_only_what_no_unit_was_asked_for(here: LoopHall) -> None:
    case_id = await here.file()
    closed = await here.case("dispatcher", case_id, "out-of-scope", reason="属市级，已转告12345")
    assert (closed["status"], closed["closed_as"]) == ("closed", "out_of_scope")
    other = await here.file()
    await here.dispatch(other, STREET)
    refused(await here.try_case("dispatcher", other, "out-of-scope", reason="不归"), "DispatchedBefore")
    await here.task("street", other, 1, "refusal", reason="不归")
    refused(await here.try_case("dispatcher", other, "out-of-scope", reason="不归"), "DispatchedBefore")


# ---- refusal and coordination ---------------------------------------------------------------------------------------


async def test_a_second_refusal_goes_to_the_coordination_whose_decision_binds(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "refusal", reason="属住建部门")
    back = await here.loop(case_id)
    assert (back["status"], clock_of(back, "dispatch")["state"]) == ("filed", "running")
    refused(await here.try_case("dispatcher", case_id, "dispatch", units=units(STREET)), "RefusedBefore")
    sent = await here.dispatch(case_id, HOUSING)
    assert states(sent)[1:] == [(HOUSING, "lead", "sent"), (STREET, "reply", "sent")]
    refused(await here.try_task("street", case_id, 3, "refusal", reason="不归"), "FirstUnitKeepsReply")
    await here.task("housing", case_id, 2, "refusal", reason="属街道")
    waiting = await here.loop(case_id)
    assert waiting["status"] == "coordination"
    refused(await here.try_case("dispatcher", case_id, "dispatch", units=units(WATER)), "CaseCannotMove")
    decided = await here.case("commander", case_id, "coordination", units=units(HOUSING), reason="由住建委主办")
    assert states(decided)[2:] == [(STREET, "reply", "sent"), (HOUSING, "lead", "sent")]
    refused(await here.try_task("housing", case_id, 4, "refusal", reason="不归"), "DecisionBinds")


async def test_what_is_signed_is_not_refused(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    refused(await here.try_task("street", case_id, 1, "refusal", reason="不归"), "TaskCannotMove")


async def test_a_refusal_says_why(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    for reason in ("", "   ", "\u200b\n"):
        problem = refused(await here.try_task("street", case_id, 1, "refusal", reason=reason), "InputInvalid")
        assert problem["field"] == "reason"


async def test_the_first_unit_answers_the_citizen_whoever_handles_the_case(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "refusal", reason="属水务")
    await here.dispatch(case_id, WATER)
    await here.task("street", case_id, 3, "signature")
    await here.task("street", case_id, 3, "contact", note="已告知由水务处理")
    refused(await here.try_task("street", case_id, 3, "report", result="好了"), "OthersAtWork")
    await here.task("water", case_id, 2, "signature")
    await here.task("water", case_id, 2, "report", result="管道已修")
    assert (await here.loop(case_id))["status"] == "handling"
    await here.task("street", case_id, 3, "report", result="已回复市民")
    assert (await here.loop(case_id))["status"] == "reported"


# ---- escalation and whistle -----------------------------------------------------------------------------------------


async def escalated(here: LoopHall) -> UUID:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    await here.task("street", case_id, 1, "escalation", reason="涉及多个部门")
    return case_id


async def test_what_came_up_never_goes_down_again(here: LoopHall) -> None:
    case_id = await escalated(here)
    up = await here.loop(case_id)
    assert (up["status"], up["came_up"]) == ("filed", True)
    for asked in (units(STREET), units(OTHER_STREET), units(WATER, OTHER_STREET)):
        refused(await here.try_case("dispatcher", case_id, "dispatch", units=asked), "NeverDownAgain")
    sent = await here.dispatch(case_id, WATER)
    assert states(sent) == [(STREET, "lead", "escalated"), (WATER, "lead", "sent"), (STREET, "reply", "sent")]
    await here.task("water", case_id, 2, "signature")
    refused(await here.try_task("water", case_id, 2, "escalation", reason="难"), "EscalatedBefore")


async def test_only_a_street_that_leads_escalates(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, WATER, STREET)
    for who, n in (("water", 1), ("street", 2)):
        await here.task(who, case_id, n, "signature")
        refused(await here.try_task(who, case_id, n, "escalation", reason="难"), "OnlyStreetsEscalate")


async def test_a_street_escalates_only_its_share(here: LoopHall) -> None:
    for _ in range(5):  # configs/dispatch.yaml: five are free
        await escalated(here)
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    problem = refused(await here.try_task("street", case_id, 1, "escalation", reason="难"), "EscalationShareUsedUp")
    assert "5 of this month's 6" in problem["message"]
    ledger = (await here.get("dispatcher", "/api/dispatch/ledger")).json()
    mine = next(each for each in ledger["escalations"] if each["unit_code"] == STREET)
    assert (mine["received"], mine["escalated"], mine["used_up"]) == (6, 5, True)
    assert (ledger["cases"]["filed"], ledger["cases"]["handling"]) == (5, 1)
    assert sum(ledger["cases"].values()) == 6


async def test_whistled_departments_must_report_before_the_street(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    whistle = {"what": "现场会诊"}
    refused(
        await here.try_task("street", case_id, 1, "whistle", units=[OTHER_STREET], **whistle),
        "OnlyDepartmentsAreWhistled",
    )
    refused(await here.try_task("street", case_id, 1, "whistle", units=[WATER, WATER], **whistle), "UnitNamedTwice")
    await here.task("street", case_id, 1, "whistle", units=[WATER, HOUSING], **whistle)
    assert states(await here.loop(case_id))[1:] == [(WATER, "site", "sent"), (HOUSING, "site", "sent")]
    refused(await here.try_task("street", case_id, 1, "whistle", units=[WATER], **whistle), "UnitNamedTwice")
    refused(await here.try_task("water", case_id, 2, "refusal", reason="没空"), "WhistledMustReport")
    await here.task("street", case_id, 1, "contact", note="联系过")
    refused(await here.try_task("street", case_id, 1, "report", result="好了"), "OthersAtWork")
    for who, n in (("water", 2), ("housing", 3)):
        await here.task(who, case_id, n, "signature")
        refused(await here.try_task(who, case_id, n, "whistle", units=[WATER], **whistle), "OnlyStreetsWhistle")
        await here.task(who, case_id, n, "report", result="已到场")
    await here.task("street", case_id, 1, "report", result="好了")


# ---- the citizen ----------------------------------------------------------------------------------------------------


async def test_nothing_is_reported_before_the_citizen_was_contacted(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    refused(await here.try_task("street", case_id, 1, "report", result="好了"), "CitizenNotContacted")
    assert "task_reported" not in await here.story(case_id)


async def test_the_handling_unit_never_learns_who_wants_to_stay_unknown(here: LoopHall) -> None:
    case_id = await here.file(identity_secret=True)
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    seen = await here.get("street", f"/api/tasks/{case_id}/1")
    listed = await here.get("street", "/api/tasks")
    for answer in (seen, listed):
        for secret in ("王女士", "1381234", "138****1234", "call-1"):
            assert secret not in answer.text
    assert seen.json()["citizen"] is None
    refused(await here.try_task("street", case_id, 1, "number", reason="联系"), "CitizenNotReachable")
    refused(await here.try_task("street", case_id, 1, "contact", note="打过"), "CitizenNotReachable")
    await here.task("street", case_id, 1, "report", result="好了")


async def test_a_unit_sees_a_masked_number_and_the_whole_one_only_for_a_reason_that_is_audited(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    refused(await here.try_task("street", case_id, 1, "number", reason="联系"), "CitizenNotReachable")
    await here.task("street", case_id, 1, "signature")
    seen = (await here.get("street", f"/api/tasks/{case_id}/1")).json()
    assert seen["citizen"]["number"] == "138****1234"
    refused(await here.try_task("street", case_id, 1, "number", reason=" "), "InputInvalid")
    told = await here.task("street", case_id, 1, "number", reason="约定上门时间")
    assert told["number"].endswith("13812341234")
    refused(await here.try_task("water", case_id, 1, "number", reason="联系"), "TaskNotFound")
    async with here.hall.database.transaction() as tx:
        query = select(AuditEntry).where(AuditEntry.action == "number_revealed")
        [entry] = (await tx.session.execute(query)).scalars()
    assert (entry.username, entry.detail["reason"]) == ("street", "约定上门时间")


# ---- more time ------------------------------------------------------------------------------------------------------


async def asked_for_time(here: LoopHall, amount: int = 7) -> UUID:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    await here.task("street", case_id, 1, "contact", note="约定延期", agreed_at=soon(300))
    await here.task("street", case_id, 1, "extensions", amount=amount, reason="配件需订货")
    return case_id


async def granted(here: LoopHall, case_id: UUID, n: int) -> None:
    await here.task("street_leader", case_id, 1, f"extensions/{n}/agreement", agreed=True)
    await here.case("commander", case_id, f"extensions/{n}/grant", agreed=True)


async def test_more_time_needs_contact_and_an_agreed_time_and_is_no_longer_than_the_limit(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET, WATER)
    await here.task("street", case_id, 1, "signature")
    ask = {"amount": 7, "reason": "配件需订货"}
    refused(await here.try_task("street", case_id, 1, "extensions", **ask), "CitizenNotContacted")
    await here.task("street", case_id, 1, "contact", note="联系过")
    refused(await here.try_task("street", case_id, 1, "extensions", **ask), "AgreedTimePassed")
    await here.task("street", case_id, 1, "contact", note="约过", agreed_at=soon(-1))
    refused(await here.try_task("street", case_id, 1, "extensions", **ask), "AgreedTimePassed")
    await here.task("street", case_id, 1, "contact", note="约定延期", agreed_at=soon(300))
    refused(await here.try_task("street", case_id, 1, "extensions", **(ask | {"amount": 8})), "ExtensionTooLong")
    await here.task("water", case_id, 2, "signature")
    refused(await here.try_task("water", case_id, 2, "extensions", **ask), "OnlyLeadAsks")
    await here.task("street", case_id, 1, "extensions", **ask)
    refused(await here.try_task("street", case_id, 1, "extensions", **ask), "ExtensionUndecided")


async def test_two_levels_of_two_other_people_grant_more_time(here: LoopHall) -> None:
    case_id = await asked_for_time(here)
    before = await here.loop(case_id)
    refused(await here.try_case("commander", case_id, "extensions/1/grant", agreed=True), "ExtensionCannotMove")
    agree = "extensions/1/agreement"
    refused(await here.try_task("street", case_id, 1, agree, agreed=True), "NotPermitted")
    refused(await here.try_task("water_leader", case_id, 1, agree, agreed=True), "TaskNotFound")
    refused(
        await here.try_task("street_leader", case_id, 1, "extensions/9/agreement", agreed=True), "ExtensionNotFound"
    )
    await here.task("street_leader", case_id, 1, agree, agreed=True)
    refused(await here.try_case("dispatcher", case_id, "extensions/1/grant", agreed=True), "NotPermitted")
    after = await here.case("commander", case_id, "extensions/1/grant", agreed=True)
    for name, part in (("handling", 1), ("feedback", 0)):
        assert due(after, name, part) > due(before, name, part)
        assert clock_of(after, name, part)["extended"]
    assert due(after, "feedback") >= due(after, "handling", 1)


async def test_who_asked_does_not_agree_himself(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street_leader", case_id, 1, "signature")
    await here.task("street_leader", case_id, 1, "contact", note="约定延期", agreed_at=soon(300))
    await here.task("street_leader", case_id, 1, "extensions", amount=1, reason="等")
    refused(
        await here.try_task("street_leader", case_id, 1, "extensions/1/agreement", agreed=True), "SecondPersonDecides"
    )


async def test_more_time_is_granted_twice_at_most(here: LoopHall) -> None:
    case_id = await asked_for_time(here, 1)
    await granted(here, case_id, 1)
    await here.task("street", case_id, 1, "extensions", amount=1, reason="仍缺配件")
    await granted(here, case_id, 2)
    refused(await here.try_task("street", case_id, 1, "extensions", amount=1, reason="还缺"), "ExtensionsUsedUp")


async def test_what_was_declined_changes_no_clock_and_what_was_not_decided_lapses_with_the_report(
    here: LoopHall,
) -> None:
    case_id = await asked_for_time(here, 1)
    before = await here.loop(case_id)
    await here.task("street_leader", case_id, 1, "extensions/1/agreement", agreed=False)
    await here.task("street", case_id, 1, "extensions", amount=1, reason="再请")
    await here.task("street", case_id, 1, "report", result="提前办完")
    after = await here.loop(case_id)
    assert [each["state"] for each in after["extensions"]] == ["declined", "lapsed"]
    assert due(after, "feedback") == due(before, "feedback")


# ---- suspension -----------------------------------------------------------------------------------------------------


async def test_a_case_rests_once_its_clocks_stand_still_and_it_goes_on_by_itself(here: LoopHall) -> None:
    case_id = await here.file(urgency="urgent")
    before = await here.dispatch(case_id, STREET)
    for until, rule in ((soon(-1), "SuspensionEndsInPast"), (soon(24 * 366), "SuspensionTooLong")):
        refused(await here.try_case("commander", case_id, "suspension", until=until, reason="冬季停工"), rule)
    rests = await here.case("commander", case_id, "suspension", until=soon(240), reason="冬季停工")
    assert rests["status"] == "suspended"
    moved = due(rests, "feedback") - due(before, "feedback")
    assert abs(moved - timedelta(hours=240)) < timedelta(minutes=1)
    assert clock_of(rests, "feedback")["paused_until"] is not None
    refused(await here.try_task("street", case_id, 1, "signature"), "NotBeingHandled")
    for later, status in ((239.0, "suspended"), (241.0, "handling")):
        async with here.hall.database.transaction() as tx:
            now = clock.now() + timedelta(hours=later)
            await resume_if_due(tx, case_id, here.hall.app.state.loop, now)
        assert (await here.loop(case_id))["status"] == status
    assert due(await here.loop(case_id), "feedback") == due(rests, "feedback")
    refused(await here.try_case("commander", case_id, "suspension", until=soon(24), reason="又停工"), "SuspendedBefore")


async def test_a_suspension_that_ends_early_gives_the_rest_back(here: LoopHall) -> None:
    case_id = await here.file(urgency="urgent")
    before = await here.dispatch(case_id, STREET)
    await here.case("commander", case_id, "suspension", until=soon(240), reason="冬季停工")
    after = await here.case("commander", case_id, "resumption")
    assert after["status"] == "handling"
    assert due(after, "feedback") - due(before, "feedback") < timedelta(minutes=1)
    assert clock_of(after, "feedback")["paused_until"] is None


# ---- verification, callback, evaluation -----------------------------------------------------------------------------


async def test_the_unit_that_handled_neither_verifies_nor_sends_back_nor_closes(here: LoopHall) -> None:
    case_id = await here.handled()
    refused(await here.try_case("turncoat", case_id, "verification"), "HandlerCannotJudge")
    refused(await here.try_case("turncoat", case_id, "rework", reason="没修"), "HandlerCannotJudge")
    await here.case("verifier", case_id, "verification")
    refused(await here.try_case("turncoat", case_id, "closing"), "HandlerCannotJudge")


async def test_what_is_not_done_goes_back_with_the_time_that_was_left(here: LoopHall) -> None:
    case_id = await here.handled()
    reported = await here.loop(case_id)
    again = await here.case("verifier", case_id, "rework", reason="电梯仍停运")
    assert states(again) == [(STREET, "lead", "signed")]
    assert again["status"] == "handling"
    assert clock_of(again, "feedback")["state"] == clock_of(again, "handling", 1)["state"] == "running"
    assert due(again, "feedback") - due(reported, "feedback") < timedelta(minutes=5)
    await here.task("street", case_id, 1, "report", result="已复修")
    assert (await here.loop(case_id))["status"] == "reported"


# ---- pressure -------------------------------------------------------------------------------------------------------


async def test_urging_and_supervision_are_counted_and_told_whoever_else_acts(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await asyncio.gather(*(here.case("wang", case_id, "urging", note="又来电") for _ in range(3)))
    pressed = await here.case("commander", case_id, "supervision", reason="今日办结")
    assert (pressed["urged"], pressed["supervised"]) == (3, 1)
    assert (await here.story(case_id)).count("urged") == 3
    seen = (await here.get("street", f"/api/tasks/{case_id}/1")).json()
    assert [event["kind"] for event in seen["events"]].count("urged") == 3
    closed = await here.closed()
    refused(await here.try_case("wang", closed, "urging", note="又来电"), "CaseCannotMove")


async def test_a_citizen_may_withdraw_and_then_nobody_has_anything_to_do(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET, WATER)
    gone = await here.case("wang", case_id, "withdrawal", reason="市民自行解决")
    assert (gone["status"], gone["closed_as"]) == ("closed", "withdrawn")
    assert {task["state"] for task in gone["tasks"]} == {"recalled"}
    assert not [each for each in gone["clocks"] if each["state"] == "running"]
    refused(await here.try_task("street", case_id, 1, "signature"), "NotBeingHandled")
    refused(await here.try_case("wang", case_id, "withdrawal", reason="再撤"), "CaseCannotMove")


async def test_another_urgency_changes_the_limits_and_keeps_the_time_used(here: LoopHall) -> None:
    case_id = await here.file()
    before = await here.dispatch(case_id, STREET)
    after = await here.case("dispatcher", case_id, "urgency", urgency="emergency", reason="有人被困")
    feedback = clock_of(after, "feedback")
    assert (feedback["limit_kind"], feedback["limit_amount"]) == ("calendar_hours", 2)
    assert due(after, "feedback") < due(before, "feedback")
    assert feedback["started_at"] == clock_of(before, "feedback")["started_at"]


# ---- the callback ---------------------------------------------------------------------------------------------------


async def called_back(here: LoopHall, case_id: UUID) -> UUID:
    """The callback that the closing asked for, as the worker promises it."""
    async with here.hall.database.transaction() as tx:
        query = "SELECT convert_from(payload, 'UTF8')::json FROM pgqueuer WHERE entrypoint = :job ORDER BY id DESC"
        payload = (await tx.session.execute(text(query), {"job": CLOSED_JOB})).scalars().first()
    caller = ClosedCaseCaller(here.hall.database, timedelta(hours=24))
    await caller.run(payload)
    await caller.run(payload)
    visits = (await here.get("dispatcher", f"/api/cases/{case_id}/callbacks")).json()
    return UUID(visits[-1]["callback_id"])


async def answer(here: LoopHall, who: str, callback_id: UUID, solved: str = "yes") -> httpx.Response:
    body = {"contacted": True, "solved": solved, "satisfied": "dissatisfied" if solved == "no" else "very"}
    return await (await here.who(who)).post(f"/api/callbacks/{callback_id}/answers", json=body)


async def test_a_closed_case_gets_one_callback_whose_answers_evaluate_it(here: LoopHall) -> None:
    case_id = await here.closed()
    callback_id = await called_back(here, case_id)
    assert len((await here.get("dispatcher", f"/api/cases/{case_id}/callbacks")).json()) == 1
    refused(await answer(here, "street", callback_id), "NotPermitted")
    refused(await answer(here, "turncoat", callback_id), "HandlerCannotJudge")
    assert (await answer(here, "wang", callback_id)).status_code == 200
    assert (await answer(here, "wang", callback_id)).status_code == 200
    refused(await answer(here, "wang", callback_id, "no"), "AnswersFiled")
    assert (await here.loop(case_id))["status"] == "evaluated"
    assert (await here.story(case_id))[-2:] == ["callback_done", "evaluated"]


async def test_not_solved_opens_the_case_again_to_the_first_unit(here: LoopHall) -> None:
    case_id = await here.closed()
    assert (await answer(here, "wang", await called_back(here, case_id), "no")).status_code == 200
    again = await here.loop(case_id)
    assert (again["status"], again["reopened"], again["closed_as"]) == ("handling", 1, None)
    assert states(again) == [(STREET, "lead", "reported"), (STREET, "lead", "sent")]
    assert clock_of(again, "feedback")["state"] == "running"
    refused(await here.try_task("street", case_id, 2, "refusal", reason="办过了"), "DecisionBinds")
    await here.report("street", case_id, 2)
    for what in ("verification", "closing"):
        await here.case("verifier", case_id, what)
    second = await called_back(here, case_id)
    assert (await answer(here, "wang", second)).status_code == 200
    assert (await here.loop(case_id))["status"] == "evaluated"


async def test_what_came_up_is_reopened_to_who_handled_it_and_the_first_unit_keeps_the_reply(here: LoopHall) -> None:
    case_id = await escalated(here)
    await here.dispatch(case_id, WATER)
    await here.task("water", case_id, 2, "signature")
    await here.task("water", case_id, 2, "report", result="管道已修")
    await here.report("street", case_id, 3)
    for what in ("verification", "closing"):
        await here.case("verifier", case_id, what)
    await answer(here, "wang", await called_back(here, case_id), "no")
    assert states(await here.loop(case_id))[3:] == [(WATER, "lead", "sent"), (STREET, "reply", "sent")]


async def test_a_case_that_was_answered_at_once_and_is_not_solved_goes_to_the_dispatch(here: LoopHall) -> None:
    case_id = await here.file(answered_at_once=True, answer="已告知报修电话。")
    assert (await here.loop(case_id))["closed_as"] == "answered_at_once"
    callback_id = await promised(here, case_id)
    assert (await answer(here, "wang", callback_id, "no")).status_code == 200
    again = await here.loop(case_id)
    assert (again["status"], clock_of(again, "dispatch")["state"]) == ("filed", "running")


async def test_nothing_is_evaluated_before_it_is_closed(here: LoopHall) -> None:
    case_id = await here.file()
    callback_id = await promised(here, case_id)
    refused(await answer(here, "wang", callback_id), "CaseCannotMove")
    visits = (await here.get("dispatcher", f"/api/cases/{case_id}/callbacks")).json()
    assert visits[0]["state"] == "scheduled", "and nothing of it was stored"


async def promised(here: LoopHall, case_id: UUID) -> UUID:
    """A callback that was promised when the case was filed."""
    now = clock.now()
    wish = CallbackWish(way=CallbackWay.PHONE, due_at=now + timedelta(hours=4))
    async with here.hall.database.transaction() as tx:
        view = await callbacks.schedule(tx, await here.principal("wang"), case_id, wish, uuid4(), now)
    return view.callback_id


# ---- warnings -------------------------------------------------------------------------------------------------------


async def test_a_warning_reaches_who_can_act_and_a_passed_limit_stands_in_the_time_line(here: LoopHall) -> None:
    case_id = await here.file(urgency="emergency")
    await here.dispatch(case_id, STREET)
    async with here.hall.database.transaction() as tx:
        for moment in ("started_at", "since", "due_at"):
            await tx.session.execute(text(f"UPDATE deadlines SET {moment} = {moment} - interval '30 days'"))
        query = "SELECT convert_from(payload, 'UTF8')::json FROM pgqueuer WHERE entrypoint = :job ORDER BY id"
        jobs = list((await tx.session.execute(text(query), {"job": WARNING_JOB})).scalars())
    warner = DeadlineWarner(here.hall.database, here.hall.app.state.loop.time)
    for payload in [*jobs, *jobs]:
        await warner.run(payload)
    async with here.hall.database.transaction() as tx:
        wanted = select(events_table).where(events_table.c.topic == "deadline_warned").order_by(events_table.c.seq)
        told = (await tx.session.execute(wanted)).all()
    assert [(event.payload["name"], event.payload["part"], event.payload["percent"]) for event in told] == [
        ("feedback", 0, 100),
        ("handling", 1, 100),
    ], "the dispatch was made, so that nobody is warned of it, and nobody is warned twice"
    assert {tuple(event.audience) for event in told} == {("permission:cases.dispatch", f"unit:{STREET}")}
    assert (await here.story(case_id)).count("deadline_passed") == 2
