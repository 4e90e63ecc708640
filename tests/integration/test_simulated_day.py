"""A short day of sixty calls on the real platform: holds, refusals, transfers, citizens called back, all recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.kernel.config import PROJECT_ROOT

pytestmark = pytest.mark.integration


@pytest.fixture
def state(state_folder: Path) -> Iterator[Path]:
    """A fresh state folder that shares nothing but the unpacked programs."""
    with tempfile.TemporaryDirectory(prefix="hotline-day-") as folder:
        Path(folder).chmod(0o755)
        programs = state_folder / "debian"
        if programs.exists():
            (Path(folder) / "debian").symlink_to(programs.resolve())
        yield Path(folder)


@pytest.mark.timeout(600)
def test_a_short_day_stands_in_the_record_as_in_the_cdr_file(state: Path, tmp_path: Path) -> None:
    report = tmp_path / "day.json"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    day = subprocess.run(
        [sys.executable, "-m", "backend.app", "simulate", "day", "--calls", "60", "--minutes", "0.3",
         "--report", str(report)],
        cwd=PROJECT_ROOT, env={**environment, "HOTLINE_STATE": str(state)}, capture_output=True, text=True, check=False,
        timeout=580,
    )  # fmt: skip
    assert day.returncode == 0, day.stderr
    result = json.loads(report.read_text())
    assert result["placed"] == 60
    assert result["compared"] == 60 + result["called"]
    assert result["reached"] > 0
    assert result["answered"] + result["abandoned"] == 60
    assert result["held"] > 0
    assert result["differences"] == 0
