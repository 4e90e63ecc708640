"""`hotline bench`: figures that mean something, because each stands beside a named peer in the same run.

popup_1, popup_56   ms from INVITE to the pop-up in a console, p95, at one call and at 56 calls at once;
                    the peer is a bare panoramisk client that notes AgentCalled of the very same calls
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from rich.table import Table

from agent_console.protocol import CallRinging, DeskState, EventBody
from agent_console.simulated_agent import SimulatedAgent
from backend.app.demo import Hall, demo_hall, demo_installation
from backend.app.terminal import screen
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.errors import HotlineError
from backend.kernel.processes import die_with_parent

REPORT = Path("build/bench.json")
OVERLAY = PROJECT_ROOT / "configs" / "bench.yaml"
_SINGLE_CALLS = 40
_ROUNDS_AT_ONCE = 6
_SEATS = 56


class BenchFailed(HotlineError):
    """A measurement did not come about."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of build/bench.json; `ratio` is value / peer_value."""

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    ratio: float
    better: str


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    if not values:
        raise BenchFailed("There is nothing to measure.", next_step="See whether the calls reached the PBX.")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(slots=True)
class Sightings:
    """When each call was first seen, by its id, in seconds of the machine's clock."""

    popups: dict[str, float]
    peer: dict[str, tuple[float, str]]

    def watch(self, agent: SimulatedAgent) -> None:
        """Note each pop-up of this agent's console."""

        def note(happened: EventBody | DeskState) -> None:
            if isinstance(happened, CallRinging):
                self.popups.setdefault(happened.card.call_id, time.time())

        agent.also(note)


async def run_bench(names: list[str]) -> None:
    """Run the named measurements (all, if none is named) and leave build/bench.json."""
    unknown = set(names) - set(MEASUREMENTS)
    if unknown:
        raise BenchFailed(
            f"There is no measurement {', '.join(sorted(unknown))}.", next_step=f"Known: {', '.join(MEASUREMENTS)}."
        )
    figures: list[Figure] = []
    installation = demo_installation(overlay=OVERLAY)
    async with demo_hall(installation) as hall, _peer(hall) as sightings:
        for agent in hall.agents:
            sightings.watch(agent)
        for name, measure in MEASUREMENTS.items():
            if not names or name in names:
                with screen.status(f"measuring {name} ..."):
                    figures.append(await measure(hall, sightings))
    _leave(figures)


async def popup_1(hall: Hall, sightings: Sightings) -> Figure:
    """One call after the other."""
    delays = [
        await _delays(hall, sightings, first=1000 + n, count=1, per_second=1, talk_s=0.5) for n in range(_SINGLE_CALLS)
    ]
    return _figure("popup_1", [each for group in delays for each in group])


async def popup_56(hall: Hall, sightings: Sightings) -> Figure:
    """All seats at once, several times."""
    delays: list[tuple[float, float]] = []
    for n in range(_ROUNDS_AT_ONCE):
        await hall.all_ready(_SEATS)
        delays += await _delays(hall, sightings, first=3000 + 100 * n, count=_SEATS, per_second=1000, talk_s=4)
    return _figure("popup_56", delays)


Measure = Callable[[Hall, Sightings], Awaitable[Figure]]
MEASUREMENTS: dict[str, Measure] = {"popup_1": popup_1, "popup_56": popup_56}


async def _delays(
    hall: Hall, sightings: Sightings, *, first: int, count: int, per_second: float, talk_s: float
) -> list[tuple[float, float]]:
    """(ours, the peer's) delay in ms of each of these calls."""
    citizens = await hall.call(
        hall.citizens(count, first=first), per_second=per_second, talk_s=talk_s, name=f"bench-{first}"
    )
    placed = await citizens.finished()
    await asyncio.sleep(0.2)
    sent = {call.caller_number: _seconds(call.sent_at) for call in placed}
    return [
        ((sightings.popups[call_id] - sent[number]) * 1000, (seen - sent[number]) * 1000)
        for call_id, (seen, number) in sightings.peer.items()
        if number in sent and call_id in sightings.popups
    ]


def _figure(name: str, delays: Sequence[tuple[float, float]]) -> Figure:
    ours, theirs = (percentile([pair[side] for pair in delays], 0.95) for side in (0, 1))
    return Figure(
        name=name,
        value=round(ours, 1),
        unit="ms",
        peer="bare panoramisk callback for AgentCalled, same calls",
        peer_value=round(theirs, 1),
        ratio=round(ours / theirs, 3),
        better="lower",
    )


def _seconds(moment: datetime) -> float:
    return moment.timestamp()


@asynccontextmanager
async def _peer(hall: Hall) -> AsyncIterator[Sightings]:
    """A process with nothing but panoramisk, signed in beside the platform."""
    pbx = hall.platform.pbx
    assert pbx is not None
    secret = hall.platform.installation.secrets.derive("ami:bench")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backend.app.bench_peer", str(pbx.ports.ami),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, preexec_fn=die_with_parent(),
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(secret.encode() + b"\n")
    sightings = Sightings({}, {})
    if (await process.stdout.readline()).strip() != b"ready":
        raise BenchFailed("The peer could not sign in to the PBX.")
    reading = asyncio.create_task(_read_peer(process.stdout, sightings))
    try:
        yield sightings
    finally:
        reading.cancel()
        process.kill()
        await process.wait()


async def _read_peer(stream: asyncio.StreamReader, sightings: Sightings) -> None:
    async for line in stream:
        seen = json.loads(line)
        sightings.peer.setdefault(seen["call_id"], (seen["at"], seen["number"]))


def _leave(figures: list[Figure]) -> None:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    table = Table(box=None, header_style="dim")
    for column in ("name", "value", "peer", "ratio", ""):
        table.add_column(column)
    for f in figures:
        table.add_row(f.name, f"{f.value} {f.unit}", f"{f.peer_value} {f.unit}", f"{f.ratio}", f"{f.better} is better")
    screen.print(table)
