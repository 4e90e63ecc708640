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
class Errors:
    """How much of the text is wrong, as a share of what was said: ours, and the peer's."""

    ours: float
    peer: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of build/bench.json; `ratio` is value / peer_value, `steps` are what a ladder of loads showed.

    `limit` is the ratio that must be reached (or not exceeded, where lower is better); `errors` are the texts' of a
    measurement in which speed could be had for words.
    """

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    better: Literal["higher", "lower"]
    steps: tuple[Step, ...] = ()
    limit: float | None = None
    errors: Errors | None = None

    @property
    def ratio(self) -> float:
        """How we stand to the peer."""
        return round(self.value / self.peer_value, 3)

    @property
    def held(self) -> bool:
        """Whether the limit is kept, with no worse text."""
        if self.errors is not None and self.errors.ours > self.errors.peer:
            return False
        if self.limit is None:
            return True
        return self.ratio >= self.limit if self.better == "higher" else self.ratio <= self.limit

    def as_json(self) -> dict[str, Any]:
        """As build/bench.json holds it."""
        line = {**asdict(self), "ratio": self.ratio}
        return {name: value for name, value in line.items() if value is not None and value != ()}


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
