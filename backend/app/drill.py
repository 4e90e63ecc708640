"""`hotline drill`: kills each process under 56 calls and counts what was lost or doubled.

| drill | is killed (-9) while 56 citizens talk | recovered when |
| --- | --- | --- |
| serve | the API and console hub | every console is connected again and the platform is well |
| telephony | the AMI link | the link is live again |
| worker | the job worker | the platform is well; its jobs are taken over |
| recogniser | the child that transcribes | at once: the worker starts another |
| postgres | the private database | the platform is well and every console connected |
| asterisk | the PBX: the calls are cut | the link is live and every seat's phone is registered |

Asterisk writes a recording in blocks of about a second; what it had not written when it was killed is gone. The kill
therefore comes when every citizen has been talking for some seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import httpx
import psutil
from rich.table import Table

from backend.app.bench import OVERLAY
from backend.app.demo import Hall, demo_hall, demo_installation
from backend.app.reconcile import await_settled
from backend.app.terminal import screen
from backend.kernel import clock
from backend.kernel.errors import HotlineError, Unavailable

REPORT = Path("build/drill.json")
_CALLS = 56
_TALK_S = 24.0
_KILL_AFTER_S = 9.0
_SETTLED_WITHIN_S = 180.0


class DrillFailed(HotlineError):
    """A drill could not be carried out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of build/drill.json; `recovered_s` is the time from the kill until all was well again."""

    drill: str
    offered: int
    lost: int
    duplicated: int
    recovered_s: float


async def run_drill(names: list[str]) -> int:
    """Carry out the named drills (all, if none is named); 1 when anything was lost or doubled."""
    unknown = set(names) - set(DRILLS)
    if unknown:
        raise DrillFailed(f"There is no drill {', '.join(sorted(unknown))}.", next_step=f"Known: {', '.join(DRILLS)}.")
    outcomes: list[Outcome] = []
    async with demo_hall(demo_installation(overlay=OVERLAY)) as hall:
        for n, (name, kill) in enumerate(DRILLS.items()):
            if not names or name in names:
                with screen.status(f"drill: {name} ..."):
                    outcomes.append(await _drill(hall, name, kill, first=5000 + 100 * n))
                _leave(outcomes)
    _show(outcomes)
    return 1 if any(outcome.lost or outcome.duplicated for outcome in outcomes) else 0


Kill = Callable[[Hall], Awaitable[None]]


async def _drill(hall: Hall, name: str, kill: Kill, *, first: int) -> Outcome:
    await hall.all_ready(_CALLS)
    hall.begin()
    since = clock.now()
    repeated = sum(agent.client.repeated for agent in hall.agents)
    citizens = await hall.call(hall.citizens(_CALLS, first=first), per_second=40, talk_s=_TALK_S, name=f"drill-{name}")
    await asyncio.sleep(_KILL_AFTER_S)
    killed_at, killed_on = time.monotonic(), clock.now()
    await kill(hall)
    await _recovered(hall, killed_on)
    recovered_s = time.monotonic() - killed_at
    placed = await citizens.stop(within_s=60) if name == "asterisk" else await citizens.finished()
    await await_settled(hall.database, since, within_s=_SETTLED_WITHIN_S)
    await hall.agents_done(within_s=60)
    result = await hall.reconcile(since, len(placed), cdr_is_whole=name != "asterisk")
    for call_id, what in result.missing.items():
        screen.print(f"  {name}: {call_id}: {', '.join(what)}")
    repeated = sum(agent.client.repeated for agent in hall.agents) - repeated
    return Outcome(name, len(placed), len(result.lost), repeated + result.doubled, round(recovered_s, 2))


async def _recovered(hall: Hall, killed_on: datetime, within_s: float = 90.0) -> None:
    """Until whatever was killed runs again, the platform says that it is well, the link to the PBX has been heard of
    since, every console is connected and every phone registered."""
    async with asyncio.timeout(within_s), httpx.AsyncClient(timeout=2) as client:
        while True:
            await asyncio.sleep(0.05)
            with suppress(httpx.TransportError, Unavailable):
                answer = await client.get(f"{hall.platform.address}/healthz")
                consoles = all(agent.client.connected for agent in hall.agents)
                back = None not in hall.platform.pids().values()
                well = answer.status_code == 200 and consoles and back
                if well and await hall.link_heard_since(killed_on) and await hall.phones_registered(_CALLS):
                    return


def _kill_role(role: str) -> Kill:
    async def kill(hall: Hall) -> None:
        pid = hall.platform.keepers[role].pid
        if pid is None:
            raise DrillFailed(f"{role} does not run.")
        os.kill(pid, signal.SIGKILL)

    return kill


async def _kill_recogniser(hall: Hall) -> None:
    worker = hall.platform.keepers["worker-1"].pid
    for child in psutil.Process(worker).children(recursive=True):
        child.kill()


DRILLS: dict[str, Kill] = {
    "serve": _kill_role("serve"),
    "telephony": _kill_role("telephony"),
    "worker": _kill_role("worker-1"),
    "recogniser": _kill_recogniser,
    "postgres": _kill_role("postgres"),
    "asterisk": _kill_role("asterisk"),
}


def _leave(outcomes: list[Outcome]) -> None:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=2) + "\n")


def _show(outcomes: list[Outcome]) -> None:
    table = Table(box=None, header_style="dim")
    for column in ("drill", "offered", "lost", "duplicated", "recovered"):
        table.add_column(column)
    for outcome in outcomes:
        table.add_row(
            outcome.drill, str(outcome.offered), str(outcome.lost), str(outcome.duplicated), f"{outcome.recovered_s} s"
        )
    screen.print(table)
