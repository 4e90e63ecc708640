"""`hotline simulate day`: a day at the hall in minutes, after which the record is held against the CDR file.

Citizens call along the curve of a day; some give up while it rings. Of the simulated seats some refuse a ring, put the
citizen on hold or hand him over to the other number. The agents at their consoles file a case for each talk, and some
call the citizen back, who answers or does not. At the end every call that a citizen placed, and every one that the
carrier was given, must stand in the record as Asterisk's own file has it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from backend.app.cli_calls import show
from backend.app.demo import CALLED_BACK
from backend.app.hall import ALL_SIMULATED, Hall, demo_hall, demo_installation
from backend.app.reconcile import open_since_before
from backend.app.terminal import screen
from backend.calls.day_differences import SETTLED_AFTER, TOLERANCE, DayComparison
from backend.calls.reconcile_day import DayReconciler
from backend.kernel import clock
from backend.kernel.database import Database
from telephony.names import DEFAULT_HOST
from telephony.simulate.answering import Manner, answering_citizens
from telephony.simulate.citizens import Citizens
from telephony.simulate.seats import SeatBehaviour

HOURS = (
    1.0, 0.7, 0.5, 0.5, 0.6, 1.0, 2.0, 4.0, 6.5, 7.5, 7.5, 6.5,
    4.5, 5.5, 7.0, 7.0, 6.5, 6.0, 5.5, 5.5, 5.0, 4.0, 3.0, 2.2,
)  # fmt: skip
"""How the calls of a day are spread over its hours, in percent."""
GIVE_UP_EVERY = 12
BEHAVIOUR = SeatBehaviour(ring_s=1.5, refuses=4, holds=20, hands_over=6, hands_over_to="12345")
CALLS_BACK_EVERY = 6
"""At each such seat sits somebody who calls back every citizen whose case is filed."""
MANNERS = {number: manner for number, manner in CALLED_BACK.items() if manner is not Manner.LETS_IT_RING}
_TALKS_S = (7.0, 10.0, 14.0)
_FIRST_CALLER = 10
_OPEN_FOR_S = 90.0


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the day: when it begins, how long the simulation takes for it, how many call, how long they talk."""

    after_s: float
    length_s: float
    calls: int
    talk_s: float


@dataclass(frozen=True, slots=True)
class DayResult:
    """What build/day.json holds; `placed` are the citizens' calls, `called` those that the carrier was given, and the
    other counts those of the record.
    """

    placed: int
    called: int
    compared: int
    answered: int
    abandoned: int
    held: int
    handed_over: int
    rings_refused: int
    reached: int
    differences: int

    @property
    def whole(self) -> bool:
        """Every call was compared, and nothing differed."""
        return not self.differences and self.compared == self.placed + self.called


def plan(calls: int, length_s: float) -> list[Hour]:
    """`calls` along the curve of a day that lasts `length_s`; hours without any call are left out."""
    share = length_s / len(HOURS)
    bounds = [round(calls * sum(HOURS[:n]) / sum(HOURS)) for n in range(len(HOURS) + 1)]
    hours = [Hour(n * share, share, bounds[n + 1] - bounds[n], _TALKS_S[n % len(_TALKS_S)]) for n in range(len(HOURS))]
    return [hour for hour in hours if hour.calls]


async def run_day(*, calls: int, minutes: float, report: Path) -> int:
    """Simulate the day and compare; 1 when the record is not whole."""
    installation = demo_installation(overlay=ALL_SIMULATED)
    async with demo_hall(installation, behaviour=BEHAVIOUR) as hall, AsyncExitStack() as stack:
        assert hall.platform.pbx is not None
        since = clock.now()
        citizens = await stack.enter_async_context(
            answering_citizens(hall.stage, hall.platform.pbx.ports.trunk, MANNERS, ring_s=1.0, talk_s=_TALKS_S[0])
        )
        for agent in hall.agents[::CALLS_BACK_EVERY]:
            agent.calls_back = True
        screen.print(f"{calls} calls in {minutes:g} minutes; {len(hall.agents)} seats are at work.")
        placed = await _let_them_call(hall, plan(calls, minutes * 60))
        await _all_over(hall)
        called = sum(noted.what == "called" for noted in citizens.so_far())
        days = DayReconciler(hall.database, hall.platform.pbx.paths.cdr, host=DEFAULT_HOST)
        found = await _compared(days, since)
        result = await _result(hall.database, since, placed, called, found)
    _report(result, found, report)
    return 0 if result.whole else 1


