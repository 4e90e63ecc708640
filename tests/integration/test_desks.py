"""The desks of dispatchers, commanders and verifiers through the API, and dispatching many cases in one act."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from .hall import ConsoleHall
from .loop_hall import HOUSING, STREET, WATER, Answer, LoopHall, open_loop, refused, soon, units

pytestmark = pytest.mark.integration


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


async def queue(here: LoopHall, who: str, desk: str = "dispatching", matter: str = "") -> list[tuple[str, str]]:
    """What waits at this person's desk: matters with their cases, in order."""
    answer = await here.get(who, f"/api/desks/{desk}" + (f"?matter={matter}" if matter else ""))
    assert answer.status_code == 200, answer.text
    return [(each["matter"], each["case"]["case_id"]) for each in answer.json()["items"]]


# ---- the dispatcher's and the commander's desk ----------------------------------------------------------------------


async def test_each_reason_to_wait_stands_at_the_desk_of_who_can_act_on_it(here: LoopHall) -> None:
    fresh = await here.file()
    refused_once = await here.file()
    await here.dispatch(refused_once, STREET)
    await here.task("street", refused_once, 1, "refusal", reason="属住建部门")
    came_up = await here.file()
    await here.dispatch(came_up, STREET)
    await here.task("street", came_up, 1, "signature")
    await here.task("street", came_up, 1, "escalation", reason="涉及多个部门")
    disputed = await here.file()
    for n, (code, who) in enumerate([(WATER, "water"), (HOUSING, "housing")], 1):
        await here.dispatch(disputed, code)
        await here.task(who, disputed, n, "refusal", reason="不归我单位")
    late = await here.file()
    await here.dispatch(late, STREET)
    await here.run_out(late)
    asks = await here.file()
    await here.dispatch(asks, STREET)
    await here.task("street", asks, 1, "signature")
    await here.task("street", asks, 1, "contact", note="约定延期", agreed_at=soon(300))
    await here.task("street", asks, 1, "extensions", amount=2, reason="配件需订货")
    assert ("extension", str(asks)) not in await queue(here, "commander"), "the unit's leader has not agreed yet"
    await here.task("street_leader", asks, 1, "extensions/1/agreement", agreed=True)

    both = {
        ("dispatch", str(fresh)), ("returned", str(refused_once)), ("escalated", str(came_up)), ("overdue", str(late)),
    }  # fmt: skip
    assert set(await queue(here, "dispatcher")) == both
    assert set(await queue(here, "commander")) == both | {("coordination", str(disputed)), ("extension", str(asks))}
    assert await queue(here, "commander", matter="extension") == [("extension", str(asks))]
    asked = (await here.get("commander", "/api/desks/dispatching?matter=returned")).json()
    assert asked["counts"] == {
        "dispatch": 1, "returned": 1, "escalated": 1, "coordination": 1, "extension": 1, "overdue": 1, "appeal": 0,
    }  # fmt: skip
    assert (asked["items"][0]["unit"], asked["items"][0]["detail"]) == ("东花市街道分中心", "属住建部门")
    await here.case("commander", asks, "extensions/1/grant", agreed=True)
    assert await queue(here, "commander", matter="extension") == []


async def test_what_is_due_next_comes_first_with_where_it_goes_and_why(here: LoopHall) -> None:
    calm = await here.file(community_code="110101013007")
    hurry = await here.file(urgency="emergency", class_code="0901")
    items = (await here.get("dispatcher", "/api/desks/dispatching")).json()["items"]
    assert [each["case"]["case_id"] for each in items] == [str(hurry), str(calm)]
    assert [[(to["code"], to["why"]) for to in each["proposal"]] for each in items] == [
        [("D25", "duty_of_class")],
        [(STREET, "street_of_place"), ("110101013007", "community_of_place")],
    ]
    assert [each["why"] for each in (await here.loop(hurry))["proposal"]] == ["duty_of_class"]


async def test_of_what_is_due_together_comes_first_what_waits_longest(here: LoopHall) -> None:
    cases = [await here.file() for _ in range(4)]
    async with here.hall.database.transaction() as tx:
        await tx.session.execute(text("UPDATE deadlines SET due_at = (SELECT max(due_at) FROM deadlines)"))
    assert await queue(here, "dispatcher") == [("dispatch", str(case_id)) for case_id in cases]


async def test_a_desk_is_only_for_whose_work_it_is(here: LoopHall) -> None:
    for who in ("wang", "street", "verifier"):
        refused(await here.get(who, "/api/desks/dispatching"), "NotPermitted")
    for who in ("wang", "street", "dispatcher", "commander"):
        refused(await here.get(who, "/api/desks/verifying"), "NotPermitted")


# ---- the verifier's desk --------------------------------------------------------------------------------------------


async def test_a_verifier_never_sees_waiting_what_the_own_unit_handled(here: LoopHall) -> None:
    by_street = await here.handled()
    by_water = await here.file()
    await here.dispatch(by_water, WATER)
    await here.report("water", by_water, 1)
    await here.case("verifier", by_water, "verification")
    assert await queue(here, "verifier", "verifying") == [("verify", str(by_street)), ("close", str(by_water))]
    assert await queue(here, "turncoat", "verifying") == [("close", str(by_water))]
    items = (await here.get("verifier", "/api/desks/verifying")).json()["items"]
    assert [(each["unit"], each["detail"]) for each in items] == [
        ("东花市街道分中心", "楼道灯已修好"), ("区水务局", "楼道灯已修好"),
    ], "what was done is read before it is opened"  # fmt: skip


# ---- dispatching many -----------------------------------------------------------------------------------------------


