"""Checks of calls on a real PostgreSQL: once, again, under somebody else's hands, and who may see what they found."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from asr.audio import Leg, StoredRecording
from asr.checks import Interval
from asr.checks.example import Example
from asr.transcript import Transcript as Heard
from backend.calls import outcomes
from backend.calls.models import Call
from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.kernel.database import Database
from backend.quality import repository
from backend.quality.checking import CallChecker, grounds_of, store
from backend.quality.models import QualityHit
from backend.quality.rules import rules_in_force
from telephony import facts as f

from .hall import ConsoleHall, answered, ringing

pytestmark = pytest.mark.integration

RUDE = [
    {"who": "caller", "at_s": 1.0, "say": "路灯 坏 了"},
    {"who": "seat", "at_s": 4.0, "say": "这个 不归我管"},
]


def heard(talk: list[dict[str, Any]] = RUDE) -> Heard:
    return Example.model_validate({"name": "test", "talk": talk, "finds": []}).transcript()


async def a_call(hall: ConsoleHall, call_id: str, seat: str = "8001", **talk: Any) -> None:
    """A citizen called, the seat answered, and what was said is transcribed."""
    await hall.tell(*ringing(call_id, seat), answered(call_id, seat))
    await hall.tell(
        f.CallEnded(
            at=clock.now(), call_id=call_id, outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16
        )
    )
    await transcribed(hall.database, call_id, **talk)


async def transcribed(database: Database, call_id: str, **talk: Any) -> None:
    stored = StoredRecording(None, "0" * 64, 1, 9000, "flac", None)  # type: ignore[arg-type]
    async with database.transaction() as tx:
        await outcomes.recording_stored(tx, call_id, f"{call_id}.flac", stored, clock.now())
        assert await outcomes.transcript_ready(tx, call_id, heard(**talk), clock.now())


async def hits(database: Database, call_id: str) -> list[QualityHit]:
    async with database.transaction() as tx:
        return list(await repository.hits_of(tx, call_id))


async def test_a_transcript_asks_for_its_check_in_the_same_commit(hall: ConsoleHall) -> None:
    await a_call(hall, "c1")
    async with hall.database.transaction() as tx:
        waiting = (
            await tx.session.execute(text("SELECT dedupe_key FROM pgqueuer WHERE entrypoint='check_call'"))
        ).all()
    assert [key for (key,) in waiting] == ["check_call:c1:1"]


async def test_what_was_found_stays_the_same_however_often_it_is_checked(hall: ConsoleHall) -> None:
    await a_call(hall, "c1")
    checker = CallChecker(hall.database)
    await checker.check({"call_id": "c1"})
    first = await hits(hall.database, "c1")
    await asyncio.gather(*(checker.check({"call_id": "c1"}) for _ in range(4)))
    again = await hits(hall.database, "c1")
    (hit,) = [each for each in again if each.kind == "forbidden_words"]
    assert (hit.rule_id, hit.leg, hit.from_ms, hit.to_ms, hit.text) == (
        "forbidden-words",
        "seat",
        4500,
        5500,
        "不归我管",
    )
    assert (hit.severity, hit.sure, hit.points) == ("fatal", True, 20)
    assert [(each.hit_id, each.found_at) for each in again] == [(each.hit_id, each.found_at) for each in first]


async def test_a_check_that_was_overtaken_stores_nothing(hall: ConsoleHall) -> None:
    await a_call(hall, "c1")
    async with hall.database.transaction() as tx:
        old = await grounds_of(tx, "c1", rules_in_force())
    assert old is not None
    await CallChecker(hall.database).check({"call_id": "c1"})
    before = await hits(hall.database, "c1")
    async with hall.database.transaction() as tx:
        assert not await store(tx, old, (), clock.now())
    assert [hit.hit_id for hit in await hits(hall.database, "c1")] == [hit.hit_id for hit in before]


async def test_a_check_of_a_transcript_that_was_replaced_stores_nothing(hall: ConsoleHall) -> None:
    await a_call(hall, "c1")
    async with hall.database.transaction() as tx:
        old = await grounds_of(tx, "c1", rules_in_force())
    assert old is not None
    async with hall.database.transaction() as tx:
        await tx.session.execute(text("UPDATE transcripts SET revision = 2, turns = '[]' WHERE call_id = 'c1'"))
    async with hall.database.transaction() as tx:
        assert not await store(tx, old, (), clock.now())
    async with hall.database.transaction() as tx:
        await CallChecker(hall.database, now=lambda: clock.now() + timedelta(minutes=5)).sweep(tx)
    await CallChecker(hall.database).check({"call_id": "c1"})
    assert [hit for hit in await hits(hall.database, "c1") if hit.kind == "forbidden_words"] == []


async def test_a_call_that_was_handed_on_is_checked_by_the_clock_of_its_recording(hall: ConsoleHall) -> None:
    began = clock.now() - timedelta(minutes=5)

    def at(second: float) -> dict[str, Any]:
        return {"at": began + timedelta(seconds=second), "call_id": "c1"}

    await hall.tell(*ringing("c1", "8001"))
    await hall.tell(
        f.CallAnswered(**at(0), seat="8001", channel="a"),
        f.CallHeld(**at(10), seat="8001"),
        f.CallAnswered(**at(40), seat="8002", channel="b"),
        f.TalkEnded(**at(40.2), seat="8001", ended_by=f.Party.TRANSFER),
        f.RecordingPaused(**at(60)),
        f.RecordingResumed(**at(80)),
        f.TalkEnded(**at(100), seat="8002", ended_by=f.Party.CALLER),
        f.CallEnded(**at(100), outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16),
    )
    spoken = [(1.0, "不知道"), (50.0, "不归我管"), (85.0, "感谢 您的 来电 再见")]
    talk = [{"who": "seat", "at_s": second, "say": say} for second, say in spoken]
    await transcribed(hall.database, "c1", talk=[*talk, {"who": "caller", "at_s": 95.0, "say": "谢谢 再见"}])
    async with hall.database.transaction() as tx:
        grounds = await grounds_of(tx, "c1", rules_in_force())
    assert grounds is not None
    facts = grounds.facts
    assert facts.holds == (Interval(start_ms=10_000, end_ms=40_000),)
    assert facts.pauses == (Interval(start_ms=60_000, end_ms=80_000),)
    assert facts.others == (Interval(start_ms=0, end_ms=40_000),)
    assert (facts.ended_by, facts.citizen_number) == ("caller", "8613800001234")
    await CallChecker(hall.database).check({"call_id": "c1"})
    found = await hits(hall.database, "c1")
    # the words of the seat that handed it on are nothing that the one to whom the call counts said
    assert [(hit.text, hit.sure) for hit in found if hit.kind == "forbidden_words"] == [
        ("不知道", False),
        ("不归我管", True),
    ]
    # and no silence lies over the time in which the recording was paused
    assert not [hit for hit in found if hit.rule_id == "long-silence" and hit.from_ms < 80_000 < hit.to_ms]


async def test_a_hit_before_the_call_was_handed_on_tells_which_colleague_had_it(hall: ConsoleHall) -> None:
    def at(second: float) -> dict[str, Any]:
        return {"at": began + timedelta(seconds=second), "call_id": "c1"}

    async with hall.console("wang") as wang, hall.console("li") as li:
        await hall.take_seat(wang, "8001")
        await hall.take_seat(li, "8002")
        await hall.tell(*ringing("c1", "8001"))
        began = clock.now()
        await hall.tell(
            f.CallAnswered(**at(0), seat="8001", channel="a"),
            f.TalkEnded(**at(40), seat="8001", ended_by=f.Party.TRANSFER),
            f.CallAnswered(**at(50), seat="8002", channel="b"),
            f.TalkEnded(**at(100), seat="8002", ended_by=f.Party.CALLER),
            f.CallEnded(**at(100), outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16),
        )
    spoken = [("seat", 1.0, "不知道"), ("caller", 20.0, "你 不知道"), ("seat", 60.0, "不归我管")]
    await transcribed(hall.database, "c1", talk=[{"who": who, "at_s": s, "say": say} for who, s, say in spoken])
    await CallChecker(hall.database).check({"call_id": "c1"})
    async with hall.browser("qa") as browser:
        found = (await browser.get("/api/calls/c1/hits")).json()["hits"]
    words = [hit for hit in found if hit["kind"] == "forbidden_words"]
    assert [(hit["text"], hit["sure"], hit["spoken_by"]) for hit in words] == [
        ("不知道", False, "王芳"),
        ("不归我管", True, None),
    ]
    assert all(hit["spoken_by"] is None for hit in found if hit["leg"] == "caller")


async def test_the_rules_are_those_of_the_day_of_the_call(hall: ConsoleHall) -> None:
    await a_call(hall, "c1")
    async with hall.database.transaction() as tx:
        await tx.session.execute(
            update(Call).where(Call.call_id == "c1").values(arrived_at=clock.now() - timedelta(days=400))
        )
    await CallChecker(hall.database).check({"call_id": "c1"})
    assert await hits(hall.database, "c1") == []


async def test_a_call_without_a_transcript_is_left_alone(hall: ConsoleHall) -> None:
    await CallChecker(hall.database).check({"call_id": "nobody"})
    assert await hits(hall.database, "nobody") == []


async def test_an_agent_reads_the_hits_of_own_calls_and_of_no_others(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("li") as li:
        await hall.take_seat(wang, "8001")
        await hall.take_seat(li, "8002")
        await a_call(hall, "c1", "8001")
    await CallChecker(hall.database).check({"call_id": "c1"})
    async with hall.browser("wang") as browser:
        seen = (await browser.get("/api/calls/c1/hits")).json()
        (hit,) = [each for each in seen["hits"] if each["kind"] == "forbidden_words"]
        assert seen["checked_at"] is not None
        assert (hit["text"], hit["from_ms"], hit["title"]["zh"]) == ("不归我管", 4500, "服务禁语")
    async with hall.browser("li") as browser:
        assert (await browser.get("/api/calls/c1/hits")).json()["error"] == "CallUnknown"
    async with hall.browser("qa") as browser:
        assert (await browser.get("/api/calls/c1/hits")).json()["hits"] == seen["hits"]
    for who in ("admin", None):
        async with hall.browser(who) as browser:
            assert (await browser.get("/api/calls/c1/hits")).status_code in (401, 403)
    async with hall.database.transaction() as tx:
        query = select(AuditEntry.username).where(AuditEntry.action == "hits_read").order_by(AuditEntry.at)
        assert (await tx.session.execute(query)).scalars().all() == ["wang", "qa"]


async def test_the_table_refuses_unknown_legs_and_points_of_unsure_hits(
    hall: ConsoleHall,
) -> None:
    await a_call(hall, "c1")
    await CallChecker(hall.database).check({"call_id": "c1"})
    for change in ("leg = 'both'", "sure = false", "to_ms = from_ms - 1"):
        with pytest.raises(Exception, match="ck_quality_hits"):
            async with hall.database.transaction() as tx:
                await tx.session.execute(text(f"UPDATE quality_hits SET {change} WHERE kind = 'forbidden_words'"))


def test_an_example_is_a_transcript_of_both_legs() -> None:
    assert {turn.leg for turn in heard().turns} == set(Leg)
