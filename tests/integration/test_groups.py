"""Groups 群诉 through the API: many callers, one cause, and every rule stands against who tries to break it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from agent_console.messages.cases import FileCase
from backend.callbacks.attempt_rules import CallbackRules
from backend.callbacks.evaluation import ClosedCaseCaller, UnreachedChildren
from backend.callbacks.schemas import AttemptResult, CallbackWay, CallbackWish
from backend.callbacks.service import UNREACHED_JOB, follow_attempt
from backend.callbacks.service import schedule as promise
from backend.cases.schemas import CaseForm, DraftContent
from backend.dispatch.service import CLOSED_JOB
from backend.kernel import clock

from .hall import ConsoleHall
from .loop_hall import HOUSING, OTHER_STREET, STREET, WATER, LoopHall, open_loop, refused, soon, units

pytestmark = pytest.mark.integration

REASON = "同一处停水"


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


async def family(here: LoopHall, children: int = 2, **changes: Any) -> tuple[UUID, list[UUID]]:
    """A parent and children of other citizens."""
    parent = await here.file(**changes)
    found = [await here.file(caller=f"1390000000{n}", citizen_name=f"市民{n}") for n in range(children)]
    for child in found:
        await join(here, child, parent)
    return parent, found


async def join(here: LoopHall, child: UUID, parent: UUID, who: str = "dispatcher", **body: Any) -> dict[str, Any]:
    return await here.case(who, child, "joining", parent_id=str(parent), reason=REASON, **body)


async def try_join(here: LoopHall, child: UUID, parent: UUID, who: str = "dispatcher", **body: Any) -> Any:
    return await here.try_case(who, child, "joining", parent_id=str(parent), reason=REASON, **body)


async def group(here: LoopHall, case_id: UUID, who: str = "dispatcher") -> dict[str, Any]:
    answer = await here.get(who, f"/api/cases/{case_id}/group")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def number(here: LoopHall, case_id: UUID) -> str:
    return str((await here.get("dispatcher", f"/api/cases/{case_id}")).json()["case"]["number"])


async def handle_and_close(here: LoopHall, parent: UUID) -> None:
    await here.dispatch(parent, STREET)
    await here.report("street", parent, 1)
    await here.case("verifier", parent, "verification")
    await here.case("verifier", parent, "closing")


async def promised(here: LoopHall) -> list[dict[str, Any]]:
    """The jobs of callbacks are worked off; all callbacks there are."""
    async with here.hall.database.transaction() as tx:
        query = text("SELECT convert_from(payload, 'UTF8')::jsonb FROM pgqueuer WHERE entrypoint = :kind")
        payloads = [row[0] for row in await tx.session.execute(query, {"kind": CLOSED_JOB})]
    caller = ClosedCaseCaller(here.hall.database, timedelta(hours=1))
    for payload in payloads:
        await caller.run(payload)
        await caller.run(payload)
    return list((await here.get("dispatcher", "/api/callbacks")).json()["items"])


async def answer(here: LoopHall, callback: dict[str, Any], who: str = "verifier", solved: str = "yes") -> Any:
    body = {"contacted": True, "solved": solved, "satisfied": "satisfied", "note": ""}
    return await (await here.who(who)).post(f"/api/callbacks/{callback['callback_id']}/answers", json=body)


def of(callbacks: list[dict[str, Any]], case_id: UUID) -> dict[str, Any]:
    return next(each for each in callbacks if each["case_id"] == str(case_id))


# ---- from the first caller to the last callback ---------------------------------------------------------------------


async def test_a_group_is_handled_at_its_parent_and_each_child_ends_by_its_own_callback(here: LoopHall) -> None:
    parent, (first, second) = await family(here)
    assert (await here.loop(first))["status"] == "merged"
    assert not [each for each in (await here.loop(first))["clocks"] if each["state"] == "running"]
    await handle_and_close(here, parent)
    assert [(await here.loop(each))["status"] for each in (parent, first, second)] == ["closed", "merged", "merged"]
    callbacks = await promised(here)
    assert sorted(each["case_id"] for each in callbacks) == sorted(map(str, (parent, first, second)))
    assert (await answer(here, of(callbacks, first))).status_code == 200
    assert (await here.loop(first))["status"] == "evaluated"
    assert [(await here.loop(each))["status"] for each in (parent, second)] == ["closed", "merged"]
    assert (await answer(here, of(callbacks, second), solved="no")).status_code == 200
    alone = await here.loop(second)
    assert (alone["status"], [each["unit_code"] for each in alone["tasks"]]) == ("handling", [STREET])
    assert [each["case"]["case_id"] for each in (await group(here, parent))["children"]] == [str(first)]
    assert "child_left" in await here.story(parent)
    await here.report("street", second, 1)
    await here.case("verifier", second, "verification")
    assert (await here.case("verifier", second, "closing"))["closed_as"] == "handled"


async def test_both_time_lines_tell_of_it_and_the_child_what_happens_at_the_parent(here: LoopHall) -> None:
    parent, (child,) = await family(here, 1)
    await handle_and_close(here, parent)
    events = (await here.get("dispatcher", f"/api/cases/{child}")).json()["events"]
    told = [each["detail"]["event"] for each in events if each["kind"] == "parent_moved"]
    assert told == ["dispatched", "task_signed", "task_reported", "reported_back", "verified", "closed"]
    dispatched = next(each["detail"] for each in events if each["detail"].get("event") == "dispatched")
    assert dispatched == {"parent": await number(here, parent), "event": "dispatched", "unit": "东花市街道分中心"}
    joined = next(each for each in events if each["kind"] == "joined_parent")
    assert joined["detail"] == {"parent": await number(here, parent), "reason": REASON}
    above = (await here.get("dispatcher", f"/api/cases/{parent}")).json()["events"]
    heard = next(each for each in above if each["kind"] == "child_joined")
    assert (heard["detail"], heard["actor"]) == ({"number": await number(here, child), "reason": REASON}, "dispatcher")


async def test_what_is_at_units_is_taken_back_from_them_when_it_is_merged(here: LoopHall) -> None:
    parent, child = await here.file(), await here.file(caller="13900000001")
    await here.dispatch(child, WATER)
    joined = await join(here, child, parent)
    assert [(each["unit_code"], each["state"]) for each in joined["tasks"]] == [(WATER, "recalled")]
    refused(await here.try_task("water", child, 1, "signature"), "NotBeingHandled")
    refused(await here.try_case("dispatcher", child, "dispatch", units=units(HOUSING)), "CaseCannotMove")


async def test_a_child_that_leaves_waits_for_its_dispatch_with_the_time_that_was_left(here: LoopHall) -> None:
    parent, (child, other) = await family(here)
    left = await here.case("dispatcher", child, "leaving", reason="另有原因")
    assert left["status"] == "filed"
    assert [each["state"] for each in left["clocks"] if each["name"] == "dispatch"][-1] == "running"
    assert [each["case"]["case_id"] for each in (await group(here, parent))["children"]] == [str(other)]
    assert (await here.story(child))[-1] == "left_parent"
    assert (await here.story(parent))[-1] == "child_left"
    await here.dispatch(child, WATER)
    assert (await here.story(parent))[-1] == "child_left"


async def test_what_a_child_adds_and_urges_reaches_the_unit_that_handles_the_parent(here: LoopHall) -> None:
    parent, (child,) = await family(here, 1)
    await here.dispatch(parent, STREET)
    body = {
        "request_id": str(uuid4()), "urging": True,
        "content": DraftContent(what="我家也停水了").model_dump(mode="json"),
    }  # fmt: skip
    made = await (await here.who("wang")).post(f"/api/cases/{child}/additions", json=body)
    assert made.status_code == 200, made.text
    assert ((await here.loop(parent))["urged"], (await here.loop(child))["urged"]) == (1, 1)
    seen = (await here.get("street", f"/api/tasks/{parent}/1")).json()["events"]
    assert [each["detail"].get("text") for each in seen if each["kind"] == "child_added_to"] == ["我家也停水了"]
    assert await number(here, child) not in str(seen)


# ---- the rules ------------------------------------------------------------------------------------------------------


async def test_a_group_has_two_levels_and_no_circle(here: LoopHall) -> None:
    parent, (child,) = await family(here, 1)
    other = await here.file(caller="13900000009")
    refused(await try_join(here, other, other), "OwnParent")
    refused(await try_join(here, parent, child), "ParentIsChild")
    refused(await try_join(here, parent, other), "ChildIsParent")
    refused(await try_join(here, other, child), "ParentIsChild")
    refused(await try_join(here, child, other), "HasParentAlready")
    refused(await try_join(here, child, parent), "HasParentAlready")
    refused(await try_join(here, other, uuid4()), "CaseNotFound")
    assert [each["case"]["case_id"] for each in (await group(here, parent))["children"]] == [str(child)]


async def test_of_two_cases_put_under_each_other_at_once_one_wins(here: LoopHall) -> None:
    one, other = await here.file(), await here.file(caller="13900000009")
    answers = await asyncio.gather(
        try_join(here, one, other, version=1), try_join(here, other, one, who="commander", version=1)
    )
    assert sorted(each.status_code for each in answers) == [200, 409]
    lost = next(each for each in answers if each.status_code == 409).json()
    assert lost["error"] in {"ParentIsChild", "ChildIsParent", "CaseChangedMeanwhile"}


async def test_while_the_parent_moves_its_children_may_join_leave_and_urge_without_a_deadlock(here: LoopHall) -> None:
    parent, children = await family(here, 3)
    other = await here.file(caller="13900000009")
    await here.dispatch(parent, STREET)
    urging = [(await here.who("dispatcher")).post(f"/api/cases/{each}/urging", json={}) for each in children]
    answers = await asyncio.gather(
        here.try_task("street", parent, 1, "signature", version=1),
        try_join(here, other, parent, version=1),
        here.try_case("commander", children[0], "leaving", reason="不同", version=2),
        *urging,
    )
    assert {each.status_code for each in answers} <= {200, 409}
    assert (await here.loop(parent))["tasks"][0]["state"] == "signed"


async def test_nothing_joins_or_leaves_a_group_whose_parent_has_ended(here: LoopHall) -> None:
    parent, (child,) = await family(here, 1)
    late = await here.file(caller="13900000009")
    await handle_and_close(here, parent)
    refused(await try_join(here, late, parent), "ParentNotOpen")
    refused(await here.try_case("dispatcher", child, "leaving", reason="不同"), "ParentNotOpen")
    refused(await here.try_case("dispatcher", late, "leaving", reason="不同"), "HasNoParent")
    refused(await here.try_case("verifier", child, "closing"), "CaseCannotMove")
    assert (await here.loop(child))["status"] == "merged"


async def test_what_has_gone_too_far_is_not_merged(here: LoopHall) -> None:
    parent = await here.file(caller="13900000009")
    reported, closed = await here.handled(), await here.file()
    await here.case("dispatcher", closed, "withdrawal", reason="不要了")
    for case_id in (reported, closed):
        refused(await try_join(here, case_id, parent), "ChildTooFar")
    suspended = await here.file()
    await here.dispatch(suspended, STREET)
    await here.case("commander", suspended, "suspension", until=soon(48), reason="冻土")
    refused(await try_join(here, suspended, parent), "ChildTooFar")


async def test_what_came_up_does_not_go_down_again_under_another_case(here: LoopHall) -> None:
    parent, child = await here.file(), await here.file(caller="13900000009")
    await here.dispatch(child, STREET)
    await here.task("street", child, 1, "signature")
    await here.task("street", child, 1, "escalation", reason="街道无力解决")
    refused(await try_join(here, child, parent), "NeverDownAgain")
    assert (await join(here, parent, child))["status"] == "merged"


async def test_who_withdraws_the_parent_does_not_end_the_cases_of_others(here: LoopHall) -> None:
    parent, (child,) = await family(here, 1)
    refused(await here.try_case("dispatcher", parent, "withdrawal", reason="不要了"), "ChildrenWait")
    refused(await here.try_case("dispatcher", parent, "out-of-scope", reason="不归"), "ChildrenWait")
    await here.case("dispatcher", child, "withdrawal", reason="修好了")
    assert (await here.case("dispatcher", parent, "withdrawal", reason="不要了"))["status"] == "closed"


async def test_a_child_is_neither_called_back_before_the_parent_is_closed_nor_by_who_handled_it(
    here: LoopHall,
) -> None:
    parent, (child,) = await family(here, 1)
    await (await here.who("wang")).get("/api/session")
    await schedule(here, child)
    (early,) = (await here.get("dispatcher", f"/api/cases/{child}/callbacks")).json()
    refused(await answer(here, early), "ParentStillOpen")
    await handle_and_close(here, parent)
    callbacks = await promised(here)
    assert len(callbacks) == 2, "the callback that was promised to the child is its own"
    refused(await answer(here, of(callbacks, child), who="turncoat"), "HandlerCannotJudge")
    assert (await answer(here, of(callbacks, child))).status_code == 200


async def schedule(here: LoopHall, case_id: UUID) -> None:
    who = await here.principal("wang")
    async with here.hall.database.transaction() as tx:
        wish = CallbackWish(way=CallbackWay.PHONE, due_at=clock.now() + timedelta(hours=2))
        await promise(tx, who, case_id, wish, uuid4(), clock.now())


async def test_a_child_whose_citizen_is_never_reached_ends_with_its_parent(here: LoopHall) -> None:
    parent, (child,) = await family(here, 1)
    await handle_and_close(here, parent)
    callback = of(await promised(here), child)
    rules = CallbackRules("96010", 3, {})
    async with here.hall.database.transaction() as tx:
        await follow_attempt(
            tx, None, UUID(callback["callback_id"]), AttemptResult.WRONG_NUMBER, clock.now(), rules, clock.now()
        )
    async with here.hall.database.transaction() as tx:
        query = text("SELECT convert_from(payload, 'UTF8')::jsonb FROM pgqueuer WHERE entrypoint = :kind")
        (payload,) = (await tx.session.execute(query, {"kind": UNREACHED_JOB})).scalars().all()
    ender = UnreachedChildren(here.hall.database, here.hall.app.state.loop.time)
    await ender.run(payload)
    await ender.run(payload)
    assert (await here.loop(child))["status"] == "closed"
    assert (await here.story(child)).count("ended_with_parent") == 1
    assert len(await promised(here)) == 2, "nobody is called again because of it"


async def test_only_dispatchers_merge_and_units_see_nobody_of_the_others(here: LoopHall) -> None:
    parent, (child,) = await family(here, 1)
    other = await here.file(caller="13900000009")
    for who in ("wang", "verifier", "street", "qa"):
        refused(await try_join(here, other, parent, who=who), "NotPermitted")
        refused(await here.try_case(who, child, "leaving", reason="不同"), "NotPermitted")
    refused(await here.get("street", f"/api/cases/{parent}/group"), "NotPermitted")
    refused(await try_join(here, other, parent, version=7), "CaseChangedMeanwhile")
    refused(await here.try_case("dispatcher", other, "joining", parent_id=str(parent), reason=" "), "InputInvalid")


async def test_a_secret_identity_stays_secret_in_a_group(here: LoopHall) -> None:
    parent = await here.file(identity_secret=True, citizen_name="保密人")
    child = await here.file(caller="13900000008", citizen_name="隐名人", identity_secret=True)
    known = await here.file(caller="13900000007", citizen_name="实名人")
    for each in (child, known):
        await join(here, each, parent)
    shown = await group(here, known, "verifier")
    assert shown["callers"] == 3
    assert shown["parent"]["caller"] is None
    assert [(each["caller"] or {}).get("name") for each in shown["children"]] == [None, "实名人"]
    assert not any(each in str(shown) for each in ("隐名人", "保密人"))
    assert "13900000007" not in str(shown)
    await here.dispatch(parent, STREET)
    seen = (await here.get("street", f"/api/tasks/{parent}/1")).text
    assert not any(each in seen for each in ("隐名人", "实名人", "保密人", "13900000007"))


async def test_lists_show_the_mark_and_the_callers_and_find_groups(here: LoopHall) -> None:
    parent, (child, twin) = await family(here)
    same_caller = await here.file()
    await join(here, same_caller, parent)
    await here.file(caller="13900000009")
    rows = (await here.get("dispatcher", "/api/cases?group=true")).json()["items"]
    marks = {each["case_id"]: each["group"] for each in rows}
    assert marks.keys() == {str(each) for each in (parent, child, twin, same_caller)}
    assert (marks[str(parent)]["children"], marks[str(parent)]["callers"]) == (3, 3)
    assert marks[str(child)]["parent_number"] == await number(here, parent)
    everything = (await here.get("dispatcher", "/api/cases")).json()["items"]
    assert [each["group"] is None for each in everything].count(True) == 1
    counts = (await here.get("dispatcher", "/api/cases/counts?group=true")).json()["counts"]
    assert {each["status"]: each["count"] for each in counts if each["count"]} == {"filed": 1, "merged": 3}
    queue = (await here.get("dispatcher", "/api/desks/dispatching")).json()["items"]
    waiting = {each["case"]["case_id"]: each["case"]["group"] for each in queue}
    assert (waiting.keys() >= {str(parent)}, waiting[str(parent)]["callers"]) == (True, 3)
    detail = (await here.get("dispatcher", f"/api/cases/{parent}")).json()
    assert detail["case"]["group"]["callers"] == 3


async def test_a_case_goes_under_its_parent_as_it_is_filed_once(here: LoopHall) -> None:
    parent, closed = await here.file(), await here.file()
    await here.case("dispatcher", closed, "withdrawal", reason="不要了")
    form = CaseForm(request_id=uuid4(), what="我家也没有水", street_code=OTHER_STREET, class_code="0102")
    async with here.hall.console("wang") as console:
        with pytest.raises(Exception, match="closed already"):
            await console.command(FileCase(id=0, case=form, parent_id=closed))
        for _ in range(2):
            filed = await console.command(FileCase(id=0, case=form, parent_id=parent))
    child = UUID(filed["case"]["case_id"])
    assert await here.story(child) == ["filed", "joined_parent"]
    assert (await here.loop(child))["status"] == "merged"
    await here.case("dispatcher", child, "leaving", reason="不同")
    async with here.hall.console("wang") as console:
        await console.command(FileCase(id=0, case=form, parent_id=parent))
    assert (await here.loop(child))["status"] == "filed"


async def test_a_parent_that_is_opened_again_keeps_its_children(here: LoopHall) -> None:
    parent, (child,) = await family(here, 1)
    await handle_and_close(here, parent)
    callbacks = await promised(here)
    assert (await answer(here, of(callbacks, parent), solved="no")).status_code == 200
    refused(await answer(here, of(callbacks, child)), "ParentStillOpen")
    await here.report("street", parent, 2)
    await here.case("verifier", parent, "verification")
    await here.case("verifier", parent, "closing")
    assert len(await promised(here)) == 3, "the child still has the callback that was promised to it"
    assert (await answer(here, of(callbacks, child))).status_code == 200
    assert (await here.story(child)).count("parent_moved") > 6
    assert HOUSING not in str(await group(here, parent))
