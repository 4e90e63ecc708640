"""Which of its routines the OpenBLAS inside vosk multiplies matrices with.

It is older than many a processor, and one that it does not know it takes for one of 2004: a network then costs twice
as much. What the processor can do is asked of the kernel instead.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_CHOICE = "OPENBLAS_CORETYPE"
_ABILITIES = (
    ("SkylakeX", frozenset({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl", "avx2", "fma"})),
    ("Haswell", frozenset({"avx2", "fma"})),
    ("Sandybridge", frozenset({"avx"})),
)
"""The best first, with what each needs: a routine that the processor does not have would end the process."""


def one_core(environment: Mapping[str, str]) -> dict[str, str]:
    """This environment for a process that recognises: one core for each thread of its own, the best routines."""
    child = {**environment, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    routines = best_routines(_flags())
    if routines is not None and platform.machine() == "x86_64":
        child.setdefault(_CHOICE, routines)
    return child


def best_routines(flags: frozenset[str]) -> str | None:
    """What OpenBLAS calls the best routines for a processor with these flags; None leaves the choice to it."""
    return next((name for name, needed in _ABILITIES if needed <= flags), None)


def _flags() -> frozenset[str]:
    """What the processor can do, as Linux tells it."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    found = next((line for line in lines if line.startswith("flags")), "")
    return frozenset(found.partition(":")[2].split())