async def _let_them_call(hall: Hall, hours: Sequence[Hour]) -> int:
    began = time.monotonic()
    runs: list[Citizens] = []
    first = _FIRST_CALLER
    for n, hour in enumerate(hours):
        await asyncio.sleep(max(0.0, began + hour.after_s - time.monotonic()))
        citizens = hall.citizens(hour.calls, first=first, give_up_every=GIVE_UP_EVERY)
        per_second = hour.calls / hour.length_s
        runs.append(await hall.call(citizens, per_second=per_second, talk_s=hour.talk_s, name=f"day-{n}"))
        first += hour.calls
        screen.print(f"  {n + 1}/{len(hours)}: {hour.calls} calls", style="dim")
    return sum([len(await run.finished()) for run in runs])


async def _all_over(hall: Hall) -> None:
    """Wait until nobody talks and nobody is to be called back; a call that stays open is told by the comparison."""
    await hall.agents_done(within_s=_OPEN_FOR_S)
    ends = time.monotonic() + _OPEN_FOR_S
    while time.monotonic() < ends:
        if not any(agent.owing for agent in hall.agents) and not await open_since_before(hall.database, clock.now()):
            return
        await asyncio.sleep(0.2)


async def _compared(days: DayReconciler, since: datetime) -> DayComparison:
    """The record against the CDR file, once Asterisk has written of the last call: it does so after the hang-up."""
    ends = time.monotonic() + SETTLED_AFTER.total_seconds()
    while True:
        found = await days.compare(since, clock.now(), settled_after=-TOLERANCE)
        if not found.unexplained or time.monotonic() >= ends:
            return found
        await asyncio.sleep(0.2)


async def _result(database: Database, since: datetime, placed: int, called: int, found: DayComparison) -> DayResult:
    counted = text("""
        SELECT count(*) FILTER (WHERE answered_at IS NOT NULL) AS answered,
               count(*) FILTER (WHERE answered_at IS NULL) AS abandoned,
               count(*) FILTER (WHERE hold_ms > 0) AS held,
               count(*) FILTER (WHERE EXISTS (
                   SELECT FROM call_facts WHERE call_facts.call_id = calls.call_id AND kind = 'call_transferred'
               )) AS handed_over
        FROM calls WHERE arrived_at >= :since AND direction = 'inbound'
    """)
    reached = text("""
        SELECT count(*) FROM calls WHERE arrived_at >= :since AND direction = 'outbound' AND answered_at IS NOT NULL
    """)
    refused = text("""
        SELECT count(*) FROM call_facts
        WHERE at >= :since AND kind = 'seat_ring_ended' AND payload->>'outcome' IN ('busy', 'refused')
    """)
    async with database.transaction() as tx:
        row = (await tx.session.execute(counted, {"since": since})).one()
        citizens_reached = int((await tx.session.execute(reached, {"since": since})).scalar_one())
        rings_refused = int((await tx.session.execute(refused, {"since": since})).scalar_one())
    return DayResult(
        placed=placed,
        called=called,
        compared=found.compared,
        answered=row.answered,
        abandoned=row.abandoned,
        held=row.held,
        handed_over=row.handed_over,
        rings_refused=rings_refused,
        reached=citizens_reached,
        differences=found.unexplained,
    )


def _report(result: DayResult, found: DayComparison, report: Path) -> None:
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(asdict(result), indent=2) + "\n")
    screen.print_json(data=asdict(result))
    show(found)
