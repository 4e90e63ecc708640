"""Clocks through the API: their limits, what a change of urgency keeps, and the warnings that are given once each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from backend.deadlines.service import WARNING_JOB
from backend.dispatch.warnings import DeadlineWarner
from backend.kernel import clock
from backend.kernel.database import events_table

from .hall import ConsoleHall
from .loop_hall import STREET, WATER, LoopHall, open_loop, refused, soon

pytestmark = pytest.mark.integration


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


def clock_of(loop: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(next(each for each in loop["clocks"] if each["name"] == name))


def left(loop: dict[str, Any], name: str) -> timedelta:
    return datetime.fromisoformat(clock_of(loop, name)["due_at"]) - clock.now()


async def time_passes(here: LoopHall, case_id: UUID, minutes: int) -> None:
    """Let what runs have begun so much earlier."""
    earlier = ", ".join(
        f"{moment} = {moment} - :span * interval '1 min'" for moment in ("started_at", "since", "due_at")
    )
    change = text(f"UPDATE deadlines SET {earlier} WHERE case_id = :case_id AND state = 'running'")
    async with here.hall.database.transaction() as tx:
        await tx.session.execute(change, {"case_id": case_id, "span": minutes})


async def workers_come(here: LoopHall) -> None:
    """Two workers take every warning that was ever scheduled, one after the other, as after a restart."""
    query = "SELECT convert_from(payload, 'UTF8')::json FROM pgqueuer WHERE entrypoint = :job ORDER BY id"
    async with here.hall.database.transaction() as tx:
        jobs = list((await tx.session.execute(text(query), {"job": WARNING_JOB})).scalars())
    warner = DeadlineWarner(here.hall.database, here.hall.app.state.loop.time)
    for payload in [*jobs, *jobs]:
        await warner.run(payload)


async def warned(here: LoopHall, case_id: UUID) -> list[tuple[str, int, list[str]]]:
    """Of which clock people were warned, at how many percent, and who."""
    query = select(events_table).where(events_table.c.topic == "deadline_warned", events_table.c.entity == str(case_id))
    async with here.hall.database.transaction() as tx:
        told = (await tx.session.execute(query.order_by(events_table.c.seq))).all()
    return [(event.payload["name"], event.payload["percent"], sorted(event.audience)) for event in told]


TWO_HOURS = "B0105"
"""A class whose own handling limit is as long as that of the report back of an emergency."""
DISPATCHERS, OUR_UNIT = "permission:cases.dispatch", f"unit:{STREET}"


async def test_the_handling_clock_has_the_limit_of_its_class_in_its_own_kind(here: LoopHall) -> None:
    limits = {}
    for class_code in ("0102", TWO_HOURS):
        case_id = await here.file(class_code=class_code)
        sent = clock_of(await here.dispatch(case_id, STREET), "handling")
        limits[class_code] = (sent["limit_kind"], sent["limit_amount"])
    assert limits == {"0102": ("working_days", 7), TWO_HOURS: ("urgent_working_hours", 2)}


async def test_warnings_come_at_50_75_90_percent_and_at_the_limit_once_each_to_who_can_act(here: LoopHall) -> None:
    case_id = await here.file(urgency="emergency", class_code=TWO_HOURS)
    for minutes in (29, 1, 15, 9, 6, 60):  # of sixty
        await time_passes(here, case_id, minutes)
        await workers_come(here)
    assert await warned(here, case_id) == [("dispatch", percent, [DISPATCHERS]) for percent in (50, 75, 90, 100)]
    await here.dispatch(case_id, STREET)
    before = len(await warned(here, case_id))
    for minutes in (60, 30, 18, 12):  # of two hours
        await time_passes(here, case_id, minutes)
        await workers_come(here)
    told = (await warned(here, case_id))[before:]
    assert [each for each in told if each[0] == "feedback"] == [
        ("feedback", percent, [DISPATCHERS, OUR_UNIT]) for percent in (50, 75, 90, 100)
    ]
    at_unit = [(percent, who) for name, percent, who in told if name == "handling"]
    assert at_unit == [*((percent, [OUR_UNIT]) for percent in (50, 75, 90)), (100, [DISPATCHERS, OUR_UNIT])]
    assert (await here.story(case_id)).count("deadline_passed") == 3


async def test_the_move_that_makes_a_warning_moot_cancels_it(here: LoopHall) -> None:
    moves: dict[str, Any] = {
        "withdrawn": lambda case_id: here.case("wang", case_id, "withdrawal", reason="市民自行解决"),
        "reported": lambda case_id: here.task("street", case_id, 1, "report", result="已修好"),
        "suspended": lambda case_id: here.case("commander", case_id, "suspension", until=soon(24), reason="停工"),
        "calmer": lambda case_id: here.case("dispatcher", case_id, "urgency", urgency="urgent", reason="险情已除"),
    }
    for name, move in moves.items():
        case_id = await here.file(urgency="emergency")
        await here.dispatch(case_id, STREET)
        await here.task("street", case_id, 1, "signature")
        await here.task("street", case_id, 1, "contact", note="已联系")
        await time_passes(here, case_id, 59)
        await move(case_id)
        if name != "suspended":
            await time_passes(here, case_id, 2)
        await workers_come(here)
        assert await warned(here, case_id) == [], name


async def test_what_passed_its_limit_is_not_warned_of_again_after_a_rest_or_another_urgency(here: LoopHall) -> None:
    case_id = await here.file(urgency="emergency", class_code=TWO_HOURS)
    await here.dispatch(case_id, STREET)
    await time_passes(here, case_id, 180)
    await workers_come(here)
    first = await warned(here, case_id)
    assert [(name, percent) for name, percent, _ in first] == [("feedback", 100), ("handling", 100)]
    await here.case("commander", case_id, "suspension", until=soon(24), reason="停工")
    await here.case("commander", case_id, "resumption")
    await workers_come(here)
    assert await warned(here, case_id) == first
    assert (await here.story(case_id)).count("deadline_passed") == 2


async def test_another_urgency_there_and_back_gives_no_time_back_and_takes_none(here: LoopHall) -> None:
    case_id = await here.file(urgency="urgent")
    await here.dispatch(case_id, STREET)
    await time_passes(here, case_id, 90)
    worse = await here.case("dispatcher", case_id, "urgency", urgency="emergency", reason="有人被困")
    assert abs(left(worse, "feedback") - timedelta(minutes=30)) < timedelta(minutes=1)
    calmer = await here.case("dispatcher", case_id, "urgency", urgency="urgent", reason="险情已除")
    assert abs(left(calmer, "feedback") - timedelta(hours=22, minutes=30)) < timedelta(minutes=1)
    assert clock_of(calmer, "feedback")["started_at"] < clock_of(calmer, "feedback")["due_at"]


async def test_two_who_escalate_at_once_do_not_share_the_last_place_of_their_street(here: LoopHall) -> None:
    cases = [await here.file(caller=f"1390000{n:04}") for n in range(6)]
    for case_id in cases:
        await here.dispatch(case_id, STREET)
        await here.task("street", case_id, 1, "signature")
    for case_id in cases[:4]:  # configs/dispatch.yaml: five are free
        await here.task("street", case_id, 1, "escalation", reason="涉及多个部门")
    await here.who("street_leader")
    answers = await asyncio.gather(
        here.try_task("street", cases[4], 1, "escalation", version=2, reason="涉及多个部门"),
        here.try_task("street_leader", cases[5], 1, "escalation", version=2, reason="涉及多个部门"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused(next(answer for answer in answers if answer.status_code == 409), "EscalationShareUsedUp")


async def test_what_was_answered_at_once_is_neither_dispatched_nor_suspended_nor_verified(here: LoopHall) -> None:
    case_id = await here.file(answered_at_once=True, answer="已告知报修电话。")
    for who, act, body in (
        ("dispatcher", "dispatch", {"units": [{"code": WATER, "role": "lead"}]}),
        ("dispatcher", "hardness", {"reason": "难"}),
        ("commander", "suspension", {"until": soon(24), "reason": "等"}),
        ("verifier", "verification", {}),
        ("verifier", "closing", {}),
    ):
        refused(await here.try_case(who, case_id, act, **body), "CaseCannotMove")
    loop = await here.loop(case_id)
    assert (loop["tasks"], loop["closed_as"]) == ([], "answered_at_once")
    assert not [each for each in loop["clocks"] if each["state"] == "running"]
