"""Child processes that never outlive the platform, and the places where processes meet: ports and unix sockets."""

from __future__ import annotations

import ctypes
import hashlib
import os
import secrets
import signal
import socket
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_SOCKET_PATH_LIMIT = 90  # the kernel allows 107 bytes for the whole path with the file name behind it
_DEALT_TO_NOBODY = range(10_000, 20_000)
"""Ports below those that the kernel deals out by itself, and below those of the sound of calls."""
_SPOKEN_FOR: deque[socket.socket] = deque(maxlen=64)
"""The UDP ports that this process found last: each is a name in the kernel, which falls away with its socket."""
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(death_signal: int = signal.SIGKILL, *, user: tuple[int, int] | None = None) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `death_signal` to the child when the thread that started it ends.

    With `user` (uid, gid) the child first drops root for good; the signal is set after that, because changing the
    user clears it. It is checked whether the parent died in between.
    """
    parent = os.getpid()

    def prepare() -> None:
        if user is not None:
            os.setgroups([])
            os.setgid(user[1])
            os.setuid(user[0])
        _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return prepare


def free_port(host: str = "127.0.0.1", kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port for a server that is about to start: until it listens, the kernel gives the port to nobody else.

    To whoever asks for any port the kernel deals out one that is free at this moment. A TCP port on which a connection
    has just ended is dealt out to nobody for a minute, but a server may listen there. UDP knows no such rest: there it
    is other processes that look for a port here, and one that they found and do not serve yet is passed over.
    """
    if kind is socket.SOCK_DGRAM:
        while not (port_is_free(port := secrets.choice(_DEALT_TO_NOBODY), host, kind) and _speak_for(port)):
            pass
        return port
    with closing(socket.socket()) as server, closing(socket.socket()) as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, 0))
        server.listen(1)
        client.connect(server.getsockname())
        server.accept()[0].close()  # this end closes first, so it is this port that rests
        return int(server.getsockname()[1])


def _speak_for(port: int) -> bool:
    """Keep others who look for a UDP port from finding this one; False when one of them was first."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0hotline-udp-{port}")
    except OSError:
        name.close()
        return False
    if len(_SPOKEN_FOR) == _SPOKEN_FOR.maxlen:
        _SPOKEN_FOR.popleft().close()
    _SPOKEN_FOR.append(name)
    return True


def port_is_free(port: int, host: str = "127.0.0.1", kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether somebody could bind the port now."""
    with closing(socket.socket(socket.AF_INET, kind)) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def socket_folder(wished: Path, *, kind: str) -> Path:
    """A folder for unix sockets: the one wished for, or one with a short name where that one's path is too long."""
    if len(str(wished)) <= _SOCKET_PATH_LIMIT:
        return wished
    digest = hashlib.sha256(str(wished).encode()).hexdigest()[:12]
    return Path("/tmp") / f"hotline-{kind}-{digest}"  # noqa: S108 - 0700, and checked to be ours by chmod


def give_way(niceness: int) -> None:
    """Let this process give way to others by so much, and its session too.

    Linux weighs sessions against each other where it groups them by itself (sched_autogroup): there the niceness of a
    process that is alone in its session says nothing.
    """
    os.nice(niceness)
    with suppress(OSError):  # a kernel that does not group sessions
        Path("/proc/self/autogroup").write_text(f"{niceness}", encoding="ascii")
