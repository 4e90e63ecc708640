"""A folder for what a process works on.

A process that is killed leaves its files behind: recordings of citizens, lists with their names. Whoever comes next
on the machine clears them away, and leaves alone what belongs to a process that lives.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch(shared: Path | None = None) -> Iterator[Path]:
    """A folder of this process, for its user alone; gone at the end, or when the next one begins. All that is made by
    `tempfile` meanwhile lies in it.

    It stands in one that the processes of this user share, by default where the machine keeps what is temporary. A
    folder belongs to whoever holds its lock, which the kernel gives back however a process ends.
    """
    root = _own(shared or Path(tempfile.gettempdir()) / f"hotline-scratch-{os.getuid()}")
    with _locked(root):
        for left in root.iterdir():
            _remove_if_left(left)
        own = Path(tempfile.mkdtemp(dir=root))
        held = _lock(own, fcntl.LOCK_EX)
    before, tempfile.tempdir = tempfile.tempdir, str(own)
    try:
        yield own
    finally:
        tempfile.tempdir = before
        shutil.rmtree(own, ignore_errors=True)
        os.close(held)


def _own(shared: Path) -> Path:
    """The shared folder; another one if somebody else was there first with this name."""
    shared.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = shared.lstat()
    return shared if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() else Path(tempfile.mkdtemp())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    held = _lock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(held)


def _remove_if_left(folder: Path) -> None:
    try:
        held = _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # it is in use, or another user's
        return
    shutil.rmtree(folder, ignore_errors=True)
    os.close(held)


def _lock(folder: Path, how: int) -> int:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(opened, how)
    except BaseException:
        os.close(opened)
        raise
    return opened
