"""worker_memory: MiB that a worker and its recognisers hold after 2,000 recordings, beside what they held after 200.

The recordings are short and go the whole way from the PBX's spool to the last check.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import psutil

from backend.app.benches.figure import Figure
from backend.app.benches.hall_calls import beginning, speak_calls
from backend.app.listening import listening

_EARLY, _LATE = 200, 2000
_AT_ONCE = 100
_SHORT_S = 12
_WITHIN_S = 3600.0
_GROWS_TO = 1.1


async def worker_memory() -> Figure:
    """Feed the recordings a hundred at a time, so that none waits for long."""
    held: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name:
        folder = Path(name)
        spoken = await speak_calls(folder, 2)
        short = [beginning(call.raw, folder / f"short-{n}.raw", _SHORT_S) for n, call in enumerate(spoken)]
        async with listening() as platform:
            worker = await platform.start_worker()
            for done in range(_AT_ONCE, _LATE + 1, _AT_ONCE):
                await platform.record([short[n % len(short)] for n in range(_AT_ONCE)])
                await platform.heard(within_s=_WITHIN_S)
                held[done] = _mib_of_tree(worker.pid)
    return Figure(
        name="worker_memory",
        value=round(held[_LATE], 1),
        unit="MiB",
        peer=f"the same worker after {_EARLY} recordings",
        peer_value=round(held[_EARLY], 1),
        better="lower",
        limit=_GROWS_TO,
    )


def _mib_of_tree(pid: int) -> float:
    """What a process and its children hold in memory."""
    root = psutil.Process(pid)
    held: list[int] = [process.memory_info().rss for process in (root, *root.children(recursive=True))]
    return sum(held) / 2**20
