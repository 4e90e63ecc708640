"""Stored clocks on a real PostgreSQL: their warnings come by themselves, once each, and never after they are moot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from backend.deadlines import kept, service
from backend.deadlines.clocks import Limit, LimitKind, extended, paused, resumed, with_limit
from backend.deadlines.kept import ClockKey, Clocks
from backend.deadlines.models import Deadline, DeadlineWarning
from backend.deadlines.rules import load_timekeeping
from backend.deadlines.schemas import ClockName, ClockState
from backend.deadlines.service import Warned
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.database import Database

pytestmark = pytest.mark.integration

CONFIGS = PROJECT_ROOT / "configs"
TIME = load_timekeeping(CONFIGS / "calendar.yaml", CONFIGS / "deadlines.yaml")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Beijing
DISPATCH = ClockKey(ClockName.DISPATCH)
TEN_HOURS = Limit(LimitKind.CALENDAR_HOURS, 10)


def hours(amount: float) -> timedelta:
    return timedelta(hours=amount)


async def store(database: Database, case_id: UUID, before: Clocks, after: Clocks, now: datetime) -> None:
    async with database.transaction() as tx:
        await service.store(tx, case_id, before, after, TIME, now)


async def jobs(database: Database) -> list[tuple[dict[str, Any], timedelta]]:
    """What waits in the queue, and for how long."""
    query = "SELECT convert_from(payload, 'UTF8')::json, execute_after - created FROM pgqueuer ORDER BY id"
    async with database.transaction() as tx:
        return [(row[0], row[1]) for row in await tx.session.execute(text(query))]


async def warn(database: Database, payload: dict[str, Any], now: datetime) -> Warned | None:
    async with database.transaction() as tx:
        return await service.warn(tx, payload, TIME, now)


async def newest(database: Database, case_id: UUID) -> Clocks:
    async with database.transaction() as tx:
        return (await service.clocks_of_cases(tx, [case_id]))[case_id]


async def test_a_clock_is_read_as_it_was_stored(database: Database) -> None:
    case_id = uuid4()
    begun = kept.begin({}, DISPATCH, TEN_HOURS, NOW)
    longer = kept.change(begun, lambda _: True, lambda clock: extended(clock, 3, TIME.calendar))
    await store(database, case_id, {}, begun, NOW)
    await store(database, case_id, begun, longer, NOW + hours(1))
    assert await newest(database, case_id) == longer
    done = kept.stop(longer, DISPATCH, NOW + hours(12), TIME.calendar)
    await store(database, case_id, longer, done, NOW + hours(12))
    assert (await newest(database, case_id))[DISPATCH].state is ClockState.MET
    again = kept.restart(done, DISPATCH, NOW + hours(20), TIME.calendar)
    await store(database, case_id, done, again, NOW + hours(20))
    assert await newest(database, case_id) == again
    view = service.view(DISPATCH, again[DISPATCH], TIME, NOW + hours(20))
    assert (view.used_percent, view.extended, view.due_at) == (92, True, NOW + hours(21))
    async with database.transaction() as tx:
        assert len((await tx.session.execute(select(Deadline))).all()) == 2, "what ended before stays in the record"


async def test_each_warning_brings_the_next_and_none_comes_twice(database: Database) -> None:
    case_id = uuid4()
    await store(database, case_id, {}, kept.begin({}, DISPATCH, TEN_HOURS, NOW), NOW)
    given = []
    for n, expected in enumerate([hours(5), hours(2.5), hours(1.5), hours(1)]):
        (payload, after) = (await jobs(database))[n]
        assert abs(after - expected) < timedelta(seconds=2)
        at = NOW + hours([5, 7.5, 9, 10][n])
        given.append(await warn(database, payload, at))
        assert await warn(database, payload, at) is None
    assert [each.percent for each in given if each] == [50, 75, 90, 100]
    assert {(each.case_id, each.key, each.due_at) for each in given if each} == {(case_id, DISPATCH, NOW + hours(10))}
    async with database.transaction() as tx:
        assert len((await tx.session.execute(select(DeadlineWarning))).all()) == 4


async def test_a_worker_that_was_away_warns_of_what_is_true_now(database: Database) -> None:
    await store(database, uuid4(), {}, kept.begin({}, DISPATCH, TEN_HOURS, NOW), NOW)
    [(payload, _)] = await jobs(database)
    late = await warn(database, payload, NOW + hours(9.5))
    assert late is not None
    assert late.percent == 90
    assert (await jobs(database))[-1][0]["percent"] == 100


async def test_a_worker_whose_clock_is_ahead_waits(database: Database) -> None:
    await store(database, uuid4(), {}, kept.begin({}, DISPATCH, TEN_HOURS, NOW), NOW)
    [(payload, _)] = await jobs(database)
    assert await warn(database, payload, NOW + hours(4.9)) is None
    assert (await jobs(database))[-1][0]["percent"] == 50


@pytest.mark.parametrize("how", ["met", "canceled", "extended"])
async def test_a_move_makes_the_warning_moot(database: Database, how: str) -> None:
    case_id = uuid4()
    begun = kept.begin({}, DISPATCH, TEN_HOURS, NOW)
    await store(database, case_id, {}, begun, NOW)
    [(payload, _)] = await jobs(database)
    moved = {
        "met": kept.stop(begun, DISPATCH, NOW + hours(1), TIME.calendar),
        "canceled": kept.cancel(begun, NOW + hours(1)),
        "extended": kept.change(begun, lambda _: True, lambda clock: extended(clock, 10, TIME.calendar)),
    }[how]
    await store(database, case_id, begun, moved, NOW + hours(1))
    assert await warn(database, payload, NOW + hours(5)) is None
    if how == "extended":
        warned = await warn(database, (await jobs(database))[1][0], NOW + hours(10))
        assert warned is not None
        assert warned.percent == 50


@pytest.mark.parametrize("urgent", [False, True])
async def test_a_limit_that_passed_is_warned_of_once_whatever_becomes_of_its_clock(
    database: Database, urgent: bool
) -> None:
    case_id, late = uuid4(), NOW + hours(11)
    begun = kept.begin({}, DISPATCH, TEN_HOURS, NOW)
    await store(database, case_id, {}, begun, NOW)
    [(payload, _)] = await jobs(database)
    assert await warn(database, payload, late) is not None
    eight = Limit(LimitKind.CALENDAR_HOURS, 8)
    changed = kept.change(
        begun,
        lambda _: True,
        lambda clock: with_limit(clock, eight, late, TIME.calendar) if urgent else paused(clock, late, late + hours(5)),
    )
    await store(database, case_id, begun, changed, late)
    assert len(await jobs(database)) == 1, "its people were told"
    assert await warn(database, payload, late + hours(6)) is None


async def test_a_clock_that_was_given_more_time_warns_of_its_new_limit(database: Database) -> None:
    case_id = uuid4()
    begun = kept.begin({}, DISPATCH, TEN_HOURS, NOW)
    await store(database, case_id, {}, begun, NOW)
    [(payload, _)] = await jobs(database)
    assert await warn(database, payload, NOW + hours(9)) is not None
    longer = kept.change(begun, lambda _: True, lambda clock: extended(clock, 10, TIME.calendar))
    await store(database, case_id, begun, longer, NOW + hours(9))
    given = []
    for at in (10, 15, 18, 20):
        payload, _ = (await jobs(database))[-1]
        given.append(await warn(database, payload, NOW + hours(at)))
    assert [each.percent for each in given if each] == [50, 75, 90, 100]


async def test_a_worker_that_comes_too_early_to_a_changed_clock_does_not_tell_again_what_was_told(
    database: Database,
) -> None:
    case_id = uuid4()
    begun = kept.begin({}, DISPATCH, TEN_HOURS, NOW)
    await store(database, case_id, {}, begun, NOW)
    [(payload, _)] = await jobs(database)
    assert await warn(database, payload, NOW + hours(5)) is not None
    longer = kept.change(begun, lambda _: True, lambda clock: paused(clock, NOW + hours(5), NOW + hours(6)))
    resumed_early = kept.change(longer, lambda _: True, lambda clock: resumed(clock, NOW + hours(5)))
    await store(database, case_id, begun, longer, NOW + hours(5))
    await store(database, case_id, longer, resumed_early, NOW + hours(5))
    payload, _ = (await jobs(database))[-1]
    assert payload["percent"] == 75
    assert await warn(database, payload, NOW + hours(6)) is None
    assert (await jobs(database))[-1][0]["percent"] == 75


async def test_a_case_has_no_two_running_clocks_of_one_kind(database: Database) -> None:
    case_id = uuid4()
    begun = kept.begin({}, DISPATCH, TEN_HOURS, NOW)
    assert kept.begin(begun, DISPATCH, TEN_HOURS, NOW + hours(1)) == begun
    await store(database, case_id, {}, begun, NOW)
    with pytest.raises(IntegrityError, match="ix_deadlines_running"):
        await store(database, case_id, {}, kept.begin({}, DISPATCH, TEN_HOURS, NOW + hours(1)), NOW + hours(1))
    async with database.transaction() as tx:
        assert len((await tx.session.execute(select(Deadline))).all()) == 1
