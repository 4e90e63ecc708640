"""How a process behaves towards the others of its machine."""

from __future__ import annotations

import os
import subprocess
import sys


def test_a_process_gives_way_with_its_session_where_sessions_are_weighed() -> None:
    told = "import os; from backend.kernel.processes import give_way; give_way(7); print(os.nice(0))"
    grouped = (
        "from pathlib import Path; p = Path('/proc/self/autogroup'); print(p.read_text() if p.exists() else 'nice 7')"
    )
    answer = subprocess.run(
        [sys.executable, "-c", f"{told}\n{grouped}"], capture_output=True, text=True, check=True, start_new_session=True
    )
    niceness, group = answer.stdout.split("\n", 1)
    assert int(niceness) == os.nice(0) + 7
    assert "nice 7" in group
