"""Processes that end are started again, by a keeper that watches real ones."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

import pytest

from backend.app.children import Keeper, RoleProcess, restart_pause
from backend.kernel.processes import die_with_parent


async def a_process(program: str = "import time; time.sleep(3600)") -> RoleProcess:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, preexec_fn=die_with_parent())
    return RoleProcess(process)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_pause_grows_and_has_an_end() -> None:
    pauses = [restart_pause(n) for n in range(20)]
    assert pauses[0] == 0
    assert pauses == sorted(pauses)
    assert pauses[-1] == pauses[-2] <= 60


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_killed_process_is_started_again(how: signal.Signals) -> None:
    keeper = Keeper("worker", a_process)
    await keeper.begin()
    for starts in (2, 3):
        before = keeper.pid
        assert before is not None
        os.kill(before, how)
        await until(lambda starts=starts: keeper.starts == starts and keeper.pid is not None)
        assert keeper.pid != before
        assert not alive(before)
    last = keeper.pid
    await keeper.end()
    assert keeper.pid is None
    assert last is not None
    assert not alive(last)


async def test_a_process_that_does_not_start_again_is_tried_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.app.children._PAUSES_S", (0.0, 0.01))
    attempts = 0

    async def stubborn() -> RoleProcess:
        nonlocal attempts
        attempts += 1
        if 1 < attempts < 5:
            raise OSError("no such program")
        return await a_process()

    keeper = Keeper("worker", stubborn)
    await keeper.begin()
    assert keeper.pid is not None
    os.kill(keeper.pid, signal.SIGKILL)
    await until(lambda: keeper.starts == 2)
    assert attempts == 5
    await keeper.end()


async def test_a_first_start_that_fails_is_told() -> None:
    async def never() -> RoleProcess:
        raise OSError("no such program")

    with pytest.raises(OSError, match="no such program"):
        await Keeper("worker", never).begin()


async def test_a_process_that_does_not_listen_is_stopped_all_the_same() -> None:
    deaf = await a_process(
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); time.sleep(3600)"
    )
    await asyncio.sleep(0.5)
    await deaf.stop()
    assert await deaf.wait() in (7, -signal.SIGTERM)
    await deaf.stop()
