"""calls_per_second: at how many new calls a second the pop-up's p95 is twice what it is at one call a second.

Each step lets fewer citizens call than there are free seats, at its rate: what is measured is the way of a call, not
the wait for one of the last seats, for which Asterisk looks again only each second. The peer climbs the same steps on
the same PBX after the platform has gone: a bare panoramisk, and seats that stay in their queues as the platform left
them. So this measurement ends the hall and comes last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from backend.app.benches.figure import Figure, Step, doubles_at, percentile
from backend.app.benches.sightings import Delay, Sightings, place
from backend.app.hall import Hall

STEPS: dict[int, int] = {1: 12, 2: 16, 5: 30, 10: 36, 20: 36, 30: 36, 40: 36, 50: 36, 60: 36}
"""Calls a second, and how many calls show it."""
_SEATS = 56
_TALK_S = 1.0
_QUIET_S = 4.0
_RUNS = {"ours": 6000, "peer": 7000}

_Climb = Callable[[], Awaitable[None]]


async def calls_per_second(hall: Hall, sightings: Sightings) -> Figure:
    """Climb with the platform, let it go, climb without it."""
    ours = await _ladder(hall, sightings, "ours", lambda: hall.all_ready(_SEATS))
    await hall.all_ready(_SEATS)
    await hall.go_home()
    peer = await _ladder(hall, sightings, "peer", lambda: asyncio.sleep(_QUIET_S))
    top, peer_top = (doubles_at([(step.per_second, step.p95) for step in ladder]) for ladder in (ours, peer))
    return Figure(
        name="calls_per_second",
        value=round(top, 1),
        unit="calls a second",
        peer="bare panoramisk, platform not attached",
        peer_value=round(peer_top, 1),
        better="higher",
        steps=(*ours, *peer),
    )


async def _ladder(hall: Hall, sightings: Sightings, who: Literal["ours", "peer"], free: _Climb) -> list[Step]:
    steps = []
    for per_second, count in STEPS.items():
        await free()
        first = _RUNS[who] + per_second * 10
        delays = await place(hall, sightings, first=first, count=count, per_second=per_second, talk_s=_TALK_S)
        seen = [ms for delay in delays if (ms := _of(delay, who)) is not None]
        steps.append(Step(who, per_second, round(percentile(seen, 0.5), 1), round(percentile(seen, 0.95), 1)))
    return steps


def _of(delay: Delay, who: Literal["ours", "peer"]) -> float | None:
    return delay.ours if who == "ours" else delay.peer
