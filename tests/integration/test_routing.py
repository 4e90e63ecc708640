"""Where calls really go: skills, levels and widening on the real Asterisk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from telephony import facts as f
from telephony.pbx.settings import OWN_SEAT_QUEUE
from telephony.table import BLACKLIST, CALLBACK, FAMILIES, OWN_SEAT, PRIORITY, correct, forget_wish, read

from .switchboard import CONFIGS, Switchboard, open_switchboard, queues, rang, switchboard_settings

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

BUSY = {"after_seconds": 2, "few_after_seconds": 1, "to_seconds": 3}
TAKEN = {**BUSY, "to": "q96010", "to_seconds": 60, "offer_callback": False}
"""What a test waits for is short; what must not end meanwhile outlasts a machine that stands still."""
QUEUES = [
    {"name": "q96010", "ring_seconds": 60, "widen_after": [2]},
    {"name": "q12345", "ring_seconds": 60},
    {"name": "q-labour", "skill": "labour", "ring_seconds": 60},
    {"name": "q-civil", "skill": "civil", "overflow": TAKEN},
    {"name": "q-heating", "skill": "heating", "ring_seconds": 60, "overflow": BUSY},
    {
        "name": "q-business",
        "skill": "business",
        "max_waiting": 1,
        "overflow": {**TAKEN, "after_seconds": 600},
    },
    {
        "name": "q-foreign",
        "skill": "foreign",
        "overflow": {**BUSY, "to": "q96010", "after_seconds": 600, "few_seats": 1},
    },
]
NUMBERS = [
    {"number": "96010", "queue": "q96010"},
    {"number": "12345", "queue": "q12345"},
    {"number": "12333", "queue": "q-labour", "announcement": "labour-merged"},
    {"number": "96156", "queue": "q-civil"},
    {"number": "96069", "queue": "q-heating"},
    {"number": "12366", "queue": "q-business"},
    {"number": "12367", "queue": "q-foreign"},
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_board(tmp_path_factory: pytest.TempPathFactory, state_folder: Path) -> AsyncIterator[Switchboard]:
    settings = switchboard_settings(
        queues=QUEUES,
        numbers=NUMBERS,
        languages=["zh", "en"],
        own_seat_seconds=60,
        survey={"enabled": True, "tries": 1, "seconds": 20},
    )
    async with open_switchboard(tmp_path_factory.mktemp("board"), state_folder, settings) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def board(open_board: Switchboard) -> AsyncIterator[Switchboard]:
    """The switchboard as if nobody had called yet: what a test leaves behind is no matter of the next."""
    yield open_board
    await open_board.fall_silent()
    await correct(open_board.link.action, {}, await read(open_board.link.action, [*FAMILIES, CALLBACK]))


async def test_every_announcement_is_said_in_both_languages(board: Switchboard) -> None:
    texts = yaml.safe_load((CONFIGS / "announcements" / "zh.yaml").read_text())["texts"]
    spoken = await asyncio.gather(
        *(board.pbx.cli(f"dialplan show {part}") for part in ("queues", "talked", "line-lost"))
    )
    sounds = board.pbx.paths.sounds
    for name in texts:
        assert (sounds / "en" / f"{name}.alaw").stat().st_size > 1000
    for name in ("all-busy", "survey", "line-lost"):
        assert f"{sounds}/zh/{name}&{sounds}/en/{name}" in "".join(spoken)


async def test_a_call_rings_only_where_its_skill_is(board: Switchboard) -> None:
    await board.staff({"8001": {"general": 1}, "8002": {"labour": 2}})
    facts = await board.told("12333")
    assert (queues(facts), rang(facts)) == (["q-labour"], ["8002"])


async def test_the_best_level_rings_first_and_the_next_only_after_the_set_wait(board: Switchboard) -> None:
    await board.staff({"8003": {"general": 2}, "8004": {"general": 1}})
    assert rang(await board.told("96010")) == ["8004"]
    await board.staff({"8003": {"general": 2}, "8004": {"general": 1}}, paused=["8004"])
    facts = await board.told("96010")
    assert rang(facts) == ["8003"]
    joined, rings = (board.moment(event, facts[0].call_id) for event in ("QueueCallerJoin", "AgentCalled"))
    assert rings - joined > 1


async def test_a_level_that_changes_in_the_run_is_followed_by_the_queue(board: Switchboard) -> None:
    await board.staff({"8003": {"general": 2}, "8004": {"general": 1}})
    await board.staff({"8003": {"general": 1}, "8004": {"general": 2}})
    assert rang(await board.told("96010")) == ["8003"]
    assert "penalty 2" in next(
        line for line in (await board.pbx.cli("queue show q96010")).splitlines() if "8004" in line
    )


async def test_a_leader_goes_before_every_level(board: Switchboard) -> None:
    await board.staff({"8001": {"general": 0}, "8002": {"general": 1}})
    assert rang(await board.told("12345")) == ["8001"]


async def test_nobody_signed_in_leads_to_the_other_group(board: Switchboard) -> None:
    await board.staff({"8001": {"general": 1}})
    facts = await board.told("96156")
    assert (queues(facts), rang(facts)) == (["q96010"], ["8001"])


async def test_who_finds_the_queue_full_goes_to_the_other_group(board: Switchboard) -> None:
    await board.staff({"8001": {"general": 1}, "8005": {"business": 1}}, paused=["8005"])
    waiting = await board.call("12366", number="13800138010")
    await board.until(lambda: queues(board.of("13800138010")) == ["q-business"])
    facts = await board.told("12366")
    assert (queues(facts), rang(facts)) == (["q96010"], ["8001"])
    await waiting.stop(within_s=0)
    await board.pbx.cli("channel request hangup all")
    await board.until(lambda: any(isinstance(fact, f.CallEnded) for fact in board.of("13800138010")))


async def test_with_few_seats_at_night_the_other_group_and_then_a_callback_come_sooner(board: Switchboard) -> None:
    await board.staff({"8001": {"general": 1}, "8005": {"foreign": 1}}, paused=["8001", "8005"])
    facts = await board.told("12367", number="13800138011", key="1", key_after_s=1.5, talk_s=60)
    assert queues(facts) == ["q-foreign", "q96010"]
    joined = next(fact.at for fact in facts if isinstance(fact, f.CallQueued))
    left = next(fact.at for fact in facts if isinstance(fact, f.CallLeftQueue))
    assert (left - joined).total_seconds() < 300, "he waited as long as by day"
    assert [fact.outcome for fact in facts if isinstance(fact, f.CallEnded)] == ["no_seat"]
    assert await read(board.link.action, [CALLBACK]) == {(CALLBACK, "13800138011"): facts[0].call_id}
    await forget_wish(board.link.action, "13800138011")


async def test_with_nobody_in_the_hall_a_callback_is_offered(board: Switchboard) -> None:
    await board.staff({})
    facts = await board.told("12367", number="13800138012", key="1", key_after_s=1.5, talk_s=60)
    assert queues(facts) == ["q-foreign"]
    assert await read(board.link.action, [CALLBACK]) == {(CALLBACK, "13800138012"): facts[0].call_id}
    await forget_wish(board.link.action, "13800138012")


async def test_a_caller_who_waited_too_long_is_asked_and_keeps_his_place_once(board: Switchboard) -> None:
    await board.staff({"8005": {"heating": 1}}, paused=["8005"])
    for _ in range(2):
        facts = await board.told("96069", number="13800138000", key="1", key_after_s=1.5, talk_s=60)
        assert [fact.outcome for fact in facts if isinstance(fact, f.CallEnded)] == ["no_seat"]
    wishes = await read(board.link.action, [CALLBACK])
    first = next(
        fact for fact in board.facts if isinstance(fact, f.CallArrived) and fact.caller_number == "13800138000"
    )
    assert wishes == {(CALLBACK, "13800138000"): first.call_id}
    (counted,) = await board.counted(facts[0].call_id)
    assert counted.outcome == "abandoned"
    await forget_wish(board.link.action, "13800138000")
    assert await read(board.link.action, [CALLBACK]) == {}


async def test_who_declines_the_callback_waits_on_and_is_answered(board: Switchboard) -> None:
    await board.staff({"8005": {"heating": 1}}, paused=["8005"])
    run = await board.call("96069", number="13800138001", key="2", key_after_s=1.5, talk_s=60)
    await board.until(lambda: sum(isinstance(fact, f.CallQueued) for fact in board.of("13800138001")) == 2)
    await board.staff({"8005": {"heating": 1}})
    await board.until(lambda: any(isinstance(fact, f.CallAnswered) for fact in board.of("13800138001")))
    await run.stop(within_s=0)
    await board.pbx.cli("channel request hangup all")
    await board.until(lambda: any(isinstance(fact, f.CallEnded) for fact in board.of("13800138001")))


async def test_a_refused_number_hears_why_until_its_date(board: Switchboard) -> None:
    await board.staff({"8001": {"general": 1}})
    later, past = str(int(time.time()) + 600), str(int(time.time()) - 1)
    refused = {(BLACKLIST, "13911110001"): later, (BLACKLIST, "13911110002"): past}
    await correct(board.link.action, refused, {})
    for number in ("13911110001", "+8613911110001", "013911110001"):
        facts = await board.told("96010", number=number)
        assert rang(facts) == []
        assert facts[-1].outcome == "rejected"  # type: ignore[attr-defined]
    assert rang(await board.told("96010", number="13911110002")) == ["8001"]
    assert await correct(board.link.action, {}, await read(board.link.action, FAMILIES)) == 2


async def test_the_seat_of_the_open_case_rings_first_if_it_is_free(board: Switchboard) -> None:
    people = {"8001": {"general": 1}, "8003": {"general": 1}, "8006": {"labour": 1}}
    await board.staff(people)
    await correct(board.link.action, {(OWN_SEAT, "13911110003"): "8006-6"}, {})
    facts = await board.told("96010", number="13911110003")
    assert (queues(facts), rang(facts)) == ([OWN_SEAT_QUEUE], ["8006"])
    await board.staff(people, paused=["8006"])
    facts = await board.told("96010", number="13911110003")
    assert queues(facts) == ["q96010"]
    assert rang(facts)[0] in {"8001", "8003"}


async def test_an_emergency_goes_before_who_waited_longer(board: Switchboard) -> None:
    await board.staff({"8001": {"general": 1}}, paused=["8001"])
    await correct(board.link.action, {(PRIORITY, "13911110005"): "10"}, {})
    numbers = ("13911110004", "13911110005")
    calls = [await board.call("12345", number=number) for number in numbers]
    both = lambda kind: [fact for number in numbers for fact in board.of(number) if isinstance(fact, kind)]  # noqa: E731
    await board.until(lambda: len(both(f.CallQueued)) == 2)
    await board.staff({"8001": {"general": 1}})
    for call in calls:
        await call.finished()
    await board.until(lambda: len(both(f.CallAnswered)) == 2)
    answered = [fact.call_id for fact in board.facts if isinstance(fact, f.CallAnswered)][-2:]
    assert [board.caller(call_id) for call_id in answered] == ["13911110005", "13911110004"]
    await board.until(lambda: len(both(f.CallEnded)) == 2)


async def test_the_citizen_scores_the_talk_by_key_after_the_seat_has_hung_up(board: Switchboard) -> None:
    await board.staff({"8006": {"labour": 1}})
    # seat 8006 hangs up after 0.7 s; what is pressed before that would be no score
    facts = await board.told("12333", key="2", key_after_s=8, talk_s=30)
    ended, score = [fact for fact in facts if isinstance(fact, f.TalkEnded | f.SurveyAnswered)]
    assert isinstance(ended, f.TalkEnded)
    assert isinstance(score, f.SurveyAnswered)
    assert (score.score, score.seat, ended.ended_by) == (2, "8006", "seat")
