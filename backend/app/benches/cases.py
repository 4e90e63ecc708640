"""`case_list`, `case_search` and `case_map`: ms of a page of the case list, and of the map of open cases, through the
API, p95, on two million sample cases.

The peer is the same SQL by hand: what the API sends to PostgreSQL for a question is written down once and sent again by
psycopg, in the same run, in turns with the API. The cases are loaded once and kept below the state folder.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import psycopg
from sqlalchemy import event, text

from backend.app.benches.figure import BenchFailed, Figure, percentile
from backend.app.children import RoleProcess
from backend.app.config import Installation, timekeeping
from backend.app.datasets import load_what_is_missing
from backend.app.hall import demo_installation
from backend.app.sample_load import Sample, load_sample
from backend.app.schema import upgrade_schema
from backend.app.terminal import screen
from backend.cases import list_repository, map_repository
from backend.cases.list_schemas import CaseQuery
from backend.cases.listing import filter_of
from backend.cases.map_schemas import MapQuestion
from backend.cases.mapping import MOST_POINTS
from backend.cases.reference import References
from backend.identity.access import COOKIE
from backend.identity.permissions import load_roles
from backend.identity.users import Account, ensure_users
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.paging import make_cursor, read_cursor
from backend.kernel.postgres import PrivatePostgres
from backend.kernel.processes import free_port

CASES = 2_000_000
_ROUNDS = 5
_PERSON = "bench"
_PATIENCE_S = 60.0

Question = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """A served list: a line to it with the cookie of a session, the database behind it, and who asks.

    The line is the standard library's: what a client costs by itself is not what is measured.
    """

    line: HTTPConnection
    cookie: str
    database: Database
    user_id: UUID


Reading = Callable[[Transaction, Bench, Question], Awaitable[None]]
"""Reads from the database what the answer to a question needs."""


async def case_list() -> Figure:
    """Pages of the list by its filters, from the newest and from deep in the past."""
    past = clock.now() - timedelta(days=700)
    cursor = make_cursor(past, UUID(int=0))
    filters: list[Question] = [
        {}, {"status": "closed"}, {"status": "filed"}, {"street": "110101013"}, {"street": "110101001"},
        {"community": "110101013007"}, {"class_code": "0101"}, {"class_code": "02"}, {"urgency": "urgent"},
        {"urgency": "emergency"}, {"mine": "true"}, {"overdue": "true"}, {"filed_by": "样例坐席07"},
        {"filed_from": f"{past:%Y-%m-%d}", "filed_to": f"{past + timedelta(days=30):%Y-%m-%d}"},
        {"street": "110101005", "class_code": "0301"}, {"street": "110101005", "urgency": "emergency"},
    ]  # fmt: skip
    return await _measure("case_list", [*filters, *({**each, "cursor": cursor} for each in filters)])


async def case_search() -> Figure:
    """Words as people type them: common and rare ones, names, houses, numbers, several at once, with filters."""
    words = [
        "电梯", "垃圾", "消防通道", "暖气不热", "希望尽快处理", "影响居民正常生活", "违建", "噪声", "忠实里", "草厂",
        "3号楼", "12号院3号楼", "胡同88号", "王建国", "欧阳", "梓涵", "的", "楼", "梯", "水", "7", "12", "1204",
        "电梯 忠实里", "垃圾 前门 希望", "停车 12号楼", "物业管理 电梯困人 老人", "没有这样的词句", "已告知办理地点",
        "电梯故障持续半个月", "多次联系物业无人处理 东花市街道", "20240820", "000123",
    ]  # fmt: skip
    questions: list[Question] = [{"q": word} for word in words]
    questions += [{"q": "电梯", "street": "110101013"}, {"q": "希望", "class_code": "0402"}]
    questions += [{"q": "垃圾", "status": "filed"}, {"q": "暖气", "urgency": "emergency"}]
    deep = make_cursor(clock.now() - timedelta(days=700), UUID(int=0))
    questions += [{"q": word, "cursor": deep} for word in words[:8]]
    return await _measure("case_search", questions)


async def case_map() -> Figure:
    """The map of the grid with its open cases, on each level and by filters."""
    questions: list[Question] = [
        {}, {"level": "community"}, {"level": "unit_grid", "street": "110101013"}, {"status": "filed"},
        {"overdue": "true"}, {"class_code": "02"}, {"street": "110101013", "level": "community"}, {"q": "电梯"},
        {"urgency": "normal", "level": "community"},
    ]  # fmt: skip
    return await _measure("case_map", questions, "/api/cases/map", _the_map)


async def _a_page(tx: Transaction, bench: Bench, question: Question) -> None:
    query = CaseQuery(**question)
    before = read_cursor(query.cursor, UUID) if query.cursor else None
    wanted = await filter_of(tx, bench.user_id, query, clock.now(), names=True)
    await list_repository.page(tx.session, wanted, before, query.limit + 1)


async def _the_map(tx: Transaction, bench: Bench, question: Question) -> None:
    asked, now = MapQuestion(**question), clock.now()
    wanted = await filter_of(tx, bench.user_id, asked, now, names=True)
    await map_repository.counts_by_area(tx.session, wanted, asked.level, now)
    await map_repository.points(tx.session, wanted, now, MOST_POINTS)


async def _measure(
    name: str, questions: Sequence[Question], path: str = "/api/cases", read: Reading = _a_page
) -> Figure:
    async with _served() as bench:
        ours: list[float] = []
        theirs: list[float] = []
        slowest: dict[str, float] = {}
        async with await psycopg.AsyncConnection.connect(bench.database.driver_url, autocommit=True) as hand:
            for question in questions:
                statements = await _written_down(bench, question, read)
                bench.line.close()  # the server ends an idle one, and on cold data that took long; asking opens another
                _ask(bench, path, question)
                for _ in range(_ROUNDS):
                    ours.append(_ask(bench, path, question))
                    theirs.append(await _by_hand(hand, statements))
                slowest[str(question)] = max(ours[-_ROUNDS:])
    for asked, ms in sorted(slowest.items(), key=lambda item: -item[1])[:3]:
        screen.print(f"  slowest: {asked} {ms:.1f} ms")
    value, peer = round(percentile(ours, 0.95), 1), round(percentile(theirs, 0.95), 1)
    return Figure(name, value, "ms", "the same SQL by hand through psycopg", peer, "lower")


def _ask(bench: Bench, path: str, question: Question) -> float:
    begun = time.perf_counter()
    bench.line.request("GET", f"{path}?{urlencode(question)}", headers={"Cookie": bench.cookie})
    answer = bench.line.getresponse()
    content = answer.read()
    took = (time.perf_counter() - begun) * 1000
    if answer.status != 200:
        raise BenchFailed(f"The list answers {answer.status} to {question}: {content[:200]!r}")
    return took


async def _written_down(bench: Bench, question: Question, read: Reading) -> list[tuple[str, Any]]:
    """The SQL that the answer to a question needs, as psycopg takes it."""
    statements: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, _many: bool) -> None:
        statements.append((statement, parameters))

    async with bench.database.transaction() as tx:
        engine = bench.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            await read(tx, bench, question)
        finally:
            event.remove(engine, "before_cursor_execute", note)
    return statements


async def _by_hand(hand: psycopg.AsyncConnection[Any], statements: Sequence[tuple[str, Any]]) -> float:
    begun = time.perf_counter()
    async with hand.transaction():
        for statement, parameters in statements:
            cursor = await hand.execute(statement, parameters)
            await cursor.fetchall()
    return (time.perf_counter() - begun) * 1000


@asynccontextmanager
async def _served() -> AsyncIterator[Bench]:
    """The API over a database of its own with the sample cases in it, which stay for the next time."""
    here = demo_installation()
    folder = here.state / "bench-cases"
    folder.mkdir(parents=True, exist_ok=True)
    server = PrivatePostgres(folder)
    url = server.start()
    try:
        await upgrade_schema(url)
        await load_what_is_missing(url)
        database = Database(url, pool_size=2)
        try:
            await _fill(database, here)
            async with _api(here, database, folder) as bench:
                yield bench
        finally:
            await database.close()
    finally:
        server.stop()


async def _fill(database: Database, here: Installation) -> None:
    async with database.transaction() as tx:
        standing = (await tx.session.execute(text("SELECT count(*) FROM cases"))).scalar_one()
        reference = await References(timekeeping(here)).at(tx, clock.now())
    wanted = int(os.environ.get("HOTLINE_BENCH_CASES", CASES))
    if standing >= wanted:
        return
    begun = time.monotonic()
    await load_sample(database, Sample(wanted - standing, processes=os.cpu_count() or 1), reference, clock.now())
    screen.print(f"  {wanted - standing} sample cases loaded in {time.monotonic() - begun:.0f} s")


@asynccontextmanager
async def _api(here: Installation, database: Database, folder: Path) -> AsyncIterator[Bench]:
    password = secrets.token_urlsafe(16)
    roles = load_roles(here.path(here.config.data.roles))
    async with database.transaction() as tx:
        await ensure_users(tx, roles, [Account(_PERSON, "测量", password, ("supervisor",))], clock.now())
    port = free_port()
    env = {"HOTLINE_STATE": str(folder), "HOTLINE_DATABASE_URL": database.url}
    serving = await RoleProcess.start(["serve", "--port", str(port)], folder / "log" / "serve.log", env)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as browser:
            await _answers(browser, clock.now() + timedelta(seconds=_PATIENCE_S))
            signed = await browser.post("/api/session", json={"username": _PERSON, "password": password})
            cookie = f"{COOKIE}={browser.cookies[COOKIE]}"
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as line:
            yield Bench(line, cookie, database, UUID(signed.json()["user_id"]))
    finally:
        await serving.stop()


async def _answers(browser: httpx.AsyncClient, until: datetime) -> None:
    while clock.now() < until:
        with suppress(httpx.TransportError):
            await browser.get("/healthz")
            return
    raise BenchFailed("The console's server does not answer.", next_step="Look into its log.")
