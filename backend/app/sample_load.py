"""Loading sample cases: all of them in one transaction, or none, however it ends.

The cases are made by processes beside this one and copied as they come. Indexes and references are taken away before
and made anew after, which is many times faster than keeping them up row by row; meanwhile nobody else works on cases.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg
from sqlalchemy import select, text

from backend.app.sample import CASE_COLUMNS, EVENT_COLUMNS, SEARCH_COLUMNS, Area, Day, Kind, Made, World, days_of, make
from backend.cases.models import Case, CaseNumberDay
from backend.cases.numbering import day_of
from backend.cases.rules import ReferenceData
from backend.cases.schemas import CaseStatus
from backend.deadlines import service as deadlines
from backend.deadlines.kept import ClockKey, begin
from backend.deadlines.schemas import ClockName
from backend.identity import audit
from backend.identity.models import User
from backend.kernel.database import Database, Transaction
from backend.kernel.errors import Conflict
from backend.taxonomy.schemas import CaseClass, Urgency

YEARS = 5
_DAYS = 365 * YEARS
_FILERS = 20
_STILL_OPEN = timedelta(hours=20)
"""Younger cases may be open; the clock of a normal one runs for a day, so none of them is overdue at once."""
_AT_ONCE = 4
_DAYS_A_BATCH = 8
_TABLES = ("cases", "case_events", "case_search")
_OWNER = uuid5(NAMESPACE_URL, "hotline:sample")

Say = Callable[[str, int, int], None]
"""Told what is done, how far it has come, and out of how much."""


class RealCases(Conflict):
    """Sample cases were to be mixed with real ones."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How many cases to make, from which seed, by how many processes."""

    cases: int
    seed: int = 96010
    processes: int = 2
    force: bool = False


async def load_sample(
    database: Database, sample: Sample, reference: ReferenceData, now: datetime, say: Say = lambda *_: None
) -> int:
    """Load sample cases; returns how many. Raises `RealCases` when there are others, unless `force` is set."""
    async with database.transaction() as tx:
        # nobody files between the look at the cases and the end of the load
        await tx.session.execute(text("LOCK TABLE cases, case_number_days IN ACCESS EXCLUSIVE MODE"))
        if not sample.force:
            await _refuse_real_cases(tx)
        world = await _world(tx, sample, reference, now)
        days = days_of(sample.cases, day_of(now), _DAYS, await _numbers_given(tx))
        raw = await (await tx.session.connection()).get_raw_connection()
        connection = cast("psycopg.AsyncConnection[Any]", raw.driver_connection)
        made_again = await _without_indexes(connection)
        loaded = await _copy(connection, world, days, sample, say)
        await _give_numbers(connection)
        for number, statement in enumerate(made_again):
            say("indexes", number, len(made_again))
            await connection.execute(statement)
        await _start_clocks(tx, reference, world.open_after, now)
        detail = {"cases": loaded, "seed": sample.seed}
        await audit.record(tx, None, "sample_loaded", "dataset", "cases", detail, at=now)
    say("statistics", 0, 1)
    async with await psycopg.AsyncConnection.connect(database.driver_url, autocommit=True) as after:
        await after.execute(f"VACUUM (ANALYZE) {', '.join(_TABLES)}")
    return loaded


async def _refuse_real_cases(tx: Transaction) -> None:
    ours = [_filer_id(n) for n in range(_FILERS)]
    real = (await tx.session.execute(select(Case.number).where(Case.filed_by_id.not_in(ours)).limit(1))).scalar()
    if real is not None:
        raise RealCases(
            f"This installation holds real cases, such as {real}.",
            kept="Nothing was loaded.",
            next_step="Load samples into an installation of their own. --force mixes them for good: figures "
            "and reports count both, and cases are never deleted.",
        )


async def _world(tx: Transaction, sample: Sample, reference: ReferenceData, now: datetime) -> World:
    filers = [(_filer_id(n), f"样例坐席{n + 1:02d}") for n in range(_FILERS)]
    for n, (user_id, name) in enumerate(filers):
        if await tx.session.get(User, user_id) is None:
            user = User(user_id=user_id, username=f"sample{n + 1:02d}", display_name=name, password_hash="")
            user.roles, user.active, user.created_at = [], False, now
            tx.session.add(user)
    await tx.session.flush()
    areas = tuple(
        Area((street.code, street.name), (community.code, community.name))
        for street in reference.grid.as_options()
        for community in street.communities
    )
    kinds = tuple(_kind(each, reference) for each in reference.taxonomy.classes if each.scheme == "hotline")
    return World(sample.seed, areas, kinds, tuple(filers), now, now - _STILL_OPEN)


