"""How a process behaves towards the others of its machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest

from backend.kernel import processes
from backend.kernel.processes import free_port, port_is_free


def test_a_process_gives_way_with_its_session_where_sessions_are_weighed() -> None:
    told = "import os; from backend.kernel.processes import give_way; give_way(7); print(os.nice(0))"
    grouped = (
        "from pathlib import Path; p = Path('/proc/self/autogroup'); print(p.read_text() if p.exists() else 'nice 7')"
    )
    answer = subprocess.run(
        [sys.executable, "-c", f"{told}\n{grouped}"], capture_output=True, text=True, check=True, start_new_session=True
    )
    niceness, group = answer.stdout.split("\n", 1)
    assert int(niceness) == min(os.nice(0) + 7, 19)
    assert "nice 7" in group


def test_a_port_that_was_found_for_a_server_is_dealt_to_nobody_else_before_it_listens() -> None:
    found = [free_port() for _ in range(50)]
    assert len(set(found)) == len(found)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        assert other.getsockname()[1] not in found
    with socket.socket() as hasty, pytest.raises(OSError, match="in use"):
        hasty.bind(("127.0.0.1", found[0]))
    for port in found:
        with socket.create_server(("127.0.0.1", port)):
            assert not port_is_free(port)


def test_a_udp_port_for_a_server_is_none_that_the_kernel_deals_out() -> None:
    first_dealt = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    port = free_port(kind=socket.SOCK_DGRAM)
    assert port < first_dealt
    assert port_is_free(port, kind=socket.SOCK_DGRAM)


def test_a_udp_port_that_was_found_is_found_by_nobody_else_before_it_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_SPOKEN_FOR", deque(maxlen=4))
    monkeypatch.setattr(processes, "_DEALT_TO_NOBODY", mine := [free_port(kind=socket.SOCK_DGRAM) for _ in range(5)])
    program = (
        "import socket; from backend.kernel import processes\n"
        f"processes._DEALT_TO_NOBODY = {mine}\n"
        "print(processes.free_port(kind=socket.SOCK_DGRAM))"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert int(other.stdout) == mine[0], "only the one that this process found so long ago is free to be found again"
