"""popup_1 and popup_56: ms from INVITE to the pop-up in a console, beside a bare panoramisk on the same calls."""

from __future__ import annotations

from collections.abc import Sequence

from backend.app.benches.figure import Figure, percentile
from backend.app.benches.sightings import Delay, Sightings, place
from backend.app.hall import Hall

_SINGLE_CALLS = 40
_ROUNDS_AT_ONCE = 6
_SEATS = 56


async def popup_1(hall: Hall, sightings: Sightings) -> Figure:
    """One call after the other."""
    delays = [
        await place(hall, sightings, first=1000 + n, count=1, per_second=1, talk_s=0.5) for n in range(_SINGLE_CALLS)
    ]
    return _figure("popup_1", [each for group in delays for each in group])


async def popup_56(hall: Hall, sightings: Sightings) -> Figure:
    """All seats at once, several times."""
    delays: list[Delay] = []
    for n in range(_ROUNDS_AT_ONCE):
        await hall.all_ready(_SEATS)
        delays += await place(hall, sightings, first=3000 + 100 * n, count=_SEATS, per_second=1000, talk_s=4)
    return _figure("popup_56", delays)


def _figure(name: str, delays: Sequence[Delay]) -> Figure:
    shown = [(delay.ours, delay.peer) for delay in delays if delay.ours is not None]
    return Figure(
        name=name,
        value=round(percentile([ours for ours, _ in shown], 0.95), 1),
        unit="ms",
        peer="bare panoramisk callback for AgentCalled, same calls",
        peer_value=round(percentile([theirs for _, theirs in shown], 0.95), 1),
        better="lower",
    )
