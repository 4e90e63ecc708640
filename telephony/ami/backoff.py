"""How long to wait before the next attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterator


def delays(first: float, longest: float, jitter: Callable[[], float]) -> Iterator[float]:
    """Endless waits in seconds: doubling from `first` to `longest`, each cut to between half and all of itself by
    `jitter` (0..1), so that several clients do not come back in step."""
    wait = first
    while True:
        yield wait * (0.5 + jitter() / 2)
        wait = min(longest, wait * 2)
