"""`hotline demo`: the real platform with simulated citizens and agents, and at the end an honest count.

The count compares three witnesses: what the citizens saw, Asterisk's own CDR file, the database.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from pathlib import Path

from rich.table import Table

from backend.app.hall import Hall, demo_hall, demo_installation
from backend.app.reconcile import Reconciliation, await_settled
from backend.app.terminal import screen, until_stopped
from backend.kernel import clock
from telephony.simulate.answering import Manner, answering_citizens
from telephony.simulate.citizens import Citizens, PlacedCall

CALLS_PER_MINUTE = 40
GIVE_UP_EVERY = 12
CALLED_BACK = {
    "[0-9]*6": Manner.BUSY,
    "[0-9]*7": Manner.LETS_IT_RING,
    "[0-9]*8": Manner.REFUSES,
    "[0-9]*9": Manner.WRONG_NUMBER,
}
"""What citizens do when the person at seat 8001 calls them back, by the last digit of their number; others answer."""


async def run_demo(*, seconds: int, headless: bool, report: Path) -> int:
    """The whole demo; returns the exit status: 1 when anything was lost."""
    installation = demo_installation()
    async with demo_hall(installation) as hall, AsyncExitStack() as stack:
        if not headless:
            assert hall.platform.pbx is not None
            await stack.enter_async_context(
                answering_citizens(hall.stage, hall.platform.pbx.ports.trunk, CALLED_BACK, ring_s=2.5)
            )
        _welcome(hall, headless)
        started = clock.now()
        placed = await _let_citizens_call(hall, seconds)
        screen.print("The last calls are being stored and transcribed ...")
        await hall.agents_done(within_s=60)
        await await_settled(hall.database, started, within_s=240)
        result = await hall.reconcile(started, len(placed))
    _report(result, report)
    return 1 if result.lost else 0


async def _let_citizens_call(hall: Hall, seconds: int) -> list[PlacedCall]:
    """Calls at a steady rate; with `seconds`, no new call begins so late that it would not end in time."""
    begun = time.monotonic()
    placed: list[PlacedCall] = []
    stop = asyncio.create_task(until_stopped())
    wave = 0
    runs: list[Citizens] = []
    while not stop.done():
        left = None if not seconds else seconds - (time.monotonic() - begun) - hall.stage.legs.length_s - 3
        if left is not None and left <= 0:
            break
        length_s = 60.0 if left is None else min(60.0, left)
        count = max(1, round(CALLS_PER_MINUTE * length_s / 60))
        if not wave and seconds:
            count = max(count, 24)
        # every second minute the same citizens call again, so that agents see earlier cases
        calls = hall.citizens(count, first=wave // 2 * 100, give_up_every=GIVE_UP_EVERY)
        runs.append(await hall.call(calls, per_second=count / length_s, name=f"citizens-{wave}"))
        wave += 1
        await asyncio.wait({stop}, timeout=length_s)
    for one in runs:
        placed += await (one.stop(within_s=40) if stop.done() else one.finished())
    stop.cancel()
    return placed


def _welcome(hall: Hall, headless: bool) -> None:
    screen.print(f"\n[bold]96010[/] and [bold]12345[/] are open. {len(hall.agents)} simulated seats are at work.")
    if headless:
        return
    screen.print(f"Console: [bold]{hall.platform.address}[/]   (seat 8001 is yours; Ctrl-C ends the demo)\n")
    table = Table(box=None, header_style="dim")
    for column in ("who", "name", "password"):
        table.add_column(column)
    for person in hall.people:
        table.add_row(person.title, f"[bold]{person.username}[/]", person.password)
    screen.print(table)
    screen.print()


def _report(result: Reconciliation, report: Path) -> None:
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    screen.print_json(data=result.as_json())
    if result.lost:
        screen.print(f"[bold red]{len(result.lost)} calls are incomplete[/]; what is missing:")
        for call_id, missing in result.missing.items():
            screen.print(f"  {call_id}: {', '.join(missing)}")
