"""Calling citizens back on a real PostgreSQL: one order each, spaced and capped, with the result in the time line."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from agent_console.client import CommandRefused
from agent_console.messages.calls import Dial, FileResult
from agent_console.messages.cases import FileCase
from backend.callbacks import attempts
from backend.callbacks.attempt_rules import CallbackRules
from backend.callbacks.models import Callback, CallbackAttempt
from backend.callbacks.schemas import AttemptResult, CallbackWay, CallbackWish
from backend.cases.schemas import CaseForm
from backend.kernel import clock
from backend.orders import service as orders
from backend.orders.models import PbxOrder
from telephony import facts as f
from telephony.commands import DialOut, SeatDidNotAnswer, from_payload

from .hall import Console, ConsoleHall, answered, ringing

pytestmark = pytest.mark.integration

NUMBER = "13800001234"


@dataclass
class Promise:
    """A case of a citizen who called, and the callback visit promised for it."""

    case_id: UUID
    callback_id: UUID


async def a_promise(hall: ConsoleHall, agent: Console, call_id: str = "in-1", number: str = NUMBER) -> Promise:
    """A citizen called, the case was filed with a callback by phone, and the agent is ready again."""
    await hall.take_seat(agent, "8001")
    now = clock.now()
    await hall.tell(*ringing(call_id, "8001", number), answered(call_id, "8001"))
    form = CaseForm(request_id=uuid4(), call_id=call_id, what="电梯坏了", street_code="110101013", class_code="0101")
    wish = CallbackWish(way=CallbackWay.PHONE, due_at=now + timedelta(days=1))
    filed = await agent.command(FileCase(id=0, case=form, callback=wish))
    await hall.tell(the_end(call_id))
    return Promise(UUID(filed["case"]["case_id"]), UUID(filed["callback"]["callback_id"]))


def the_end(call_id: str, outcome: str = "answered", cause: int = 16, at: datetime | None = None) -> f.CallEnded:
    return f.CallEnded(
        at=at or clock.now(), call_id=call_id, outcome=f.CallOutcome(outcome), hung_up_by=f.Party.CALLER, cause=cause
    )


def placed(call_id: str) -> f.CallPlaced:
    return f.CallPlaced(
        at=clock.now(), call_id=call_id, seat="8001", number=NUMBER, shown_number="96010",
        channel=f"PJSIP/trunk-{call_id}", seat_channel="PJSIP/8001-9",
    )  # fmt: skip


async def dial(agent: Console, promise: Promise, request_id: UUID | None = None, **more: Any) -> dict[str, Any]:
    wish = {"case_id": promise.case_id, "callback_id": promise.callback_id, **more}
    return await agent.command(Dial(id=0, request_id=request_id or uuid4(), **wish))


async def carry_out(hall: ConsoleHall, attempt: dict[str, Any], problem: Exception | None = None) -> None:
    """The PBX does what was ordered."""
    async with hall.database.transaction() as tx:
        ((ordered_at,),) = await tx.session.execute(select(PbxOrder.ordered_at).where(PbxOrder.state == "ordered"))
        await orders.take(tx, "hotline", "leader", ordered_at)  # not when it has expired on a machine that stood still
        await orders.finish(tx, UUID(attempt["attempt_id"]), problem, clock.now())  # type: ignore[arg-type]


async def call_out(hall: ConsoleHall, agent: Console, promise: Promise, outcome: str, cause: int) -> dict[str, Any]:
    """A call that is placed and comes out like this."""
    attempt = await dial(agent, promise)
    await carry_out(hall, attempt)
    await hall.tell(placed(attempt["call_id"]))
    if outcome == "answered":
        await hall.tell(answered(attempt["call_id"], "8001"))
    await hall.tell(the_end(attempt["call_id"], outcome, cause))
    return await current(agent)


async def current(agent: Console) -> dict[str, Any]:
    found: dict[str, Any] = (await agent.http.get("/api/attempts/current")).json()["attempt"]
    return found


async def visit(agent: Console, promise: Promise) -> dict[str, Any]:
    (found,) = (await agent.http.get(f"/api/cases/{promise.case_id}/callbacks")).json()
    return dict(found)


async def entries(agent: Console, promise: Promise, kind: str) -> list[dict[str, Any]]:
    detail = (await agent.http.get(f"/api/cases/{promise.case_id}")).json()
    return [entry["detail"] for entry in detail["events"] if entry["kind"] == kind]


@contextmanager
def refused(name: str) -> Iterator[None]:
    """The hub refuses the command with this error."""
    with pytest.raises(CommandRefused) as refusal:
        yield
    assert refusal.value.reason == name


async def test_a_citizen_is_called_once_reached_and_the_visit_is_done(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        promise = await a_promise(hall, wang)
        request_id = uuid4()
        twice = await asyncio.gather(dial(wang, promise, request_id), dial(wang, promise, request_id))
        assert {each["attempt_id"] for each in twice} == {str(request_id)}
        async with hall.database.transaction() as tx:
            (stored,) = (await tx.session.execute(select(PbxOrder))).scalars().all()
        order = from_payload(stored.kind, stored.payload)
        assert isinstance(order, DialOut)
        assert (order.seat, order.number, order.shown_number) == ("8001", NUMBER, "96010")
        assert (await current(wang))["stage"] == "ordered"

        await carry_out(hall, twice[0])
        await hall.tell(placed(order.call_id))
        assert ((await current(wang))["stage"], (await current(wang))["number"]) == ("calling", "138****1234")
        await hall.all_heard(wang)
        assert wang.kinds("seat_changed")[-1].seat.state == "dialing"
        with refused("SeatInCall"):
            await dial(wang, promise)
        await wang.break_line()
        await wang.until(lambda: len(wang.welcomes) == 2)
        assert wang.welcomes[-1].call is None, "nobody talks yet"
        with refused("NothingToFile"):
            await wang.command(FileResult(id=0, attempt_id=request_id, result=AttemptResult.REACHED))

        await hall.tell(answered(order.call_id, "8001"))
        assert (await current(wang))["stage"] == "talking"
        await hall.tell(the_end(order.call_id))
        over = await current(wang)
        assert (over["stage"], over["proposed"], over["owes_result"]) == ("ended", "reached", True)
        with refused("ResultOwing"):
            await dial(wang, promise)
        for _ in range(2):
            filed = await wang.command(FileResult(id=0, attempt_id=request_id, result=AttemptResult.REACHED))
            assert (filed["result"], filed["owes_result"]) == ("reached", False)
        with refused("ResultFiled"):
            await wang.command(FileResult(id=0, attempt_id=request_id, result=AttemptResult.BUSY))
        assert await current(wang) is None
        done = await visit(wang, promise)
        assert (done["state"], done["attempts"], done["number"]) == ("done", 1, "138****1234")
        ((called,),) = [await entries(wang, promise, "citizen_called")]
        assert (called["n"], called["result"], called["call_id"]) == (1, "reached", order.call_id)
        await hall.all_heard(wang)
        assert len(wang.kinds("attempt_changed")) == 2
        assert NUMBER not in str([body.model_dump() for body in wang.heard])


async def test_attempts_are_spaced_and_after_the_last_the_visit_has_failed(hall: ConsoleHall) -> None:
    rules = CallbackRules(most_attempts=2)
    hall.app.state.console = replace(hall.app.state.console, callbacks=rules)
    async with hall.console("wang") as wang:
        promise = await a_promise(hall, wang)
        busy = await call_out(hall, wang, promise, "busy", 17)
        assert busy["proposed"] == "busy"
        await wang.command(FileResult(id=0, attempt_id=busy["attempt_id"], result=AttemptResult.BUSY))
        waits = await visit(wang, promise)
        assert (waits["state"], waits["attempts"]) == ("scheduled", 1)
        span = datetime.fromisoformat(waits["not_before"]) - datetime.fromisoformat(busy["since"])
        assert span == rules.spans[AttemptResult.BUSY]
        with refused("TooSoonToDial"):
            await dial(wang, promise)
        async with hall.database.transaction() as tx:
            stored = await tx.session.get(Callback, promise.callback_id)
            assert stored is not None
            stored.not_before = clock.now()
        declined = await call_out(hall, wang, promise, "busy", 21)
        assert declined["proposed"] == "refused"
        await wang.command(FileResult(id=0, attempt_id=declined["attempt_id"], result=AttemptResult.REFUSED))
        failed = await visit(wang, promise)
        assert (failed["state"], failed["end_reason"], failed["attempts"]) == ("failed", "attempts_used_up", 2)
        with refused("CallbackCannotMove"):
            await dial(wang, promise)
        assert [entry["result"] for entry in await entries(wang, promise, "citizen_called")] == ["busy", "refused"]
        assert len(await entries(wang, promise, "callback_failed")) == 1
        await dial(wang, promise, callback_id=None)


async def test_an_order_that_failed_called_nobody_and_owes_nothing(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        promise = await a_promise(hall, wang)
        attempt = await dial(wang, promise)
        await carry_out(hall, attempt, SeatDidNotAnswer("The seat's phone did not take the call."))
        await hall.all_heard(wang)
        assert wang.kinds("order_changed")[-1].order.problem.error == "SeatDidNotAnswer"
        failed = await current(wang)
        assert (failed["stage"], failed["owes_result"]) == ("not_placed", False)
        assert (await visit(wang, promise))["attempts"] == 0
        again = await dial(wang, promise)
        assert (again["stage"], again["n"]) == ("ordered", 2)


async def test_who_may_not_dial_calls_nobody(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("li") as li, hall.console("boss") as boss:
        promise = await a_promise(hall, wang)
        with refused("NotPermitted"):
            await dial(boss, promise)
        with refused("AtNoSeat"):
            await dial(li, promise)
        await hall.take_seat(li, "8002")
        await hall.tell(f.PhoneUnregistered(at=clock.now(), seat="8002"))
        with refused("PhoneNotRegistered"):
            await dial(li, promise)
        await hall.tell(f.PhoneRegistered(at=clock.now(), seat="8002", contact="sip:phone"))
        mine = await dial(wang, promise)
        with refused("StillDialling"):
            await dial(li, promise)
        with refused("AttemptNotFound"):
            await li.command(FileResult(id=0, attempt_id=mine["attempt_id"], result=AttemptResult.BUSY))
        async with hall.database.transaction() as tx:
            assert (await tx.session.execute(select(func.count()).select_from(PbxOrder))).scalar_one() == 1


async def test_a_result_that_nobody_files_is_filed_as_the_carrier_said(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        promise = await a_promise(hall, wang)
        await call_out(hall, wang, promise, "failed", 1)
        async with hall.database.transaction() as tx:
            assert await attempts.file_overdue(tx, CallbackRules(), clock.now()) == 0
            assert await attempts.file_overdue(tx, CallbackRules(), clock.now() + attempts.FILED_BY_ITSELF_AFTER) == 1
        given_up = await visit(wang, promise)
        assert (given_up["state"], given_up["end_reason"]) == ("failed", "wrong_number")
        async with hall.database.transaction() as tx:
            assert (await tx.session.execute(select(CallbackAttempt.result))).scalar_one() == "wrong_number"


async def test_a_case_without_a_number_calls_nobody(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        promise = await a_promise(hall, wang, number="anonymous")
        assert (await visit(wang, promise))["number"] is None
        with refused("NoNumberToDial"):
            await dial(wang, promise)
