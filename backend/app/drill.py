"""`hotline drill`: kills each process under 56 calls and counts what was lost or doubled.

| drill | is killed (-9) while 56 citizens talk | recovered when |
| --- | --- | --- |
| serve | the API and console hub | every console is connected again and the platform is well |
| leader | of two AMI links the one that leads | the other leads: the link is live again; within 5 s |
| telephony | both AMI links | the link is live again |
| worker | the job worker | the platform is well; its jobs are taken over |
| captions | the live captions of all calls | they are told again; calls do not notice |
| recogniser | the child that transcribes | at once: the worker starts another |
| postgres | the private database | the platform is well and every console connected |
| asterisk | the PBX: the calls are cut | the link is live and every seat's phone is registered; within 10 s |

And without a hall (`ALONE`):

| drill | is killed (-9) | recovered when |
| --- | --- | --- |
| worker_kills | 200 times one of two workers, at a random moment | every recording has its text and its hits |

In the hall, recovered means besides that no seat rings or talks in a call that is over, and after the PBX was killed
that every call which it cut is closed. Lost is a call that misses anything (after the PBX was killed: also who or what
ended it); doubled is a fact, a case, a callback, a text or an event told twice.

Asterisk writes a recording in blocks of about a second; what it had not written when it was killed is gone. The kill
therefore comes when every citizen has been talking for some seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import httpx
import psutil
from rich.table import Table

from backend.app.benches.hall_calls import beginning, speak_calls
from backend.app.drill_workers import kill_workers
from backend.app.hall import ALL_SIMULATED, Hall, demo_hall, demo_installation
from backend.app.listening import listening
from backend.app.reconcile import (
    await_settled,
    cut_without_reason,
    doubled_facts,
    open_since_before,
    seats_in_ended_calls,
)
from backend.app.terminal import screen
from backend.kernel import clock
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.errors import HotlineError, Unavailable

REPORT = Path("build/drill.json")
_CALLS = 56
_TALK_S = 24.0
_KILL_AFTER_S = 9.0
_SETTLED_WITHIN_S = 180.0
_BACKLOG_WITHIN_S = 1800.0
_WORKER_KILLS = 200
_LONGEST_S = 6.0
_TALKS, _SHORT_S = 3, 30
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


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


@dataclass(frozen=True, slots=True)
class Drill:
    """What is killed, and what must hold then.

    `within_s` is the longest recovery (None: it is only measured), `cuts_calls` that the PBX loses its calls, and
    `by_another` that recovery does not wait for the killed process to run again. Drills of one `overlay` share a hall.
    """

    kill: Callable[[Hall], Awaitable[None]]
    within_s: float | None = None
    cuts_calls: bool = False
    by_another: bool = False
    overlay: Path = ALL_SIMULATED


async def run_drill(names: list[str]) -> int:
    """Carry out the named drills (all, if none is named); 1 when anything was lost, doubled or late."""
    known = [*ALONE, *DRILLS]
    unknown = set(names) - set(known)
    if unknown:
        raise DrillFailed(f"There is no drill {', '.join(sorted(unknown))}.", next_step=f"Known: {', '.join(known)}.")
    outcomes: list[Outcome] = []
    for name, carry_out in ALONE.items():
        if not names or name in names:
            with screen.status(f"drill: {name} ..."):
                outcomes.append(await carry_out())
            _leave(outcomes)
    await _in_halls([name for name in DRILLS if not names or name in names], outcomes)
    _show(outcomes)
    return 1 if any(outcome.lost or outcome.duplicated or _late(outcome) for outcome in outcomes) else 0


async def _in_halls(chosen: list[str], outcomes: list[Outcome]) -> None:
    """Carry these out, a hall for each configuration that they need."""
    for overlay in dict.fromkeys(DRILLS[name].overlay for name in chosen):
        async with demo_hall(demo_installation(overlay=overlay), telephonies=2) as hall:
            with screen.status("waiting for what an earlier run left to the worker ..."):
                await await_settled(hall.database, _EVER, within_s=_BACKLOG_WITHIN_S)
            for name in (name for name in chosen if DRILLS[name].overlay == overlay):
                with screen.status(f"drill: {name} ..."):
                    first = 5000 + 100 * list(DRILLS).index(name)
                    outcomes.append(await _carry_out(hall, name, DRILLS[name], first=first))
                _leave(outcomes)


async def _carry_out(hall: Hall, name: str, drill: Drill, *, first: int) -> Outcome:
    await hall.all_ready(_CALLS)
    hall.begin()
    since = clock.now()
    repeated = sum(agent.client.repeated for agent in hall.agents)
    citizens = await hall.call(hall.citizens(_CALLS, first=first), per_second=40, talk_s=_TALK_S, name=f"drill-{name}")
    await asyncio.sleep(_KILL_AFTER_S)
    began = time.monotonic()
    await drill.kill(hall)
    await _recovered(hall, drill, clock.now())
    recovered_s = time.monotonic() - began
    placed = await citizens.stop(within_s=60) if drill.cuts_calls else await citizens.finished()
    await await_settled(hall.database, since, within_s=_SETTLED_WITHIN_S)
    await hall.agents_done(within_s=60)
    result = await hall.reconcile(since, len(placed), cdr_is_whole=not drill.cuts_calls)
    missing = dict(result.missing)
    if drill.cuts_calls:
        missing |= {call_id: ["reason of its end"] for call_id in await cut_without_reason(hall.database, since)}
    for call_id, what in missing.items():
        screen.print(f"  {name}: {call_id}: {', '.join(what)}")
    twice = await doubled_facts(hall.database, since)
    for call_id, kind in twice:
        screen.print(f"  {name}: {call_id}: {kind} twice")
    repeated = sum(agent.client.repeated for agent in hall.agents) - repeated
    return Outcome(name, len(placed), len(missing), repeated + result.doubled + len(twice), round(recovered_s, 2))


async def _recovered(hall: Hall, drill: Drill, killed_on: datetime, within_s: float = 90.0) -> None:
    """Until whatever was killed runs again, the platform says that it is well, the link to the PBX has been heard of
    since, every console is connected, every phone registered, and no seat is left in a call that is over."""
    async with asyncio.timeout(within_s), httpx.AsyncClient(timeout=2) as client:
        while True:
            await asyncio.sleep(0.05)
            with suppress(httpx.TransportError, Unavailable):
                answer = await client.get(f"{hall.platform.address}/healthz")
                consoles = all(agent.client.connected for agent in hall.agents)
                back = drill.by_another or None not in hall.platform.pids().values()
                well = answer.status_code == 200 and answer.json()["parts"].get("captions", True) and consoles and back
                if not (well and await hall.link_heard_since(killed_on) and await _seats_are_true(hall)):
                    continue
                if not drill.cuts_calls or not await open_since_before(hall.database, killed_on):
                    return


async def _seats_are_true(hall: Hall) -> bool:
    return await hall.phones_registered(_CALLS) and not await seats_in_ended_calls(hall.database)


def _kill(*roles: str) -> Callable[[Hall], Awaitable[None]]:
    async def kill(hall: Hall) -> None:
        for role in roles:
            pid = hall.platform.keepers[role].pid
            if pid is None:
                raise DrillFailed(f"{role} does not run.")
            os.kill(pid, signal.SIGKILL)

    return kill


async def _kill_leader(hall: Hall) -> None:
    """The leader is the one that holds the AMI link."""
    assert hall.platform.pbx is not None
    ami = hall.platform.pbx.ports.ami
    for role in _LINKS:
        pid = hall.platform.keepers[role].pid
        if pid and any(line.raddr and line.raddr.port == ami for line in psutil.Process(pid).net_connections("tcp")):
            os.kill(pid, signal.SIGKILL)
            return
    raise DrillFailed("No telephony process leads.")


async def _kill_recogniser(hall: Hall) -> None:
    worker = hall.platform.keepers["worker-1"].pid
    for child in psutil.Process(worker).children(recursive=True):
        child.kill()


CAPTIONED = PROJECT_ROOT / "configs" / "bench_captions.yaml"
_LINKS = ("telephony", "telephony-2")


async def _worker_kills() -> Outcome:
    """Which moments are met is decided by chance; a failure says with which one."""
    seed = Random().randrange(1 << 32)  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="hotline-drill-") as name:
        folder = Path(name)
        spoken = await speak_calls(folder, _TALKS)
        short = [beginning(call.raw, folder / f"short-{n}.raw", _SHORT_S) for n, call in enumerate(spoken)]
        async with listening() as platform:
            chance = Random(seed)  # noqa: S311
            killed = await kill_workers(platform, short, _WORKER_KILLS, chance, longest_s=_LONGEST_S)
    for call_id in killed.lost:
        screen.print(f"  worker_kills (seed {seed}): {call_id} has not its text and its hits")
    for call_id in killed.doubled:
        screen.print(f"  worker_kills (seed {seed}): {call_id} was told or written twice")
    return Outcome("worker_kills", killed.offered, len(killed.lost), len(killed.doubled), killed.recovered_s)


ALONE: dict[str, Callable[[], Awaitable[Outcome]]] = {"worker_kills": _worker_kills}
"""Drills that need no hall."""

DRILLS: dict[str, Drill] = {
    "serve": Drill(_kill("serve")),
    "leader": Drill(_kill_leader, within_s=5.0, by_another=True),
    "telephony": Drill(_kill(*_LINKS)),
    "worker": Drill(_kill("worker-1")),
    "captions": Drill(_kill("captions"), overlay=CAPTIONED),
    "recogniser": Drill(_kill_recogniser),
    "postgres": Drill(_kill("postgres")),
    "asterisk": Drill(_kill("asterisk"), within_s=10.0, cuts_calls=True),
}


def _late(outcome: Outcome) -> bool:
    drill = DRILLS.get(outcome.drill)
    within_s = None if drill is None else drill.within_s
    return within_s is not None and outcome.recovered_s > within_s


def _leave(outcomes: list[Outcome]) -> None:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=2) + "\n")


def _show(outcomes: list[Outcome]) -> None:
    table = Table(box=None, header_style="dim")
    for column in ("drill", "offered", "lost", "duplicated", "recovered"):
        table.add_column(column)
    for outcome in outcomes:
        recovered = f"{outcome.recovered_s} s{' [red]late[/]' if _late(outcome) else ''}"
        table.add_row(outcome.drill, str(outcome.offered), str(outcome.lost), str(outcome.duplicated), recovered)
    screen.print(table)
