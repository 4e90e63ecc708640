"""Nonsense of every kind, sent to every endpoint of cases and of the loop: a named refusal, and nothing half kept.

What is made up here is drawn from what has broken such programs before: wrong types, numbers that no column holds,
moments at the ends of time, characters that no database keeps, fields that nobody knows.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from backend.cases.models import Case, CaseEvent
from backend.dispatch.models import ExtensionRow, TaskRow
from backend.kernel.errors import HotlineError

from .hall import ConsoleHall
from .loop_hall import STREET, LoopHall, open_loop, refused, units

pytestmark = pytest.mark.integration

HUGE = 2**31
ODD_TEXTS = ["", " ", "\x00", "\ud800", "\u202e反", "长" * 10_000, "'; DROP TABLE cases; --", "%_\\", "🙈"]
ODD_VALUES: list[Any] = [
    None, True, -1, 0, HUGE, 2**70, 1.5, [], {}, [None], {"a": 1}, "1", *ODD_TEXTS,
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "2026-11-22T10:00:00",
    "00000000-0000-0000-0000-000000000001",
]  # fmt: skip
FIELDS = [
    "version", "reason", "note", "units", "direct", "until", "urgency", "call_id", "result", "what", "agreed_at",
    "amount", "agreed",
]  # fmt: skip
CASE_ACTS = [
    ("dispatcher", "dispatch"), ("commander", "coordination"), ("dispatcher", "out-of-scope"),
    ("dispatcher", "hardness"),
    ("commander", "suspension"), ("commander", "resumption"), ("commander", f"extensions/{HUGE}/grant"),
    ("dispatcher", "urgency"),
    ("commander", "supervision"), ("dispatcher", "urging"), ("dispatcher", "withdrawal"), ("verifier", "verification"),
    ("verifier", "rework"), ("verifier", "closing"),
]  # fmt: skip
TASK_ACTS = [
    "number", "signature", "contact", "report", "refusal", "escalation", "whistle", "extensions",
    f"extensions/{HUGE}/agreement",
]  # fmt: skip
bodies = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(ODD_VALUES), max_size=5)


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


async def send(client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
    text = json.dumps(body)  # escapes what no encoder would let pass
    return await client.post(path, content=text, headers={"Content-Type": "application/json"})


def named(answer: httpx.Response) -> dict[str, Any]:
    """The answer refuses in words: what is wrong and what to do, or with which field."""
    problem: dict[str, Any] = answer.json()
    assert answer.status_code < 500, (answer.status_code, answer.text)
    assert problem["error"] in {each.__name__ for each in every_error(HotlineError)}, problem
    assert problem["message"]
    assert problem["next_step"] or problem["kept"] or problem["field"], problem
    return problem


def every_error(base: type[HotlineError]) -> set[type[HotlineError]]:
    return {base}.union(*(every_error(each) for each in base.__subclasses__()))


async def everything(here: LoopHall) -> list[int]:
    """How many rows stand of all that a move writes, and how far each case and task has moved."""
    async with here.hall.database.transaction() as tx:
        queries = (
            select(func.count(), func.coalesce(func.sum(Case.version), 0)).select_from(Case),
            select(func.count(), func.coalesce(func.sum(TaskRow.version), 0)).select_from(TaskRow),
            select(func.count(), func.count()).select_from(CaseEvent),
            select(func.count(), func.count()).select_from(ExtensionRow),
        )
        return [value for query in queries for value in (await tx.session.execute(query)).one()]


async def test_no_nonsense_breaks_a_move_of_a_case_or_leaves_half_of_it(here: LoopHall) -> None:
    case_id = await here.file()
    people = {who: await here.who(who) for who, _ in CASE_ACTS}

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(st.sampled_from(CASE_ACTS), bodies)
    def draw(act: tuple[str, str], body: dict[str, Any]) -> None:
        drawn.append((*act, body))

    drawn: list[tuple[str, str, dict[str, Any]]] = []
    draw()
    for who, act, body in drawn:
        before = await everything(here)
        answer = await send(people[who], f"/api/cases/{case_id}/{act}", {**body, "nonsense": 1})
        assert named(answer)["error"] == "InputInvalid"
        answer = await send(people[who], f"/api/cases/{case_id}/{act}", body)
        if answer.status_code != 200:
            named(answer)
            assert await everything(here) == before, (act, body)
        looked = await here.get("dispatcher", f"/api/cases/{case_id}/loop")
        assert looked.status_code == 200, (act, body, looked.text)


async def test_no_nonsense_breaks_a_move_of_a_task_or_leaves_half_of_it(here: LoopHall) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street_leader", case_id, 1, "signature")
    client = await here.who("street_leader")

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(st.sampled_from(TASK_ACTS), bodies)
    def draw(act: str, body: dict[str, Any]) -> None:
        drawn.append((act, body))

    drawn: list[tuple[str, dict[str, Any]]] = []
    draw()
    for act, body in drawn:
        before = await everything(here)
        answer = await send(client, f"/api/tasks/{case_id}/1/{act}", body)
        if answer.status_code != 200:
            named(answer)
            assert await everything(here) == before, (act, body)
        looked = await here.get("street_leader", f"/api/tasks/{case_id}/1")
        assert looked.status_code == 200, (act, body, looked.text)


@pytest.mark.parametrize("n", [0, -1, HUGE, 2**70])
async def test_a_task_of_a_number_that_no_column_holds_is_not_there(here: LoopHall, n: int) -> None:
    case_id = await here.file()
    refused(await here.get("street", f"/api/tasks/{case_id}/{n}"), "TaskNotFound")
    client = await here.who("street")
    refused(await send(client, f"/api/tasks/{case_id}/{n}/signature", {"version": HUGE}), "TaskNotFound")


@pytest.mark.parametrize(
    "agreed_at", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2031-01-01T00:00:00Z"]
)
async def test_nobody_agrees_on_a_time_at_the_ends_of_time(here: LoopHall, agreed_at: str) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    await here.task("street", case_id, 1, "signature")
    problem = refused(
        await here.try_task("street", case_id, 1, "contact", note="约好了", agreed_at=agreed_at), "AgreedTimeTooFar"
    )
    assert problem["field"] == "agreed_at"


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
async def test_nobody_suspends_a_case_until_the_ends_of_time(here: LoopHall, until: str) -> None:
    case_id = await here.file()
    await here.dispatch(case_id, STREET)
    answer = await here.try_case("commander", case_id, "suspension", until=until, reason="等")
    assert named(answer)["field"] == "until"


async def test_bodies_that_are_no_objects_are_refused_by_name(here: LoopHall) -> None:
    case_id, client = await here.file(), await here.who("dispatcher")
    for text in (
        "",
        "{",
        "[]",
        "null",
        "1",
        '"x"',
        "[" * 50_000,
        '{"version": 1e999, "reason": "x"}',
        '{"version": NaN}',
    ):
        answer = await client.post(
            f"/api/cases/{case_id}/withdrawal", content=text, headers={"Content-Type": "application/json"}
        )
        assert named(answer)["error"] == "InputInvalid", text
    answer = await client.post(f"/api/cases/{case_id}/withdrawal", content="version=1")
    assert named(answer)["error"] == "InputInvalid"
    assert (await here.loop(case_id))["version"] == 1


async def test_lists_are_asked_for_nonsense_without_breaking(here: LoopHall) -> None:
    client = await here.who("dispatcher")
    fields = ["q", "status", "street", "class_code", "urgency", "channel", "filed_from", "filed_to", "filed_by",
              "number", "mine", "overdue", "cursor", "limit"]  # fmt: skip
    values = ["\x00", "\ud800".encode("utf-8", "surrogatepass"), "长" * 300, "%", "_", "\\", "'", "-1", "9" * 30,
              "0001-01-01", "9999-12-31", "true", "filed", "AAAA", "MDAwMS0wMS0wMVQwMDowMDowMCswMDowMHx4"]  # fmt: skip
    for field in fields:
        for value in values:
            for path in ("/api/cases", "/api/cases/counts"):
                answer = await client.get(path, params={field: value})
                assert answer.status_code in {200, 400, 422}, (path, field, value, answer.text)
                if answer.status_code != 200:
                    named(answer)


async def test_no_wildcard_finds_what_was_not_asked_for(here: LoopHall) -> None:
    await here.file()
    client = await here.who("dispatcher")
    for code in ("_", "____", "0_0_"):
        assert (await client.get("/api/cases", params={"class_code": code})).json()["items"] == []
    assert len((await client.get("/api/cases", params={"class_code": "01"})).json()["items"]) == 1


async def test_a_message_of_the_console_with_a_wrong_field_names_the_field(hall: ConsoleHall) -> None:
    form = {"request_id": str(uuid4()), "what": "长" * 9_000, "street_code": STREET, "class_code": "0102"}
    draft = {"draft_id": str(uuid4()), "call_id": None, "revision": 2**40, "content": {}}
    async with hall.raw("wang") as line:
        await line.say("hello", protocol=1)
        await line.hear("welcome")
        for command, content, field in [
            ("file_case", {"case": form}, "case.what"),
            ("file_case", {"case": {**form, "what": "x", "urgency": "yesterday"}}, "case.urgency"),
            ("save_draft", draft, "revision"),
            ("cancel_callback", {"callback_id": str(uuid4()), "reason": ""}, "reason"),
        ]:
            await line.say(command, **{**content, "id": 5})
            problem = (await line.hear("reply"))["problem"]
            assert (problem["error"], problem["field"]) == ("InputInvalid", field)
            assert problem["next_step"]
            assert problem["facts"]["rule"]


async def test_units_that_do_not_exist_are_named(here: LoopHall) -> None:
    case_id = await here.file()
    for code in ODD_TEXTS:
        body = {"version": 1, "units": units(code)}
        answer = await send(await here.who("dispatcher"), f"/api/cases/{case_id}/dispatch", body)
        assert named(answer)["error"] in {"UnknownUnit", "InputInvalid"}


# ---- what is too large -----------------------------------------------------------------------------------------------


async def test_a_body_that_is_too_large_is_refused_and_changes_nothing(here: LoopHall) -> None:
    case_id = await here.file()
    before = await here.story(case_id)
    agent = await here.who("wang")

    async def in_pieces() -> AsyncIterator[bytes]:
        yield b'{"note": "'
        for _ in range(32):
            yield b"a" * 64 * 1024

    path = f"/api/cases/{case_id}/urging"
    kind = {"content-type": "application/json"}
    declared = await agent.post(path, content=json.dumps({"note": "a" * 2_000_000}), headers=kind)
    streamed = await agent.post(path, content=in_pieces(), headers=kind)
    other = await agent.post(path, content=b"x" * 2_000_000, headers={"content-type": "text/plain"})
    for answer in (declared, streamed, other):
        problem = refused(answer, "RequestTooLarge")
        assert answer.status_code == 413
        assert (problem["facts"], bool(problem["kept"]), bool(problem["next_step"])) == (
            {"rule": "body_too_large", "limit": "1024"}, True, True,
        )  # fmt: skip
    assert await here.story(case_id) == before
    # as much as a field may hold is no trouble
    assert (await agent.post(path, json={"note": "长" * 4000})).status_code == 200


async def test_urging_names_a_call_of_this_person_or_none(here: LoopHall) -> None:
    case_id = await here.file()
    before = await here.story(case_id)
    for call_id in ("hotline-none.1", "';--", "x" * 64):
        problem = refused(await here.try_case("wang", case_id, "urging", call_id=call_id), "CallUnknown")
        assert (problem["field"], bool(problem["next_step"])) == ("call_id", True)
    assert await here.story(case_id) == before
    assert (await here.loop(case_id))["urged"] == 0
    assert (await here.case("wang", case_id, "urging", note="又来电"))["urged"] == 1


async def test_units_are_offered_by_the_kinds_that_may_be_asked(here: LoopHall) -> None:
    for kinds in (["department"], ["street", "community", "department"], []):
        answer = await (await here.who("dispatcher")).get("/api/units", params={"kind": kinds, "limit": 500})
        found = {each["kind"] for each in answer.json()}
        assert found == (set(kinds) or {"centre", "reception", "street", "community", "department"})
    wrong = refused(await here.get("dispatcher", "/api/units?kind=street&kind=palace"), "InputInvalid")
    assert wrong["field"] == "kind.1"
