"""A processor gets the best routines that it can run, and never better ones."""

from __future__ import annotations

import platform

import pytest

from asr import kernels
from asr.kernels import best_routines, one_core

AVX2 = frozenset({"sse2", "avx", "avx2", "fma"})
AVX512 = AVX2 | {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}


@pytest.mark.parametrize(
    ("flags", "routines"),
    [
        (AVX512, "SkylakeX"),
        (AVX512 - {"avx512vl"}, "Haswell"),
        (AVX2, "Haswell"),
        (AVX2 - {"fma"}, "Sandybridge"),
        (frozenset({"sse2"}), None),
        (frozenset(), None),
    ],
)
def test_a_processor_gets_what_it_can_run(flags: frozenset[str], routines: str | None) -> None:
    assert best_routines(flags) == routines


def test_a_recogniser_has_one_core_and_what_somebody_chose_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "_flags", lambda: AVX2)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    given = {"PATH": "/bin"}
    assert one_core(given) == {
        "PATH": "/bin", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Haswell",
    }  # fmt: skip
    assert one_core({"OPENBLAS_CORETYPE": "Nehalem"})["OPENBLAS_CORETYPE"] == "Nehalem"
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert "OPENBLAS_CORETYPE" not in one_core(given)
