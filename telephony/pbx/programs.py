"""Which Asterisk, SIPp and espeak-ng serve: the system's where they do, else the private copy."""

from __future__ import annotations

import platform
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from telephony.pbx import child
from telephony.pbx.errors import ProgramMissing

ProgramName = Literal["asterisk", "sipp", "espeak-ng"]
OLDEST_ASTERISK = 20
_VERSION_FLAG: dict[ProgramName, str] = {"asterisk": "-V", "sipp": "-v", "espeak-ng": "--version"}
_VERSION = re.compile(r"\bv?(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True)
class Program:
    """A program that can be run: `argv` starts it, `env` is added to its environment."""

    name: ProgramName
    argv: tuple[str, ...]
    version: tuple[int, ...]
    private: bool
    env: dict[str, str] = field(default_factory=dict)

    @property
    def version_text(self) -> str:
        """The version as people write it."""
        return ".".join(map(str, self.version))

    def __str__(self) -> str:
        return f"{self.name} {self.version_text} ({'private copy' if self.private else 'of this system'})"


@dataclass(frozen=True)
class AsteriskFiles:
    """Where an Asterisk keeps its modules and its data."""

    modules: Path
    data: Path
    sbin: Path


def private_root(state: Path) -> Path:
    """The folder into which Debian packages are unpacked."""
    return state.resolve() / "debian" / "root"


async def find(name: ProgramName, state: Path) -> Program:
    """The program to run: the system's if recent enough, else the private copy's. Raises ProgramMissing."""
    program = await find_on_system(name) or await find_private(name, state)
    if program is None:
        raise ProgramMissing(
            f"There is no {name} on this machine that can be used, and no private copy of it yet.",
            next_step="Run `hotline pbx install`.",
        )
    return program


async def find_on_system(name: ProgramName) -> Program | None:
    """The program on the PATH, if it is there, runs and is recent enough."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        return None
    program = await _probe(name, (path,), private=False, env={})
    if program and name == "asterisk" and program.version[0] < OLDEST_ASTERISK:
        return None
    return program


async def find_private(name: ProgramName, state: Path) -> Program | None:
    """The program in the private copy, if that is complete and runs."""
    root = private_root(state)
    binary = root / "usr" / ("sbin" if name == "asterisk" else "bin") / name
    if not binary.exists():
        return None
    library = library_folder(root)
    loader = next(iter(sorted(library.glob("ld-linux-*.so.*"))), None)
    if loader is None:
        return None
    # Its own loader and libraries: the host's C library may be older than the packages'.
    search = f"{library}:{library / 'pulseaudio'}"
    argv = (str(loader), "--inhibit-cache", "--library-path", search, str(binary))
    env = {"ESPEAK_DATA_PATH": str(library / "espeak-ng-data")} if name == "espeak-ng" else {}
    return await _probe(name, argv, private=True, env=env)


def library_folder(root: Path) -> Path:
    """Where Debian keeps this machine's libraries below `root`."""
    return root / "usr" / "lib" / f"{platform.machine()}-linux-gnu"


def asterisk_files(program: Program, state: Path) -> AsteriskFiles:
    """Modules and data that belong to this Asterisk. Raises ProgramMissing when the package is incomplete."""
    root = private_root(state) if program.private else Path("/")
    candidates = [library_folder(root) / "asterisk/modules", root / "usr/lib/asterisk/modules"]
    candidates += [root / "usr/lib64/asterisk/modules"]
    modules = next((path for path in candidates if (path / "chan_pjsip.so").exists()), None)
    data = next((p for p in (root / "usr/share/asterisk", root / "var/lib/asterisk") if p.exists()), None)
    if modules is None or data is None:
        raise ProgramMissing(
            f"Asterisk {program.version_text} is here, but its modules or its data are not.",
            next_step="Install the package asterisk-modules, or remove the folder `debian` in the state folder "
            "and run `hotline pbx install`.",
        )
    return AsteriskFiles(modules=modules, data=data, sbin=root / "usr/sbin")


async def _probe(name: ProgramName, argv: tuple[str, ...], *, private: bool, env: dict[str, str]) -> Program | None:
    try:
        _, output = await child.run([*argv, _VERSION_FLAG[name]], env=env, timeout_s=20)
    except (OSError, TimeoutError):
        return None
    found = _VERSION.search(output)
    if found is None:
        return None
    version = tuple(int(part) for part in found.groups() if part is not None)
    return Program(name=name, argv=argv, version=version, private=private, env=env)