async def batch(here: LoopHall, who: str, *cases: UUID, request_id: UUID | None = None, **body: Any) -> Answer:
    """Dispatch these cases as they stood when they were filed, in one act."""
    wish = {
        "request_id": str(request_id or uuid4()),
        "cases": [{"case_id": str(each), "version": body.get("version", 1)} for each in cases],
        "units": body.get("units", []),
        "reason": body.get("reason", ""),
    }
    return await (await here.who(who)).post("/api/dispatch/batch", json=wish)


def outcomes(answer: Answer) -> list[str]:
    """What became of each case: the units that got it, or the rule that stood against it."""
    assert answer.status_code == 200, answer.text
    return [
        each["problem"]["error"] if each["problem"] else "、".join(each["units"]) for each in answer.json()["results"]
    ]


async def test_many_go_where_the_rules_propose_each_with_a_result_of_its_own(here: LoopHall) -> None:
    plain, duty, taken, unclear, gone = [
        await here.file(), await here.file(class_code="0901"), await here.file(), await here.file(), await here.file(),
    ]  # fmt: skip
    await here.dispatch(taken, WATER)
    await here.case("wang", gone, "withdrawal", reason="市民自行解决")
    async with here.hall.database.transaction() as tx:
        await tx.session.execute(text("UPDATE cases SET duty = NULL WHERE case_id = :id"), {"id": unclear})
    answer = await batch(here, "dispatcher", plain, duty, taken, unclear, gone, uuid4())
    assert outcomes(answer)[0] == "东花市街道分中心"
    assert outcomes(answer)[2:] == [
        "CaseChangedMeanwhile", "NoDirectDispatch", "CaseChangedMeanwhile", "CaseNotFound",
    ]  # fmt: skip
    faster = answer.json()["results"][2]["problem"]["facts"]
    assert (faster["who"], faster["kind"]) == ("dispatcher", "dispatched")
    assert answer.json()["results"][4]["problem"]["facts"]["kind"] == "withdrawn"
    assert [(await here.loop(each))["status"] for each in (plain, duty, unclear)] == ["handling", "handling", "filed"]
    assert await here.story(unclear) == ["filed"], "what was refused is untouched"


async def test_many_go_to_one_unit_and_a_guard_stands_against_single_ones(here: LoopHall) -> None:
    fresh, came_up = await here.file(), await here.file()
    await here.dispatch(came_up, STREET)
    await here.task("street", came_up, 1, "signature")
    await here.task("street", came_up, 1, "escalation", reason="涉及多个部门")
    version = (await here.loop(came_up))["version"]
    wish = {
        "request_id": str(uuid4()),
        "cases": [{"case_id": str(came_up), "version": version}, {"case_id": str(fresh), "version": 1}],
        "units": units(STREET),
        "reason": "统一派遣",
    }
    answer = await (await here.who("dispatcher")).post("/api/dispatch/batch", json=wish)
    assert outcomes(answer) == ["NeverDownAgain", "东花市街道分中心"]
    assert (await here.loop(came_up))["status"] == "filed"


async def test_a_batch_that_is_sent_again_dispatches_nothing_twice(here: LoopHall) -> None:
    cases = [await here.file() for _ in range(4)]
    request_id = uuid4()
    await here.who("dispatcher")
    answers = await asyncio.gather(
        *(batch(here, "dispatcher", *cases, request_id=request_id) for _ in range(3)),
    )
    again = await batch(here, "dispatcher", *cases, request_id=request_id)
    for answer in (*answers, again):
        assert outcomes(answer) == ["东花市街道分中心"] * 4
    for case_id in cases:
        assert (await here.story(case_id)).count("dispatched") == 1
    other = await batch(here, "dispatcher", *cases, request_id=request_id, units=units(WATER))
    assert outcomes(other) == ["BatchReused"] * 4
    assert outcomes(await batch(here, "commander", *cases, request_id=request_id)) == ["BatchReused"] * 4


async def test_two_who_dispatch_the_same_cases_at_once_share_them_and_are_told_who_has_which(here: LoopHall) -> None:
    cases = [await here.file() for _ in range(6)]
    for who in ("dispatcher", "commander"):
        await here.who(who)
    mine, theirs = await asyncio.gather(
        batch(here, "dispatcher", *cases, units=units(STREET)),
        batch(here, "commander", *reversed(cases), units=units(WATER)),
    )
    won = [each["problem"] is None for each in mine.json()["results"]]
    assert [each["problem"] is None for each in reversed(theirs.json()["results"])] == [not each for each in won]
    for answer, other in ((mine, "commander"), (theirs, "dispatcher")):
        lost = [each["problem"] for each in answer.json()["results"] if each["problem"]]
        assert all(each["facts"] | {"at": ""} == {"who": other, "kind": "dispatched", "at": ""} for each in lost)
    for case_id in cases:
        assert len((await here.loop(case_id))["tasks"]) == 1


async def test_a_batch_is_a_dispatcher_s_and_of_a_size_that_can_be_looked_over(here: LoopHall) -> None:
    case_id = await here.file()
    for who in ("wang", "street", "verifier"):
        refused(await batch(here, who, case_id), "NotPermitted")
    refused(await batch(here, "dispatcher"), "InputInvalid")
    refused(await batch(here, "dispatcher", *[case_id] * 101), "InputInvalid")
    assert outcomes(await batch(here, "dispatcher", case_id, units=[{"code": STREET, "role": "help"}])) == [
        "LeadNotClear"
    ]
    assert outcomes(await batch(here, "dispatcher", case_id, units=units("X99"))) == ["UnknownUnit"]
    assert await here.story(case_id) == ["filed"]
