"""What a killed process left is cleared away, and nothing of one that lives."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from backend.kernel.scratch import scratch

_WORKS = """
import sys, tempfile, time
from pathlib import Path
from backend.kernel.scratch import scratch

with scratch(Path(sys.argv[1])), tempfile.TemporaryDirectory() as folder:
    (Path(folder) / "call.flac").write_bytes(b"voice")
    print("works", flush=True)
    time.sleep(3600)
"""


def left_in(root: Path) -> list[str]:
    return [path.name for path in root.rglob("*.flac")]


def test_what_a_killed_process_left_is_gone_with_the_next_one(tmp_path: Path) -> None:
    root = tmp_path / "scratch"
    with subprocess.Popen([sys.executable, "-c", _WORKS, str(root)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "works\n"
        with scratch(root) as own:
            assert left_in(root) == ["call.flac"]  # it lives, and works on it
            assert tempfile.gettempdir() == str(own)
            assert own.stat().st_mode & 0o077 == 0
        other.kill()
        other.wait()
    assert left_in(root) == ["call.flac"]
    with scratch(root) as own:
        assert list(root.iterdir()) == [own]
    assert list(root.iterdir()) == []
    assert tempfile.gettempdir() != str(own)
