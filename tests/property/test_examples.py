"""The examples of a property test are the same in each run, whatever else the process has loaded by then."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "constants_of_ours"


def examples() -> list[tuple[int, str]]:
    seen: list[tuple[int, str]] = []

    @settings(max_examples=400)
    @given(st.integers(), st.text())
    def look(number: int, text: str) -> None:
        seen.append((number, text))

    look()
    return seen


def test_a_module_of_ours_that_is_loaded_meanwhile_changes_no_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not settings.default.derandomize:
        pytest.skip("others are tried on purpose")
    before = examples()
    path = tmp_path / f"{NAME}.py"
    dice = random.Random(1)
    path.write_text("\n".join(f"c{n} = ({dice.randrange(10**9)}, 'word {n}')" for n in range(500)))
    spec = importlib.util.spec_from_file_location(NAME, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, NAME, module)
    spec.loader.exec_module(module)
    assert examples() == before
