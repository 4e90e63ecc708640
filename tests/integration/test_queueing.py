"""The black list with its two people, missed callers who are owed one callback, and what the PBX is told of numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from agent_console.messages.cases import FileCase, ScheduleCallback
from backend.callbacks.models import Callback
from backend.callbacks.schemas import CallbackWay, CallbackWish
from backend.calls.models import Call
from backend.cases.models import Case
from backend.cases.schemas import CaseForm
from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.orders.models import PbxOrder
from backend.queueing import leaders, missed
from backend.queueing.states import MissedState
from backend.queueing.table import wanted
from backend.seats import service
from telephony import facts as f
from telephony.pbx.parts import part_of

from .hall import ConsoleHall, answered, ringing

pytestmark = pytest.mark.integration

NUMBER = "13800001234"
SHORT = timedelta(seconds=5)


async def gives_up(hall: ConsoleHall, call_id: str, *, after_s: float = 30, number: str = NUMBER) -> None:
    """A citizen waits so long and hangs up."""
    arrived = clock.now() - timedelta(seconds=after_s)
    await hall.tell(
        f.CallArrived(
            at=arrived, call_id=call_id, caller_number=number, caller_known=True, caller_name="", dialed_number="96010",
            channel=f"PJSIP/trunk-{call_id}",
        ),
        f.CallQueued(at=arrived, call_id=call_id, queue="q96010", position=1),
        f.CallLeftQueue(at=clock.now(), call_id=call_id, queue="q96010", reason="abandoned"),
        f.CallEnded(
            at=clock.now(), call_id=call_id, outcome=f.CallOutcome.ABANDONED, hung_up_by=f.Party.CALLER, cause=0
        ),
    )  # fmt: skip


async def collected(hall: ConsoleHall) -> list[Any]:
    now = clock.now()
    async with hall.database.transaction() as tx:
        await missed.collect(tx, "hotline", now - timedelta(hours=1), SHORT, now)
        return await missed.page(tx, MissedState.OPEN, 100)


async def test_a_number_is_owed_one_callback_however_often_it_called(hall: ConsoleHall) -> None:
    await gives_up(hall, "c1")
    await gives_up(hall, "c2", after_s=20)
    await gives_up(hall, "c3", after_s=2, number="13800009999")
    (owed,) = await collected(hall)
    (again,) = await collected(hall)
    assert owed == again
    assert (owed.times, owed.call_id, owed.caller.number, owed.wish) == (2, "c2", "138****1234", False)


async def test_a_wish_by_key_keeps_the_place_of_the_first_call(hall: ConsoleHall) -> None:
    await gives_up(hall, "c1")
    (owed,) = await collected(hall)
    async with hall.database.transaction() as tx:
        await missed.take_wishes(tx, {NUMBER: "c1"}, clock.now())
        await missed.take_wishes(tx, {NUMBER: "c1"}, clock.now())
    (wishing,) = await collected(hall)
    assert (wishing.wish, wishing.times, wishing.first_at) == (True, 1, owed.first_at)
    async with hall.database.transaction() as tx:
        table = await wanted(tx, hall.installation.part(), clock.now())
    assert table == {("priority", NUMBER): "5"}


async def test_who_got_through_meanwhile_is_owed_nothing(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        await hall.take_seat(wang, "8001")
        await gives_up(hall, "c1")
        await collected(hall)
        await hall.tell(*ringing("c2", "8001", NUMBER), answered("c2", "8001"))
        assert await collected(hall) == []


async def test_a_missed_caller_is_dealt_with_once_and_that_is_on_record(hall: ConsoleHall) -> None:
    await gives_up(hall, "c1")
    (owed,) = await collected(hall)
    path = f"/api/missed/{owed.missed_id}/end"
    async with hall.browser("wang") as wang, hall.browser("boss") as boss:
        done = await wang.post(path, json={"move": "finish", "note": "已回电"})
        assert (done.status_code, done.json()["state"], done.json()["ended_by"]) == (200, "done", "王芳")
        late = await boss.post(path, json={"move": "drop"})
        assert (late.status_code, late.json()["error"]) == (409, "MissedCannotMove")
        assert (await boss.get("/api/missed")).json() == []
        assert len((await boss.get("/api/missed", params={"state": "done"})).json()) == 1
    await gives_up(hall, "c9")
    assert len(await collected(hall)) == 1, "a new call is a new matter"


async def test_a_number_is_refused_only_after_two_people(hall: ConsoleHall) -> None:
    until = clock.now() + timedelta(days=7)
    wish = {"number": "010-65251234", "until": until.isoformat(), "reason": "一天内恶意拨打 40 次"}
    pbx = hall.installation.part()
    async with hall.browser("wang") as wang, hall.browser("boss") as boss:
        asked = (await wang.post("/api/blacklist", json=wish)).json()
        assert (asked["state"], asked["in_force"]) == ("asked", False)
        twice = await boss.post("/api/blacklist", json=wish)
        assert (twice.status_code, twice.json()["error"]) == (409, "NumberListed")
        async with hall.database.transaction() as tx:
            assert await wanted(tx, pbx, clock.now()) == {}
        agreed = (await boss.post(f"/api/blacklist/{asked['entry_id']}/decision", json={"move": "agree"})).json()
        assert (agreed["in_force"], agreed["decided_by"]) == (True, "班长")
        async with hall.database.transaction() as tx:
            assert await wanted(tx, pbx, clock.now()) == {("blacklist", "1065251234"): str(int(until.timestamp()))}
            assert await wanted(tx, pbx, until) == {}
            acts = select(AuditEntry.action).where(AuditEntry.object_kind == "blacklist").order_by(AuditEntry.entry_id)
            assert list((await tx.session.execute(acts)).scalars()) == ["blacklist_asked", "blacklist_agreed"]


async def test_a_caller_is_proposed_and_agreed_on_from_the_page_of_his_call(hall: ConsoleHall) -> None:
    async with hall.console("wang") as seated, hall.browser("wang") as wang, hall.browser("boss") as boss:
        await hall.take_seat(seated, "8001")
        await hall.tell(*ringing("c1", "8001", NUMBER), answered("c1", "8001"))
        assert (await wang.get("/api/calls/c1/blacklist")).json() == {"entry": None}
        until = (clock.now() + timedelta(days=7)).isoformat()
        wish = {"call_id": "c1", "until": until, "reason": "反复谩骂"}
        asked = (await wang.post("/api/blacklist", json=wish)).json()
        shown = (await boss.get("/api/calls/c1/blacklist")).json()["entry"]
        assert (shown["entry_id"], shown["state"], shown["reason"]) == (asked["entry_id"], "asked", "反复谩骂")
        assert NUMBER not in str(shown)
        await boss.post(f"/api/blacklist/{asked['entry_id']}/decision", json={"move": "agree"})
        assert (await wang.get("/api/calls/c1/blacklist")).json()["entry"]["in_force"]
        await boss.post(f"/api/blacklist/{asked['entry_id']}/decision", json={"move": "lift"})
        assert (await wang.get("/api/calls/c1/blacklist")).json() == {"entry": None}
    async with hall.browser("li") as li:
        assert (await li.get("/api/calls/c1/blacklist")).status_code == 404


async def test_who_asked_does_not_decide(hall: ConsoleHall) -> None:
    wish = {"number": NUMBER, "until": (clock.now() + timedelta(days=1)).isoformat(), "reason": "骚扰"}
    async with hall.browser("boss") as boss:
        asked = (await boss.post("/api/blacklist", json=wish)).json()
        refused = await boss.post(f"/api/blacklist/{asked['entry_id']}/decision", json={"move": "agree"})
        assert (refused.status_code, refused.json()["error"]) == (409, "SecondPersonNeeded")
        endless = {**wish, "number": "13900000000", "until": (clock.now() + timedelta(days=999)).isoformat()}
        assert (await boss.post("/api/blacklist", json=endless)).json()["error"] == "EntryInvalid"


async def test_an_open_case_leads_its_caller_to_the_seat_of_who_took_it(hall: ConsoleHall) -> None:
    pbx = part_of(hall.installation.config.pbx.model_copy(update={"own_seat_seconds": 10}))
    async with hall.console("wang") as wang:
        await hall.take_seat(wang, "8002")
        await hall.tell(*ringing("c1", "8002", NUMBER), answered("c1", "8002"))
        form = CaseForm(request_id=uuid4(), call_id="c1", what="电梯坏了", street_code="110101013", class_code="0101")
        await wang.command(FileCase(id=0, case=form))
        async with hall.database.transaction() as tx:
            assert await wanted(tx, pbx, clock.now()) == {("own-seat", NUMBER): "8002-2"}
            await tx.session.execute(update(Case).values(urgency="emergency"))
            assert await wanted(tx, pbx, clock.now()) == {("own-seat", NUMBER): "8002-2", ("priority", NUMBER): "10"}
            await tx.session.execute(update(Case).values(status="closed", closed_at=clock.now()))
            assert await wanted(tx, pbx, clock.now()) == {}
            assert (await tx.session.execute(select(Call.call_id))).scalar() == "c1"


async def test_a_missed_caller_is_called_back_once_from_the_own_seat(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.browser("wang") as browser:
        await gives_up(hall, "c1")
        (owed,) = await collected(hall)
        path, wish = f"/api/missed/{owed.missed_id}/call", {"request_id": str(uuid4())}
        assert (await browser.post(path, json=wish)).json()["error"] == "AtNoSeat"
        await hall.take_seat(wang, "8001")
        first, again = [(await browser.post(path, json=wish)).json() for _ in range(2)]
        assert (
            (first["kind"], first["order_id"]) == (again["kind"], again["order_id"]) == ("dial_out", first["order_id"])
        )
        async with hall.database.transaction() as tx:
            (order,) = (await tx.session.execute(select(PbxOrder))).scalars()
        assert (order.payload["number"], order.payload["shown_number"], order.seat) == (NUMBER, "96010", "8001")


async def test_a_leader_gets_calls_first_and_each_of_them_is_followed_up(hall: ConsoleHall) -> None:
    pbx = hall.installation.part()
    async with hall.console("wang") as wang, hall.browser("boss") as boss:
        await hall.take_seat(wang, "8001")
        seats = (await boss.get("/api/seats")).json()
        leader = next(seat["user_id"] for seat in seats if seat["seat"] == "8001")
        opened = (await boss.post("/api/leaders", json={"user_id": leader, "minutes": 60})).json()
        again = await boss.post("/api/leaders", json={"user_id": leader, "minutes": 60})
        assert (again.status_code, again.json()["error"]) == (409, "LeaderAtWork")
        async with hall.database.transaction() as tx:
            at_work = await leaders.at_work(tx, clock.now())
            (seat,) = [each for each in await service.desired(tx, pbx, at_work) if each.seat == "8001"]
        assert (seat.queues["q96010"], seat.queues["q12345"]) == (0, 0)
        await hall.tell(*ringing("c1", "8001", NUMBER), answered("c1", "8001"))
        form = CaseForm(request_id=uuid4(), call_id="c1", what="电梯坏了", street_code="110101013", class_code="0101")
        await wang.command(FileCase(id=0, case=form))
        ended = (await boss.post(f"/api/leaders/{opened['session_id']}/end")).json()
        assert (ended["running"], ended["open_cases"], len(ended["calls"])) == (False, 1, 1)
        assert ended["calls"][0]["caller"]["number"] == "138****1234"
        async with hall.database.transaction() as tx:
            assert await leaders.at_work(tx, clock.now()) == frozenset()
            await tx.session.execute(update(Case).values(status="closed", closed_at=clock.now()))
        (followed,) = (await boss.get("/api/leaders")).json()
        assert (followed["open_cases"], followed["calls"][0]["case_status"]) == (1, "closed")
        wish = CallbackWish(way=CallbackWay.PHONE, due_at=clock.now() + timedelta(days=1))
        case_id = followed["calls"][0]["case_id"]
        await wang.command(ScheduleCallback(id=0, request_id=uuid4(), case_id=case_id, callback=wish))
        (followed,) = (await boss.get("/api/leaders")).json()
        assert (followed["open_cases"], followed["calls"][0]["callback"]) == (1, "scheduled")
        async with hall.database.transaction() as tx:
            await tx.session.execute(update(Callback).values(state="done", ended_at=clock.now()))
        (followed,) = (await boss.get("/api/leaders")).json()
        assert (followed["open_cases"], followed["calls"][0]["at_end"]) == (0, True)


async def test_what_a_leader_answered_is_marked_also_when_he_handed_it_on(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("li") as li, hall.browser("boss") as boss:
        await hall.take_seat(wang, "8001")
        await hall.take_seat(li, "8002")
        seats = {seat["seat"]: seat["user_id"] for seat in (await boss.get("/api/seats")).json()}
        await boss.post("/api/leaders", json={"user_id": seats["8001"], "minutes": 60})
        await hall.tell(*ringing("c1", "8001", NUMBER), answered("c1", "8001"), *ringing("c2", "8002", "13800009999"))
        await hall.tell(answered("c2", "8002"))
        await hall.tell(
            f.TalkEnded(at=clock.now(), call_id="c1", seat="8001", ended_by=f.Party.TRANSFER),
            f.TalkEnded(at=clock.now(), call_id="c2", seat="8002", ended_by=f.Party.CALLER),
            answered("c1", "8002"),
        )
        for call in ("c1", "c2"):
            form = CaseForm(request_id=uuid4(), call_id=call, what="路灯", street_code="110101013", class_code="0101")
            await li.command(FileCase(id=0, case=form))
        calls = {each["call_id"]: each["leader"] for each in (await boss.get("/api/calls")).json()["items"]}
        assert calls == {"c1": "王芳", "c2": None}
        assert (await boss.get("/api/calls/c1")).json()["call"]["leader"] == "王芳"
        cases = {each["call_id"]: each["leader"] for each in (await boss.get("/api/cases")).json()["items"]}
        assert cases == calls
        (marked,) = (await boss.get("/api/cases", params={"leader": True})).json()["items"]
        assert (marked["call_id"], marked["leader"]) == ("c1", "王芳")
        assert (await boss.get(f"/api/cases/{marked['case_id']}")).json()["case"]["leader"] == "王芳"
        (session,) = (await boss.get("/api/leaders")).json()
        assert [call["call_id"] for call in session["calls"]] == ["c1"]
