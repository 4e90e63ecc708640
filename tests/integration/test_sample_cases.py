"""Sample cases are what filing leaves: found, counted, numbered without gaps; they never mix with real ones unasked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, text

from backend.app.sample import cases_of, days_of
from backend.app.sample_load import RealCases, Sample, load_sample
from backend.cases.list_models import CaseSearch
from backend.cases.models import Case, CaseEvent, CaseNumberDay
from backend.cases.rules import ReferenceData
from backend.cases.search import SOURCE, search_row
from backend.deadlines.models import Deadline
from backend.identity.models import AuditEntry
from backend.kernel import clock

from .hall import ConsoleHall
from .test_case_list import an_agent, filed, listed

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


async def the_reference(hall: ConsoleHall) -> ReferenceData:
    async with hall.database.transaction() as tx:
        return await hall.app.state.console.references.at(tx, clock.now())


async def load(hall: ConsoleHall, **changes: Any) -> int:
    sample = Sample(**{"cases": 9000, "processes": 1, **changes})
    return await load_sample(hall.database, sample, await the_reference(hall), NOW)


async def indexes(hall: ConsoleHall) -> list[str]:
    async with hall.database.transaction() as tx:
        query = text(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid::regclass::text LIKE 'case%' UNION ALL"
            " SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid::regclass::text LIKE 'case%'"
            " ORDER BY 1"
        )
        return list((await tx.session.execute(query)).scalars())


async def test_sample_cases_are_what_filing_leaves(hall: ConsoleHall) -> None:
    before = await indexes(hall)
    assert await load(hall) == 9000
    assert await indexes(hall) == before, "every index and reference stands again"
    async with hall.database.transaction() as tx:
        session = tx.session
        cases = (await session.execute(select(Case).order_by(Case.filed_at))).scalars().all()
        rows = {row.case_id: row for row in (await session.execute(select(CaseSearch))).scalars()}
        filed_events = await session.scalar(select(func.count()).where(CaseEvent.kind == "filed"))
        answered = await session.scalar(select(func.count()).where(CaseEvent.kind == "answered_at_once"))
        numbers = (await session.execute(select(CaseNumberDay))).scalars().all()
        clocks = set((await session.execute(select(Deadline.case_id).where(Deadline.state == "running"))).scalars())
        audited = await session.scalar(select(func.count()).where(AuditEntry.action == "sample_loaded"))
    for case in cases[:200]:
        made = search_row({name: getattr(case, name) for name in SOURCE})
        assert (rows[case.case_id].document, rows[case.case_id].citizen) == (made["document"], made["citizen"])
    assert filed_events == len(rows) == 9000
    assert answered == sum(case.status == "closed" for case in cases)
    assert clocks == {case.case_id for case in cases if case.status == "filed"} != set()
    assert sum(day.last for day in numbers) == 9000
    assert max(case.filed_at for case in cases) <= NOW
    assert audited == 1


async def test_sample_cases_are_found_and_another_load_goes_on_with_the_numbers(hall: ConsoleHall) -> None:
    await load(hall, cases=400)
    async with hall.browser("wang") as browser:
        first = (await browser.get("/api/cases", params={"limit": 1})).json()["items"][0]
        assert await listed(browser, q=first["number"]) == [first["what"]]
    assert await load(hall, cases=300, seed=7) == 300
    async with hall.database.transaction() as tx:
        assert (await tx.session.execute(select(func.count(func.distinct(Case.number))))).scalar_one() == 700


async def test_sample_cases_are_not_mixed_with_real_ones_unasked(hall: ConsoleHall) -> None:
    await filed(hall, await an_agent(hall), 1)
    with pytest.raises(RealCases):
        await load(hall, cases=10)
    async with hall.database.transaction() as tx:
        assert (await tx.session.execute(select(func.count(Case.case_id)))).scalar_one() == 1
    assert await load(hall, cases=10, force=True) == 10


def test_days_share_the_cases_out_without_losing_one() -> None:
    for cases in (1, 17, 12_345):
        assert sum(day.cases for day in days_of(cases, NOW.date(), 400, {})) == cases


async def test_the_same_seed_makes_the_same_cases(hall: ConsoleHall) -> None:
    from backend.app.sample_load import _world

    reference = await the_reference(hall)
    async with hall.database.transaction() as tx:
        world = await _world(tx, Sample(10), reference, NOW)
    day = days_of(50_000, NOW.date(), 100, {})[40]
    assert list(cases_of(world, day)) == list(cases_of(world, day))
