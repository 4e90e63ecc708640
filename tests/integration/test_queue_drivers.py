"""The connections that a worker takes its jobs by, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import psycopg
import pytest

from backend.kernel.database import Database
from backend.kernel.queue_drivers import ListeningDriver
from backend.kernel.urls import driver_url

pytestmark = pytest.mark.integration

CHANGED = json.dumps({"type": "table_changed_event"})
ALIVE = json.dumps({"type": "health_check_event"})


async def connected(database: Database) -> psycopg.AsyncConnection[object]:
    return await psycopg.AsyncConnection.connect(driver_url(database.url), autocommit=True)


@pytest.fixture
async def connections(database: Database) -> AsyncIterator[tuple[psycopg.AsyncConnection[object], ...]]:
    """The one that listens, and the one for queries."""
    async with await connected(database) as notices, await connected(database) as queries:
        yield notices, queries


async def told(heard: list[str], count: int) -> None:
    async with asyncio.timeout(60):
        while len(heard) < count:
            await asyncio.sleep(0.01)


async def test_a_query_does_not_wait_until_the_listening_connection_is_free(
    connections: tuple[psycopg.AsyncConnection[object], ...],
) -> None:
    notices, queries = connections
    driver = ListeningDriver(notices, queries)
    async with notices.lock, asyncio.timeout(60):  # as while psycopg waits for a notification
        assert await driver.fetch("SELECT $1::int AS n", 7) == [{"n": 7}]
        assert await driver.execute("SELECT 1") == "SELECT 1"


async def test_a_worker_asks_whether_it_hears_by_the_connection_that_listens(
    connections: tuple[psycopg.AsyncConnection[object], ...],
) -> None:
    notices, queries = connections
    heard: list[str] = []
    async with ListeningDriver(notices, queries) as driver, queries.lock, asyncio.timeout(60):
        await driver.add_listener("trial", lambda payload: heard.append(str(payload)))
        await driver.notify("trial", ALIVE)
        await told(heard, 1)
    assert heard == [ALIVE]


async def test_changes_that_come_together_are_told_as_fewer_and_the_last_of_them(
    connections: tuple[psycopg.AsyncConnection[object], ...],
) -> None:
    notices, queries = connections
    heard: list[str] = []
    async with ListeningDriver(notices, queries) as driver:
        await driver.add_listener("trial", lambda payload: heard.append(str(payload)))
        async with queries.transaction():  # so that all of them arrive at once; equal ones PostgreSQL itself folds
            for number in range(20):
                changed = json.dumps({"type": "table_changed_event", "number": number})
                await queries.execute("SELECT pg_notify('trial', %s)", [changed])
        async with asyncio.timeout(60):
            while changed not in heard:
                await asyncio.sleep(0.01)
    numbers = [json.loads(payload)["number"] for payload in heard]
    assert (numbers[0], numbers[-1]) == (0, 19)
    assert len(numbers) < 20


async def test_a_change_after_a_burst_is_told_too(connections: tuple[psycopg.AsyncConnection[object], ...]) -> None:
    notices, queries = connections
    heard: list[str] = []
    async with ListeningDriver(notices, queries) as driver:
        await driver.add_listener("trial", lambda payload: heard.append(str(payload)))
        for count in range(1, 4):
            await queries.execute("SELECT pg_notify('trial', %s)", [CHANGED])
            await told(heard, count)
    assert heard == [CHANGED] * 3
