"""When each call was first seen, by the consoles and by a bare panoramisk client beside the platform."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from agent_console.messages.calls import CallRinging
from agent_console.protocol import DeskState, EventBody
from agent_console.simulated_agent import SimulatedAgent
from backend.app.benches.figure import BenchFailed
from backend.app.hall import Hall
from backend.kernel.processes import die_with_parent
from telephony.simulate.citizens import PlacedCall


class Delay(NamedTuple):
    """Ms from INVITE to the pop-up in a console (None: there was none), and to AgentCalled at the peer."""

    ours: float | None
    peer: float


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

    def delays(self, placed: list[PlacedCall]) -> list[Delay]:
        """The delays of these calls, as far as the peer saw them."""
        sent = {call.caller_number: call.sent_at.timestamp() for call in placed}
        found = []
        for call_id, (seen, number) in self.peer.items():
            if number in sent:
                popup = self.popups.get(call_id)
                ours = None if popup is None else (popup - sent[number]) * 1000
                found.append(Delay(ours, (seen - sent[number]) * 1000))
        return found


async def place(
    hall: Hall, sightings: Sightings, *, first: int, count: int, per_second: float, talk_s: float
) -> list[Delay]:
    """Let so many citizens call at this rate, and see what each call took."""
    citizens = await hall.call(
        hall.citizens(count, first=first), per_second=per_second, talk_s=talk_s, name=f"bench-{first}"
    )
    placed = await citizens.finished()
    await asyncio.sleep(0.2)
    return sightings.delays(placed)


@asynccontextmanager
async def watching(hall: Hall) -> AsyncIterator[Sightings]:
    """Every console, and a process with nothing but panoramisk that is signed in beside the platform."""
    pbx = hall.platform.pbx
    assert pbx is not None
    secret = hall.platform.installation.secrets.derive("ami:bench")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backend.app.benches.pbx_peer", str(pbx.ports.ami),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, preexec_fn=die_with_parent(),
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(secret.encode() + b"\n")
    sightings = Sightings({}, {})
    for agent in hall.agents:
        sightings.watch(agent)
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
