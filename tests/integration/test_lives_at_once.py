"""Random lives of cases with several people at once, through the API: no illegal state, no lost event, right sums.

Each person looks at a case now and then and acts on what was seen, while the others do the same: some win, some are
refused by a named rule or told who was faster. Afterwards the record must hold exactly what was answered.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import takewhile
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from backend.cases.models import CaseEvent
from backend.cases.schemas import CaseStatus
from backend.cases.states import OPEN, TRANSITIONS, CaseMove
from backend.deadlines.models import Deadline
from backend.dispatch.models import TaskRow
from backend.kernel.database import events_table

from .hall import ConsoleHall
from .loop_hall import COMMUNITY, HOUSING, OTHER_STREET, STREET, WATER, Answer, LoopHall, open_loop, soon, units

pytestmark = pytest.mark.integration

CASES, ACTS, MOST_ACTS = 12, 26, 104
HOTLINE = ("dispatcher", "commander", "commander_2", "verifier", "verifier_2", "wang")
AT_UNITS = {
    "street": STREET,
    "street_leader": STREET,
    "other_street": OTHER_STREET,
    "water": WATER,
    "housing": HOUSING,
    "community": COMMUNITY,
}
LEADS = (STREET, WATER, HOUSING, OTHER_STREET, COMMUNITY)
WHY = {"reason": "现场情况"}
Acted = tuple[str, UUID, str, Answer]
"""Who did what with which case, and what came of it."""

KIND_OF_ACT = {
    "dispatch": CaseMove.DISPATCH,
    "coordination": CaseMove.DECIDE,
    "suspension": CaseMove.SUSPEND,
    "resumption": CaseMove.RESUME,
    "rework": CaseMove.REWORK,
    "verification": CaseMove.VERIFY,
    "closing": CaseMove.CLOSE,
    "withdrawal": CaseMove.WITHDRAW,
    "urgency": CaseMove.CHANGE_URGENCY,
    "hardness": CaseMove.DECLARE_HARD,
    "supervision": CaseMove.SUPERVISE,
    "urging": CaseMove.URGE,
    "signature": "task_signed",
    "contact": "citizen_contacted",
    "report": "task_reported",
    "refusal": "task_refused",
    "escalation": "task_escalated",
    "whistle": "units_whistled",
    "extensions": "extension_asked",
}
"""The entry of the time line that each act leaves, once."""


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


def _act_of_hotline(who: str, status: str, dice: Random) -> tuple[str, dict[str, Any]]:
    """What somebody of the hotline tries: most often what comes next, now and then anything."""
    lead, helper = dice.sample(LEADS, 2)
    asked = units(lead, helper) if dice.random() < 0.3 else units(lead)
    usual: dict[str, tuple[str, dict[str, Any]]] = {
        "filed": ("dispatch", {"units": asked}),
        "coordination": ("coordination", {"units": asked, **WHY}),
        "suspended": ("resumption", {}),
        "reported": ("rework", WHY) if dice.random() < 0.3 else ("verification", {"note": "已核实"}),
        "verified": ("closing", {}),
    }
    anything: list[tuple[str, dict[str, Any]]] = [
        ("supervision", WHY),
        ("urging", {"note": "又来电"}),
        ("urgency", {"urgency": dice.choice(["normal", "urgent", "emergency"]), **WHY}),
        ("suspension", {"until": soon(dice.randint(-5, 500)), **WHY}),
        ("hardness", WHY),
        *([("withdrawal", WHY)] if dice.random() < 0.1 else []),
        *usual.values(),
    ]
    return usual[status] if status in usual and dice.random() < 0.7 else dice.choice(anything)


def _act_of_unit(task: dict[str, Any], dice: Random) -> tuple[str, dict[str, Any]]:
    usual = ("signature", {}) if task["state"] == "sent" else ("report", {"result": "已办结"})
    if task["state"] == "signed" and task["contacted_at"] is None:
        usual = ("contact", {"note": "已联系", "agreed_at": soon(300)})
    anything: list[tuple[str, dict[str, Any]]] = [
        ("refusal", WHY),
        ("escalation", WHY),
        ("whistle", {"units": dice.sample([WATER, HOUSING, STREET], 2), "what": "会诊"}),
        ("extensions", {"amount": dice.choice([1, 1, 90]), **WHY}),
        ("report", {"result": "已办结"}),
        ("signature", {}),
    ]
    return usual if dice.random() < 0.75 else dice.choice(anything)


class Acts:
    """All that was done. Who comes when is not for the dice to say, so everybody goes on until enough was done."""

    def __init__(self) -> None:
        self.all: list[Acted] = []

    @property
    def done(self) -> list[tuple[UUID, str]]:
        return [(case_id, act) for _, case_id, act, answer in self.all if answer.status_code == 200]

    @property
    def enough(self) -> bool:
        """They got on with their work, and met each other."""
        refused = (answer.json()["error"] for *_, answer in self.all if answer.status_code != 200)
        return len(self.done) > CASES * 4 and "CaseChangedMeanwhile" in refused

    def of_one(self) -> Iterator[int]:
        """The acts of one person."""
        return takewhile(lambda n: n < ACTS or not self.enough, iter(range(MOST_ACTS)))


async def _hotline_works(here: LoopHall, who: str, cases: list[UUID], dice: Random, acts: Acts) -> None:
    seen: dict[UUID, dict[str, Any]] = {}
    for _ in acts.of_one():
        case_id = dice.choice(cases)
        if case_id not in seen or dice.random() < 0.8:
            seen[case_id] = (await here.get(who, f"/api/cases/{case_id}/loop")).json()
        act, said = _act_of_hotline(who, seen[case_id]["status"], dice)
        version = {} if act == "urging" else {"version": seen[case_id]["version"]}
        answer = await here.try_case(who, case_id, act, **version, **said)
        acts.all.append((who, case_id, act, answer))
        if answer.status_code == 200:
            seen[case_id] = answer.json()


async def _unit_works(here: LoopHall, who: str, dice: Random, acts: Acts) -> None:
    seen: list[dict[str, Any]] = []
    for _ in acts.of_one():
        if not seen or dice.random() < 0.8:
            seen = (await here.get(who, "/api/tasks")).json()
        if not seen:
            await asyncio.sleep(0)
            continue
        found = dice.choice(seen)
        case_id, task = UUID(found["case_id"]), found["task"]
        act, said = _act_of_unit(task, dice)
        answer = await here.try_task(who, case_id, task["n"], act, version=task["version"], **said)
        acts.all.append((who, case_id, act, answer))


async def test_whatever_many_people_do_at_once_the_record_holds_exactly_what_was_answered(here: LoopHall) -> None:
    for who in (*HOTLINE, *AT_UNITS):
        await here.who(who)
    chance = Random(96010)
    cases = [await here.file(community_code=_community(chance), caller=f"1381234{n:04}") for n in range(CASES)]
    acts = Acts()
    works = [_hotline_works(here, who, cases, Random(chance.random()), acts) for who in HOTLINE]
    works += [_unit_works(here, who, Random(chance.random()), acts) for who in AT_UNITS]
    await asyncio.gather(*works)
    for _, _, act, answer in acts.all:
        assert answer.status_code in {200, 403, 404, 409}, (act, answer.text)
        assert answer.status_code == 200 or answer.json()["error"]
    assert acts.enough
    done = acts.done
    for case_id in cases:
        await _holds(here, case_id, Counter(act for each, act in done if each == case_id))
    await _the_sums_are_right(here, cases, done)


def _community(chance: Random) -> str | None:
    """Some cases say their community, some do not."""
    return COMMUNITY if chance.random() < 0.5 else None


async def _holds(here: LoopHall, case_id: UUID, done: Counter[str]) -> None:
    """The time line tells every act once and leads to where the case stands; nothing runs that should not."""
    loop = await here.loop(case_id)
    async with here.hall.database.transaction() as tx:
        query = select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.event_id)
        story = [each.kind for each in (await tx.session.execute(query)).scalars()]
        clocks = (await tx.session.execute(select(Deadline).where(Deadline.case_id == case_id))).scalars().all()
        query = select(events_table).where(events_table.c.entity == str(case_id)).order_by(events_table.c.seq)
        told = [event for event in (await tx.session.execute(query)).all() if event.topic == "case_changed"]
    told_of = Counter(story)
    assert {act: told_of[kind] for act, kind in KIND_OF_ACT.items()} == {act: done[act] for act in KIND_OF_ACT}
    status: CaseStatus | None = None
    for kind in story:
        if kind in set(CaseMove):
            status = TRANSITIONS[status, CaseMove(kind)]
    assert status is not None
    assert status.value == loop["status"]
    assert len(told) == done.total(), "who was there hears of every act, once"
    if told:  # there may be a case to which nobody got round
        assert told[-1].payload["status"] == loop["status"]
    open_tasks = [task for task in loop["tasks"] if task["state"] in {"sent", "signed"}]
    assert sum(task["role"] == "lead" for task in open_tasks) <= 1
    assert len({task["unit_code"] for task in open_tasks}) == len(open_tasks)
    assert status not in {CaseStatus.REPORTED, CaseStatus.VERIFIED, CaseStatus.CLOSED} or not open_tasks
    running = [clock for clock in clocks if clock.state == "running"]
    assert {clock.part for clock in running if clock.name == "handling"} == {task["n"] for task in open_tasks}
    assert status in OPEN or not running
    for clock in clocks:
        assert clock.due_at >= clock.started_at
        assert clock.ended_at is None or clock.ended_at >= clock.started_at


async def _the_sums_are_right(here: LoopHall, cases: list[UUID], done: list[tuple[UUID, str]]) -> None:
    ledger = (await here.get("dispatcher", "/api/dispatch/ledger")).json()
    stands = Counter([(await here.loop(case_id))["status"] for case_id in cases])
    assert {status: count for status, count in ledger["cases"].items() if count} == dict(stands)
    assert sum(ledger["cases"].values()) == len(cases)
    async with here.hall.database.transaction() as tx:
        tasks = (await tx.session.execute(select(TaskRow))).scalars().all()
    led = Counter(task.unit_code for task in tasks if task.role == "lead")
    up = Counter(task.unit_code for task in tasks if task.state == "escalated")
    for street in ledger["escalations"]:
        code = street["unit_code"]
        assert (street["received"], street["escalated"]) == (led[code], up[code])
    acts = Counter(act for _, act in done)
    assert sum(up.values()) == acts["escalation"]
    assert sum(task.state == "returned" for task in tasks) == acts["refusal"]
