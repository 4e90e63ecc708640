"""Calls of earlier days are checked anew by order: once for each order, however often it breaks off, history kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import delete, select, text, update
from typer.testing import CliRunner

from backend.app.cli_quality import quality_app
from backend.app.worker_role import review_drawer
from backend.calls.models import Call
from backend.identity.models import AuditEntry
from backend.identity.repository import user_by_name
from backend.kernel import clock
from backend.kernel.versions import DataVersion
from backend.quality import checking, rechecks
from backend.quality.checking import CallChecker
from backend.quality.drafts import DESK
from backend.quality.errors import CheckOvertaken, DaysNotSensible
from backend.quality.models import EarlierHit, QualityHit, RuleRow
from backend.quality.rechecks import Rechecker
from backend.quality.repository import check_of
from backend.quality.rules import rules_in_force
from backend.quality.schemas import RecheckAsked
from backend.reviews.models import Review

from .hall import ConsoleHall
from .test_quality import a_call
from .test_quality_rules import detail, lamp, put, today, tried

pytestmark = pytest.mark.integration
in_one_day = pytest.mark.usefixtures("one_day")

CALLS = ("c1", "c2", "c3")


@pytest.fixture
async def desk(hall: ConsoleHall) -> AsyncIterator[ConsoleHall]:
    """Three calls of yesterday, checked by the rules of that day; what is switched on is gone afterwards."""
    for call_id in CALLS:
        await a_call(hall, call_id)
        async with hall.database.transaction() as tx:
            earlier = clock.now() - timedelta(days=1)
            await tx.session.execute(update(Call).where(Call.call_id == call_id).values(arrived_at=earlier))
        await CallChecker(hall.database).check({"call_id": call_id})
    yield hall
    async with hall.database.transaction() as tx:
        await tx.session.execute(delete(RuleRow).where(RuleRow.dataset == DESK))
        await tx.session.execute(delete(DataVersion).where(DataVersion.dataset == DESK))


async def switch_on(desk: ConsoleHall, leader: httpx.AsyncClient, severity: str = "minor") -> None:
    """The rule `lamp-words`, from today on."""
    written = lamp().replace("severity: minor", f"severity: {severity}")
    draft = (await put(leader, written)).json()["rule"]["draft"]
    await tried(desk, leader, draft)
    draft = (await detail(leader))["rule"]["draft"]
    on = {"revision": draft["revision"], "from_day": today(), "reason": "新规则"}
    assert (await leader.post(f"/api/quality/drafts/{draft['draft_id']}/on", json=on)).status_code == 200


def wish(**said: Any) -> dict[str, Any]:
    return {"recheck_id": str(uuid4()), "from_day": today(-1), "to_day": today(-1), "reason": "规则已改"} | said


async def order(leader: httpx.AsyncClient, **said: Any) -> dict[str, Any]:
    asked = wish(**said)
    answers = [await leader.post("/api/quality/rechecks", json=asked) for _ in range(2)]  # a double click is one order
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert answers[0].json() == answers[1].json()
    return dict(answers[0].json())


async def carried_out(desk: ConsoleHall, leader: httpx.AsyncClient, recheck_id: str) -> dict[str, Any]:
    await Rechecker(desk.database).run({"recheck_id": recheck_id})
    return await standing(leader, recheck_id)


async def standing(reader: httpx.AsyncClient, recheck_id: str) -> dict[str, Any]:
    listed = (await reader.get("/api/quality/rechecks")).json()
    return next(each for each in listed if each["recheck_id"] == recheck_id)


def counts(row: dict[str, Any]) -> Sequence[Any]:
    return [row[name] for name in ("state", "checked", "changed", "found", "gone")]


async def drawn(desk: ConsoleHall, days: int) -> list[tuple[str, str]]:
    """What the draw of the night, so many days from now, gives people because of fatal hits."""
    drawer = review_drawer(desk.installation, desk.database)
    async with desk.database.transaction() as tx:
        before = set((await tx.session.execute(select(Review.review_id))).scalars())
        assert await drawer.draw_for_all(tx, clock.beijing(clock.now()).date() + timedelta(days=days)) is not None
        query = select(Review).where(Review.review_id.not_in(before)).order_by(Review.call_id)
        return [(each.call_id, each.purpose) for each in (await tx.session.execute(query)).scalars()]


async def of_lamp(desk: ConsoleHall, table: type[QualityHit | EarlierHit] = QualityHit) -> list[str]:
    async with desk.database.transaction() as tx:
        query = select(table.call_id).where(table.rule_id == "lamp-words").order_by(table.call_id)
        return list((await tx.session.execute(query)).scalars())


@in_one_day
async def test_what_rules_of_today_find_in_calls_of_yesterday_stands_once_and_what_is_gone_is_history(
    desk: ConsoleHall,
) -> None:
    async with desk.browser("qa-leader") as leader:
        await switch_on(desk, leader)
        for call_id in CALLS:  # the rule is not one of the day of these calls
            await CallChecker(desk.database).check({"call_id": call_id})
        assert await of_lamp(desk) == []

        asked = await order(leader)
        assert (asked["state"], asked["total"], asked["rules_of"]) == ("waiting", 3, today())
        done = await carried_out(desk, leader, asked["recheck_id"])
        assert counts(done) == ["done", 3, 3, 3, 0]
        assert await of_lamp(desk) == list(CALLS)
        assert counts(await carried_out(desk, leader, asked["recheck_id"])) == ["done", 3, 3, 3, 0]

        # whatever checks such a call later goes on by the rules that were ordered for it
        await CallChecker(desk.database).check({"call_id": "c1"})
        again = await order(leader)
        assert counts(await carried_out(desk, leader, again["recheck_id"])) == ["done", 3, 0, 0, 0]
        assert await of_lamp(desk) == list(CALLS)

        before = await order(leader, rules_of=today(-1))
        assert counts(await carried_out(desk, leader, before["recheck_id"])) == ["done", 3, 3, 0, 3]
        assert (await of_lamp(desk), await of_lamp(desk, EarlierHit)) == ([], list(CALLS))
        for _ in range(2):
            await CallChecker(desk.database).check({"call_id": "c1"})
        assert (await of_lamp(desk), await of_lamp(desk, EarlierHit)) == ([], list(CALLS))
        (gone,) = (await leader.get("/api/calls/c1/hits")).json()["earlier"]
        assert (gone["rule_id"], gone["title"]["zh"], gone["text"]) == ("lamp-words", "路灯用语", "不归我管")
    async with desk.database.transaction() as tx:
        query = select(AuditEntry.username, AuditEntry.detail).where(AuditEntry.action == "recheck_ordered")
        noted = (await tx.session.execute(query)).all()
    assert [(each.username, each.detail["reason"]) for each in noted] == [("qa-leader", "规则已改")] * 3


@in_one_day
async def test_fatal_hits_of_a_new_check_of_earlier_days_are_drawn_for_review_and_only_once(desk: ConsoleHall) -> None:
    async with desk.database.transaction() as tx:
        wang = await user_by_name(tx.session, "wang")
        assert wang is not None
        # so long ago that no random draw looks at them, and without a hit
        earlier = {"user_id": wang.user_id, "agent_name": "王芳", "arrived_at": clock.now() - timedelta(days=30)}
        await tx.session.execute(update(Call).values(**earlier))
        await tx.session.execute(delete(QualityHit))
    assert await drawn(desk, 0) == []
    async with desk.browser("qa-leader") as leader:
        await switch_on(desk, leader, severity="fatal")
        for days in (1, 2):
            asked = await order(leader, from_day=today(-31), to_day=today(-29))
            assert (await carried_out(desk, leader, asked["recheck_id"]))["checked"] == 3
            assert await drawn(desk, days) == ([(call_id, "fatal") for call_id in CALLS] if days == 1 else [])


@in_one_day
async def test_an_order_that_breaks_off_goes_on_where_it_stopped_and_counts_each_call_once(
    desk: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rechecks, "_BATCH", 1)
    seen: list[str] = []

    async def dies(*given: Any) -> Any:
        seen.append(given[1].call_id)
        if len(seen) == 2:
            raise ConnectionError("the worker is killed")
        return await checking.store(*given)

    monkeypatch.setattr(rechecks, "store", dies)
    async with desk.browser("qa-leader") as leader:
        await switch_on(desk, leader)
        asked = await order(leader)
        with pytest.raises(ConnectionError):
            await Rechecker(desk.database).run({"recheck_id": asked["recheck_id"]})
        assert counts(await standing(leader, asked["recheck_id"])) == ["running", 1, 1, 1, 0]
        assert counts(await carried_out(desk, leader, asked["recheck_id"])) == ["done", 3, 3, 3, 0]
    assert seen == ["c1", "c2", "c2", "c3"]
    assert await of_lamp(desk) == list(CALLS)


@in_one_day
async def test_two_workers_with_one_order_and_checks_beside_it_double_nothing(
    desk: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rechecks, "_BATCH", 1)
    async with desk.browser("qa-leader") as leader:
        await switch_on(desk, leader)
        asked = await order(leader)
        payload = {"recheck_id": asked["recheck_id"]}
        await asyncio.gather(
            *(Rechecker(desk.database).run(payload) for _ in range(2)),
            *(CallChecker(desk.database).check({"call_id": call_id}) for call_id in CALLS),
        )
        assert counts(await standing(leader, asked["recheck_id"]))[:2] == ["done", 3]
    assert await of_lamp(desk) == list(CALLS)


@in_one_day
async def test_a_call_that_is_checked_anew_meanwhile_is_checked_by_what_stands_then(
    desk: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    overtaken: list[str] = []

    async def late(tx: Any, grounds: Any, hits: Any, at: Any) -> Any:
        if len(overtaken) < 2:
            overtaken.append(grounds.call_id)
            async with desk.database.transaction() as other:
                found = await checking.grounds_of(other, grounds.call_id, Rechecker(desk.database)._rules)
                assert found is not None
                assert await checking.store(other, found, (), at) is not None
        return await checking.store(tx, grounds, hits, at)

    monkeypatch.setattr(rechecks, "store", late)
    async with desk.browser("qa-leader") as leader:
        await switch_on(desk, leader)
        asked = await order(leader)
        assert counts(await carried_out(desk, leader, asked["recheck_id"]))[:2] == ["done", 3]
    assert (overtaken, await of_lamp(desk)) == (["c1", "c1"], list(CALLS))


async def test_a_call_is_checked_by_what_stands_whoever_has_read_it_before(desk: ConsoleHall) -> None:
    rules = rules_in_force()
    async with desk.database.transaction() as tx:
        read_before = await check_of(tx, "c1")
        for transaction in (desk.database.transaction(), nullcontext(tx)):
            async with transaction as one:
                grounds = await checking.grounds_of(one, "c1", rules)
                assert grounds is not None
                assert await checking.store(one, grounds, (), clock.now()) is not None
    assert read_before is not None


@in_one_day
@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"to_day": 0}, "DaysNotSensible"),
        ({"from_day": 0, "to_day": -1}, "DaysNotSensible"),
        ({"from_day": -200}, "DaysNotSensible"),
        ({"rules_of": 1}, "DaysNotSensible"),
        ({"reason": " "}, "RuleReasonMissing"),
        ({"reason": "长" * 501}, "InputInvalid"),
    ],
)
async def test_days_that_make_no_sense_and_orders_without_a_reason_are_refused(
    hall: ConsoleHall, said: dict[str, Any], error: str
) -> None:
    said = {name: today(value) if isinstance(value, int) else value for name, value in said.items()}
    async with hall.browser("qa-leader") as leader:
        assert (await leader.post("/api/quality/rechecks", json=wish(**said))).json()["error"] == error
        assert (await leader.get("/api/quality/rechecks")).json() == []


async def test_only_who_answers_for_the_rules_orders_and_nobody_else(hall: ConsoleHall) -> None:
    for who, status in (("qa", 403), ("wang", 403), (None, 401)):
        async with hall.browser(who) as browser:
            assert (await browser.post("/api/quality/rechecks", json=wish())).status_code == status
    async with hall.browser("qa") as qa:
        assert (await qa.get("/api/quality/rechecks")).json() == []
    async with hall.database.transaction() as tx:
        jobs = await tx.session.execute(text("SELECT 1 FROM pgqueuer WHERE entrypoint = 'recheck_calls'"))
        assert jobs.all() == []


async def commanded(desk: ConsoleHall, *words: str) -> str:
    """What `hotline quality` says, here and not in a process of its own, to which another day may come meanwhile."""
    environment = {"HOTLINE_DATABASE_URL": desk.database.url}
    invoke = partial(CliRunner().invoke, catch_exceptions=False, env=environment)
    done = await asyncio.to_thread(invoke, quality_app, words)
    assert done.exit_code == 0, done.output
    return done.output


@in_one_day
async def test_a_command_says_how_many_calls_it_would_be_and_orders_their_check(desk: ConsoleHall) -> None:
    days = ("recheck", "--from", today(-2), "--to", today(-1), "--reason", "规则已改")
    assert "A dry run: 3 calls." in await commanded(desk, *days, "--dry-run")
    late = ("recheck", "--from", today(-1), "--to", today(), "--reason", "规则已改")
    with pytest.raises(DaysNotSensible, match="calls of today need no order"):
        await commanded(desk, *late)
    async with desk.browser("qa-leader") as leader:
        assert (await leader.get("/api/quality/rechecks")).json() == []
        assert "3 calls will be checked anew" in await commanded(desk, *days)
        (asked,) = (await leader.get("/api/quality/rechecks")).json()
        assert (asked["requested_by"], asked["reason"], asked["rules_of"]) == ("", "规则已改", today())
        assert counts(await carried_out(desk, leader, asked["recheck_id"]))[:2] == ["done", 3]
    async with desk.database.transaction() as tx:
        query = select(AuditEntry.detail).where(AuditEntry.action == "recheck_ordered")
        (noted,) = (await tx.session.execute(query)).scalars()
    assert (noted["from"], noted["to"], noted["reason"]) == (today(-2), today(-1), "规则已改")


@in_one_day
async def test_an_order_that_is_given_up_says_why(hall: ConsoleHall) -> None:
    asked = RecheckAsked.model_validate(wish())
    async with hall.database.transaction() as tx:
        await rechecks.order(tx, None, asked, clock.now())
    await Rechecker(hall.database).give_up({"recheck_id": str(asked.recheck_id)}, CheckOvertaken("late"))
    async with hall.browser("qa") as qa:
        row = await standing(qa, str(asked.recheck_id))
    assert (row["state"], row["requested_by"], row["problem"]["error"]) == ("failed", "", "CheckOvertaken")
    await Rechecker(hall.database).run({"recheck_id": str(asked.recheck_id)})
    async with hall.browser("qa") as qa:
        assert (await standing(qa, str(asked.recheck_id)))["state"] == "failed"
