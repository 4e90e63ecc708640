"""One line of build/bench.json, and the arithmetic that leads to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from backend.kernel.errors import HotlineError


class BenchFailed(HotlineError):
    """A measurement did not come about."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder of loads: delays in ms at so many calls a second, ours or the peer's."""

    who: Literal["ours", "peer"]
    per_second: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of build/bench.json; `ratio` is value / peer_value, `steps` are what a ladder of loads showed."""

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    better: Literal["higher", "lower"]
    steps: tuple[Step, ...] = ()

    @property
    def ratio(self) -> float:
        """How we stand to the peer."""
        return round(self.value / self.peer_value, 3)

    def as_json(self) -> dict[str, Any]:
        """As build/bench.json holds it."""
        line = {**asdict(self), "ratio": self.ratio}
        if not self.steps:
            del line["steps"]
        return line


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    if not values:
        raise BenchFailed("There is nothing to measure.", next_step="See whether the calls reached the PBX.")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def doubles_at(ladder: Sequence[tuple[float, float]]) -> float:
    """The load at which the delay is twice that of the first step, between two steps in proportion.

    `ladder` holds (load, delay) with rising loads; where the delay never doubles, its last load.
    """
    if not ladder:
        raise BenchFailed("There is nothing to measure.", next_step="See whether the calls reached the PBX.")
    before, least = ladder[0]
    limit, delay_before = 2 * least, least
    for load, delay in ladder[1:]:
        if delay >= limit:
            return before + (load - before) * (limit - delay_before) / (delay - delay_before)
        before, delay_before = load, delay
    return before