def _kind(each: CaseClass, reference: ReferenceData) -> Kind:
    version = reference.taxonomy.version_of(each)
    return Kind(each.code, each.name, tuple(each.path), version, (each.name, *each.aliases))


def _filer_id(n: int) -> UUID:
    return uuid5(_OWNER, str(n))


async def _numbers_given(tx: Transaction) -> dict[tuple[str, date], int]:
    rows = (await tx.session.execute(select(CaseNumberDay))).scalars()
    return {(row.prefix, row.day): row.last for row in rows}


async def _without_indexes(connection: psycopg.AsyncConnection[Any]) -> list[Any]:
    """Take away what slows the copy down; the statements that bring it back."""
    references = await _rows(
        connection,
        "SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),"
        " format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))"
        " FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])",
    )
    indexes = await _rows(
        connection,
        "SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE NOT indisunique AND indrelid = ANY(%s::regclass[])",
    )
    for drop, _ in (*references, *indexes):
        await connection.execute(drop)
    await connection.execute("SELECT set_config('maintenance_work_mem', '1GB', true)")
    return [again for _, again in (*indexes, *references)]


async def _rows(connection: psycopg.AsyncConnection[Any], query: Any) -> list[tuple[Any, Any]]:
    return await (await connection.execute(query, [list(_TABLES)])).fetchall()


async def _copy(
    connection: psycopg.AsyncConnection[Any], world: World, days: Sequence[Day], sample: Sample, say: Say
) -> int:
    loaded = 0
    wanted = _batches(days)
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(sample.processes, multiprocessing.get_context("spawn")) as pool:
        first = [next(wanted, None) for _ in range(sample.processes + _AT_ONCE)]
        running = [loop.run_in_executor(pool, partial(make, world), batch) for batch in first if batch]
        while running:
            made = await running.pop(0)
            batch = next(wanted, None)
            if batch is not None:
                running.append(loop.run_in_executor(pool, partial(make, world), batch))
            await _copy_in(connection, made)
            loaded += made.count
            say("cases", loaded, sample.cases)
    return loaded


def _batches(days: Sequence[Day]) -> Iterator[Sequence[Day]]:
    return (days[n : n + _DAYS_A_BATCH] for n in range(0, len(days), _DAYS_A_BATCH))


async def _copy_in(connection: psycopg.AsyncConnection[Any], made: Made) -> None:
    parts = ((CASE_COLUMNS, made.cases), (EVENT_COLUMNS, made.events), (SEARCH_COLUMNS, made.search))
    for table, (columns, content) in zip(_TABLES, parts, strict=True):
        command = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        async with connection.cursor() as cursor, cursor.copy(cast("Any", command)) as copy:
            await copy.write(content)


async def _give_numbers(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute(
        "INSERT INTO case_number_days (prefix, day, last)"
        " SELECT split_part(number, '-', 1), split_part(number, '-', 2)::date, max(split_part(number, '-', 3)::int)"
        " FROM cases GROUP BY 1, 2 ON CONFLICT (prefix, day) DO UPDATE SET last = excluded.last"
    )


async def _start_clocks(tx: Transaction, reference: ReferenceData, open_after: datetime, now: datetime) -> None:
    """The clock of each open case runs from its filing, with the warnings that are still to come."""
    query = select(Case).where(Case.status == CaseStatus.FILED.value, Case.filed_at > open_after)
    ours = query.where(Case.filed_by_id.in_([_filer_id(n) for n in range(_FILERS)]))
    for case in (await tx.session.execute(ours)).scalars():
        limit = reference.time.dispatch_limit(Urgency(case.urgency), case.class_code)
        started = begin({}, ClockKey(ClockName.DISPATCH), limit, case.filed_at)
        await deadlines.store(tx, case.case_id, {}, started, reference.time, now)
