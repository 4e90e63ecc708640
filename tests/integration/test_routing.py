"""Where calls really go: skills, levels and widening on the real Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from telephony import facts as f

from .switchboard import Switchboard, open_switchboard, queues, rang, switchboard_settings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

QUEUES = [
    {"name": "q96010", "ring_seconds": 3, "widen_after": [2]},
    {"name": "q12345"},
    {"name": "q-labour", "skill": "labour", "ring_seconds": 3},
]
NUMBERS = [
    {"number": "96010", "queue": "q96010"},
    {"number": "12345", "queue": "q12345"},
    {"number": "12333", "queue": "q-labour", "announcement": "labour-merged"},
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def board(tmp_path_factory: pytest.TempPathFactory, state_folder: Path) -> AsyncIterator[Switchboard]:
    settings = switchboard_settings(queues=QUEUES, numbers=NUMBERS)
    async with open_switchboard(tmp_path_factory.mktemp("board"), state_folder, settings) as opened:
        yield opened


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
    joined = next(fact.at for fact in facts if isinstance(fact, f.CallQueued))
    rings = next(fact.at for fact in facts if isinstance(fact, f.SeatRinging))
    assert (rings - joined).total_seconds() > 1


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
