"""Events on a real PostgreSQL: numbered in the order in which they become visible, told once and in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select, text

from backend.kernel.database import Database, DatabaseBusy, events_table
from backend.kernel.events import EventStream, StoredEvent, newest_seq, read_after

pytestmark = pytest.mark.integration


async def emit_many(database: Database, name: str, dice: random.Random, count: int) -> None:
    """Transactions with up to three events: some slow, some rolled back, some too large for a notification."""
    for n in range(count):
        try:
            async with database.transaction() as tx:
                for each in range(dice.randint(0, 3)):
                    payload = {"text": "电梯坏了" * dice.choice([1, 1, 1, 2000])}
                    tx.emit("told", entity=f"{name}-{n}-{each}", audience=["all"], payload=payload)
                if dice.random() < 0.3:
                    await tx.flush_events()
                    await asyncio.sleep(dice.uniform(0, 0.01))
                if dice.random() < 0.15:
                    raise InterruptedError
        except InterruptedError:
            continue


@asynccontextmanager
async def followed(
    database: Database, after: int | None = None, poll_s: float = 1.0
) -> AsyncIterator[tuple[list[StoredEvent], Callable[[int], Any]]]:
    """What a stream tells, and how to wait until it has told up to a number."""
    stream = EventStream(database, poll_s=poll_s, retry_s=0.02)
    seen: list[StoredEvent] = []

    async def follow() -> None:
        async for batch in stream.follow(after):
            seen.extend(batch)

    async def until(seq: int) -> None:
        async with asyncio.timeout(60):
            while not seen or seen[-1].seq < seq:
                await asyncio.sleep(0.01)

    following = asyncio.create_task(follow())
    async with asyncio.timeout(30):
        while not stream.connected:
            await asyncio.sleep(0.01)
    yield seen, until
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def stored(database: Database) -> list[StoredEvent]:
    async with database.transaction() as tx:
        return await read_after(tx.session, 0, limit=100_000)


async def newest(database: Database) -> int:
    async with database.transaction() as tx:
        return await newest_seq(tx.session)


@pytest.mark.parametrize("seed", [1, 2])
async def test_numbers_become_visible_in_their_order(database: Database, seed: int) -> None:
    dice = random.Random(seed)
    done = asyncio.Event()

    async def watch() -> list[int]:
        seen: list[int] = []
        query = select(events_table.c.seq).order_by(events_table.c.seq)
        while not done.is_set():
            async with database.transaction() as tx:
                now = list((await tx.session.execute(query)).scalars())
            assert now[: len(seen)] == seen, "a smaller number became visible later"
            seen = now
        return seen

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(emit_many(database, f"e{n}", dice, 80) for n in range(6)))
    done.set()
    assert len(await watching) > 0


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_stream_tells_every_event_once_and_in_order(database: Database, seed: int) -> None:
    dice = random.Random(seed)
    async with followed(database) as (early, until_early):
        first = asyncio.gather(*(emit_many(database, f"a{n}", dice, 60) for n in range(4)))
        async with followed(database, after=0) as (from_the_start, until_late):
            await first
            async with database.transaction() as tx:
                tx.emit("told", entity="last", audience=["all"], payload={})
            last = await newest(database)
            await until_early(last)
            await until_late(last)
            everything = await stored(database)
            assert early == everything
            assert from_the_start == everything


async def test_a_stream_whose_connection_is_cut_goes_on_where_it_was(database: Database) -> None:
    dice = random.Random(3)
    async with followed(database) as (seen, until):
        emitting = asyncio.gather(*(emit_many(database, f"e{n}", dice, 60) for n in range(3)))
        while not emitting.done():
            async with await psycopg.AsyncConnection.connect(database.driver_url, autocommit=True) as admin:
                await admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'hotline events' AND datname = current_database()"
                )
            await asyncio.sleep(0.03)
        await emitting
        async with database.transaction() as tx:
            tx.emit("told", entity="last", audience=["all"], payload={})
        await until(await newest(database))
        assert seen == await stored(database)


async def test_a_lost_notification_only_delays(database: Database) -> None:
    async with followed(database, poll_s=0.05) as (seen, until):
        async with database.transaction() as tx:
            await tx.session.execute(
                text(
                    "INSERT INTO events (at, topic, entity, audience, payload) "
                    "VALUES (now(), 'told', 'quiet', ARRAY['all'], '{}')"
                )
            )
        await until(await newest(database))
        assert [event.entity for event in seen] == ["quiet"]


async def test_events_of_one_transaction_keep_their_order_and_their_words(database: Database) -> None:
    words = "电梯 \\ \" ' 𠮷 \u2028 %s :x {}"
    async with followed(database) as (seen, until):
        async with database.transaction() as tx:
            for n in range(700):
                tx.emit(
                    f"topic-{n}", entity=words, audience=["b", "a", "b"], payload={"n": n, words: [None, 1.5, words]}
                )
        await until(await newest(database))
    assert [event.payload["n"] for event in seen] == list(range(700))
    assert seen[0].audience == {"a", "b"}
    assert (seen[0].entity, seen[0].payload[words]) == (words, [None, 1.5, words])
    assert seen == await stored(database)


async def test_what_is_rolled_back_was_never_told(database: Database) -> None:
    async with followed(database) as (seen, until):
        with suppress(InterruptedError):
            async with database.transaction() as tx:
                tx.emit("told", entity="never", audience=["all"], payload={})
                await tx.flush_events()
                raise InterruptedError
        async with database.transaction() as tx:
            tx.emit("told", entity="kept", audience=["all"], payload={})
        await until(await newest(database))
    assert [event.entity for event in seen] == ["kept"]


async def test_only_the_audience_is_read(database: Database) -> None:
    async with database.transaction() as tx:
        for audience in (["all"], ["seat:8001"], ["seat:8002", "all"], ["user:x"]):
            tx.emit("told", entity=audience[0], audience=audience, payload={})
    async with database.transaction() as tx:
        heard = await read_after(tx.session, 0, audience=["all", "seat:8001"])
        some = await read_after(tx.session, heard[0].seq, until=heard[-1].seq, limit=1)
        count = (await tx.session.execute(select(func.count()).select_from(events_table))).scalar_one()
    assert [event.entity for event in heard] == ["all", "seat:8001", "seat:8002"]
    assert [event.entity for event in some] == ["seat:8001"]
    assert count == 4


async def test_a_server_without_a_free_connection_says_that_it_is_busy(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = Database(database.url, pool_size=1)
    monkeypatch.setattr(narrow.engine.pool, "_timeout", 0.05)
    async with narrow.transaction() as one, narrow.transaction() as other:
        for tx in (one, other):
            await tx.session.execute(text("SELECT 1"))
        with pytest.raises(DatabaseBusy) as busy:
            async with narrow.transaction() as third:
                await third.session.execute(text("SELECT 1"))
        assert busy.value.http_status == 503
    async with narrow.transaction() as tx:
        assert (await tx.session.execute(text("SELECT 1"))).scalar_one() == 1
    await narrow.close()
