"""`hotline demo` as anybody would run it: the real platform in a state folder of its own, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from backend.kernel.config import PROJECT_ROOT

pytestmark = pytest.mark.integration


@pytest.fixture
def state(state_folder: Path) -> Iterator[Path]:
    """A fresh state folder that shares nothing but the unpacked programs."""
    with tempfile.TemporaryDirectory(prefix="hotline-demo-") as folder:
        Path(folder).chmod(0o755)
        programs = state_folder / "debian"
        if programs.exists():
            (Path(folder) / "debian").symlink_to(programs.resolve())
        yield Path(folder)


@pytest.mark.timeout(600)
def test_the_demo_ends_by_itself_and_loses_nothing(state: Path, tmp_path: Path) -> None:
    report = tmp_path / "demo.json"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    demo = subprocess.Popen(
        [sys.executable, "-m", "backend.app", "demo", "--seconds", "45", "--headless", "--report", str(report)],
        cwd=PROJECT_ROOT,
        env={**environment, "HOTLINE_STATE": str(state)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said, _ = demo.communicate(timeout=540)
    except subprocess.TimeoutExpired:
        demo.send_signal(signal.SIGINT)
        said, _ = demo.communicate(timeout=30)
    assert demo.returncode == 0, said
    result = json.loads(report.read_text())
    assert result["lost"] == []
    assert result["calls"] == result["cdr"]
    offered, answered = result["calls"]["offered"], result["calls"]["answered"]
    assert offered >= 20
    assert answered > 0
    assert result["calls"]["abandoned"] == offered - answered
    assert result["recordings"] == result["transcripts"] == result["cases"] == answered
    assert 0 < result["callbacks"] <= answered
    assert not (state / "platform.json").exists()
    left = [each for each in psutil.process_iter(["cmdline"]) if str(state) in " ".join(each.info["cmdline"] or [])]
    _, alive = psutil.wait_procs(left, timeout=60)  # what is told to end with its parent ends a moment later
    assert alive == []
