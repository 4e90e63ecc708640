"""`address`: ms from what an agent typed so far to the addresses that are offered, p95, on all delivered addresses.

The peer is plain rapidfuzz over the same list of addresses, with the same words in the same run. Both are asked as a
person types: addresses character by character, in pinyin and by initials, and with a slip of the keyboard.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from rapidfuzz import fuzz, process
from sqlalchemy import select

from backend.app.benches.figure import Figure, percentile
from backend.app.datasets import load_what_is_missing
from backend.app.schema import upgrade_schema
from backend.grid.gazetteer import find_places, names_on
from backend.grid.grid import grid_on
from backend.grid.models import Place
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.pinyin import spell
from backend.kernel.postgres import PrivatePostgres

_TYPED = 60
"""So many addresses are typed; each is asked for several times on the way."""


async def address() -> Figure:
    """Measure on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        Path(folder).chmod(0o755)  # noqa: ASYNC240 - nothing else runs here
        server = PrivatePostgres(Path(folder))
        url = server.start()
        try:
            await upgrade_schema(url)
            await load_what_is_missing(url)
            ours, theirs = await _measure(url)
        finally:
            server.stop()
    return Figure(
        "address", round(ours, 2), "ms", "rapidfuzz.process.extract over the same addresses", round(theirs, 2), "lower"
    )


async def _measure(url: str) -> tuple[float, float]:
    database = Database(url, pool_size=1)
    try:
        async with database.transaction() as tx:
            day = clock.beijing(clock.now()).date()
            grid, names = await grid_on(tx.session, day), await names_on(tx.session, day)
            addresses = list((await tx.session.execute(select(Place.address).order_by(Place.code))).scalars())
            asked = list(typed(addresses))
            ours = []
            for words in asked:
                begun = time.perf_counter()
                await find_places(tx.session, names, grid, words, street="", day=day)
                ours.append((time.perf_counter() - begun) * 1000)
    finally:
        await database.close()
    return percentile(ours, 0.95), percentile(_peer(asked, addresses), 0.95)


def _peer(asked: Sequence[str], addresses: Sequence[str]) -> list[float]:
    took = []
    for words in asked:
        begun = time.perf_counter()
        process.extract(words, addresses, scorer=fuzz.WRatio, limit=5)
        took.append((time.perf_counter() - begun) * 1000)
    return took


def typed(addresses: Sequence[str]) -> Iterator[str]:
    """What is typed on the way to some of these addresses; the same each time."""
    random = Random(96010)  # noqa: S311
    for whole in random.sample(list(addresses), _TYPED):
        yield from (whole[:length] for length in range(2, len(whole) + 1, 2))
        spelling = spell(whole)
        yield spelling.initials
        yield spelling.pinyin[: len(spelling.pinyin) // 2]
        slip = random.randrange(len(whole))
        yield whole[:slip] + whole[slip + 1 :]
