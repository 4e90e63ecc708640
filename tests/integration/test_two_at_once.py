"""Two people act on one case: whoever comes second does nothing by accident and is told who did what when."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.kernel import clock

from .hall import ConsoleHall
from .loop_hall import HOUSING, STREET, WATER, LoopHall, open_loop, refused, soon, units

pytestmark = pytest.mark.integration


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


Act = tuple[str, str, dict[str, Any]]
"""Who does what with which words."""

AGAIN: dict[str, Any] = {"reason": "再次确认"}
DISPATCH: Act = ("dispatcher", "dispatch", {"units": units(STREET)})
OTHER_DISPATCH: Act = ("commander", "dispatch", {"units": units(WATER)})
SUPERVISE: Act = ("commander", "supervision", {"reason": "今日办结"})


async def in_coordination(here: LoopHall) -> UUID:
    case_id = await here.file()
    for n, (code, who) in enumerate([(WATER, "water"), (HOUSING, "housing")], 1):
        await here.dispatch(case_id, code)
        await here.task(who, case_id, n, "refusal", reason="不归我单位")
    return case_id


async def dispatched(here: LoopHall) -> UUID:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    return case_id


async def suspended(here: LoopHall) -> UUID:
    case_id = await dispatched(here)
    await here.case("commander", case_id, "suspension", until=soon(48), reason="停工")
    return case_id


async def verified(here: LoopHall) -> UUID:
    case_id = await here.handled()
    await here.case("verifier", case_id, "verification")
    return case_id


CASE_ACTS: list[tuple[Callable[[LoopHall], Awaitable[UUID]], Act, str, Act]] = [
    (lambda here: here.file(), DISPATCH, "dispatched", OTHER_DISPATCH),
    (lambda here: here.file(), DISPATCH, "dispatched", ("commander", "out-of-scope", AGAIN)),
    (lambda here: here.file(), OTHER_DISPATCH, "dispatched", ("dispatcher", "urgency", {"urgency": "urgent", **AGAIN})),
    (lambda here: here.file(), ("wang", "withdrawal", AGAIN), "withdrawn", DISPATCH),
    (lambda here: here.file(), ("wang", "urging", {"note": "又来电"}), "urged", DISPATCH),
    (in_coordination, ("commander", "coordination", {"units": units(WATER), **AGAIN}), "coordination_decided",
     ("commander_2", "coordination", {"units": units(HOUSING), **AGAIN})),
    (dispatched, ("commander", "suspension", {"until": soon(48), **AGAIN}), "suspended",
     ("commander_2", "suspension", {"until": soon(72), **AGAIN})),
    (dispatched, SUPERVISE, "supervision_ordered", ("dispatcher", "withdrawal", AGAIN)),
    (dispatched, SUPERVISE, "supervision_ordered", ("commander_2", "supervision", AGAIN)),
    (suspended, ("commander", "resumption", {}), "resumed", ("commander_2", "resumption", {})),
    (lambda here: here.handled(), ("verifier", "verification", {}), "verified", ("verifier_2", "rework", AGAIN)),
    (lambda here: here.handled(), ("verifier", "rework", AGAIN), "sent_back_for_rework",
     ("verifier_2", "verification", {})),
    (verified, ("verifier", "closing", {}), "closed", ("verifier_2", "closing", {})),
]  # fmt: skip


async def test_a_move_of_a_case_as_it_was_seen_before_is_told_who_did_what_when(here: LoopHall) -> None:
    for begin, first, kind, second in CASE_ACTS:
        await _one_after_the_other(here, await begin(here), first, kind, second)


async def _one_after_the_other(here: LoopHall, case_id: UUID, winner: Act, kind: str, loser: Act) -> None:
    (first, did, said), (second, wants, words) = winner, loser
    seen = await here.loop(case_id)
    before = clock.now()
    await here.case(first, case_id, did, **said)
    story = await here.story(case_id)
    problem = refused(
        await here.try_case(second, case_id, wants, version=seen["version"], **words), "CaseChangedMeanwhile"
    )
    assert (problem["facts"]["who"], problem["facts"]["kind"]) == ("王芳" if first == "wang" else first, kind)
    assert before - timedelta(seconds=1) < datetime.fromisoformat(problem["facts"]["at"]) <= clock.now()
    assert await here.story(case_id) == story, "and nothing else has happened"


TASK_ACTS: list[tuple[str, dict[str, Any], str, str, dict[str, Any]]] = [
    ("signature", {}, "task_signed", "refusal", {"reason": "不归我单位"}),
    ("refusal", {"reason": "不归我单位"}, "task_refused", "signature", {}),
    ("contact", {"note": "联系过"}, "citizen_contacted", "report", {"result": "办好了"}),
    ("contact", {"note": "联系过"}, "citizen_contacted", "escalation", {"reason": "难"}),
    ("contact", {"note": "联系过"}, "citizen_contacted", "contact", {"note": "也联系过"}),
    ("report", {"result": "办好了"}, "task_reported", "whistle", {"units": [WATER], "what": "会诊"}),
    ("escalation", {"reason": "难"}, "task_escalated", "extensions", {"amount": 1, "reason": "等"}),
]


async def test_a_move_of_a_task_as_it_was_seen_before_is_told_who_did_what_when(here: LoopHall) -> None:
    for did, said, kind, wants, words in TASK_ACTS:
        case_id = await dispatched(here)
        if kind not in {"task_signed", "task_refused"}:
            await here.task("street", case_id, 1, "signature")
        if kind == "task_reported":
            await here.task("street", case_id, 1, "contact", note="联系过")
        seen = (await here.loop(case_id))["tasks"][0]["version"]
        await here.task("street_leader", case_id, 1, did, **said)
        answer = await here.try_task("street", case_id, 1, wants, version=seen, **words)
        problem = refused(answer, "TaskChangedMeanwhile")
        assert (problem["facts"]["who"], problem["facts"]["kind"]) == ("street_leader", kind)


async def test_what_the_hotline_did_meanwhile_is_told_to_the_unit_too(here: LoopHall) -> None:
    case_id = await dispatched(here)
    await here.case("wang", case_id, "withdrawal", reason="市民自行解决")
    problem = refused(await here.try_task("street", case_id, 1, "signature", version=1), "TaskChangedMeanwhile")
    assert (problem["facts"]["who"], problem["facts"]["kind"]) == ("王芳", "task_recalled")


async def test_the_same_words_sent_again_on_the_case_as_it_stands_now_are_taken(here: LoopHall) -> None:
    case_id = await dispatched(here)
    seen = (await here.loop(case_id))["version"]
    await here.case("wang", case_id, "urging", note="又来电")
    order = {"reason": "今日办结"}
    refused(await here.try_case("commander", case_id, "supervision", version=seen, **order), "CaseChangedMeanwhile")
    assert (await here.case("commander", case_id, "supervision", **order))["supervised"] == 1
