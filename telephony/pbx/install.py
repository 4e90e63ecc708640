"""Fetch Asterisk, SIPp and espeak-ng as Debian packages and unpack them privately, without root.

The host's own apt does the work with a state of its own, so signatures are verified by Debian's keyring, the mirror is
the machine's, and nothing is installed. A copy is complete when its manifest stands; it is unpacked beside its place
and moved there at the end, so an interrupted run leaves nothing half done and a second run uses what was downloaded.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from telephony.pbx import child, programs
from telephony.pbx.errors import InstallFailed
from telephony.pbx.programs import Program, ProgramName

SUITE = "forky"
SPEECH_SUITE = "bookworm"
"""Whose espeak-ng speaks. The demo model learned from its voices and is measured on them; those of later versions are
others to it. A mirror that no longer has the suite gives the version of `SUITE`."""
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PACKAGES: dict[ProgramName, tuple[str, ...]] = {
    "asterisk": ("asterisk", "asterisk-modules"),
    "sipp": ("sip-tester",),
    "espeak-ng": ("espeak-ng",),
}
TESTED = {
    "asterisk": "1:22.10.1+dfsg+~cs6.17.60671434-1",
    "sip-tester": "1:3.8.0-1",
    "espeak-ng": "1.51+dfsg-10+deb12u2",
}
"""The versions that the tests ran with. The suite moves on and keeps no older ones: a newer one is used and named."""

_SPEECH_PACKAGES = "espeak-ng espeak-ng-data libespeak-ng1"
_UNUSED_PACKAGES = re.compile(
    r"(adduser|base-passwd|debconf|dirmngr|gnupg|gpg|pinentry|passwd|login|libperl|perl|python3|libpython3"
    r"|libpam-|libsensors|pci\.ids|tzdata|libgprofng|libx11-data|asterisk-core-sounds)[^/]*$"
)
_UNUSED_PATHS = (
    *("./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/share/lintian", "./etc", "./var"),
    *("./usr/lib/*/gconv", "./usr/lib/systemd", "./usr/share/snmp", "./usr/share/bash-completion"),
)
_SPOKEN = ("cmn_dict", "en_dict")
"""The dictionaries of espeak-ng that are kept: Mandarin, and English, which it falls back on."""

Say = Callable[[str, float], None]
"""Progress: what is being done, and the share that is done, 0 to 1."""


@dataclass(frozen=True)
class Installation:
    """The programs that serve, and what the person who installs should know."""

    programs: tuple[Program, ...]
    notes: tuple[str, ...]


async def install(state: Path, *, use_system: bool = True, say: Say = lambda *_: None) -> Installation:
    """See to it that each program runs: the system's where it serves (unless `use_system` is off), else a private
    copy. Raises InstallFailed.
    """
    found = {name: await programs.find_on_system(name) if use_system else None for name in PACKAGES}
    missing = [name for name, program in found.items() if program is None]
    private = {name: await programs.find_private(name, state) for name in missing}
    notes: list[str] = []
    if any(program is None for program in private.values()):
        notes += await _fetch_and_unpack(state, say)
        private = {name: await programs.find_private(name, state) for name in missing}
    broken = [name for name, program in private.items() if program is None]
    if broken:
        raise InstallFailed(
            f"{', '.join(broken)} was unpacked but does not run on this machine.",
            next_step="Install it with the system's package manager and run this again.",
        )
    say("done", 1.0)
    chosen = {**found, **private}
    return Installation(tuple(p for p in chosen.values() if p is not None), tuple(notes))


async def _fetch_and_unpack(state: Path, say: Say) -> list[str]:
    _need_tools(("apt-get", "dpkg-deb", "tar"))
    apt = programs.private_root(state).parent / "apt"
    wanted = [package for packages in PACKAGES.values() for package in packages]
    say(f"reading the package list of Debian {SUITE}", 0.02)
    config = await _private_apt(apt)
    await _read_lists(apt, config)
    say("downloading " + ", ".join(wanted), 0.15)
    await _apt(config, ["install", "-y", "--download-only", *wanted], "The packages could not be downloaded")
    archives = sorted((apt / "cache/archives").glob("*.deb"))
    await _unpack(archives, programs.private_root(state), say)
    shutil.rmtree(apt / "state", ignore_errors=True)
    return _moved_on(archives)


def _need_tools(tools: Iterable[str]) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing or not KEYRING.exists():
        what = ", ".join(missing) or f"Debian's archive keyring ({KEYRING})"
        raise InstallFailed(
            f"A private copy cannot be fetched here: {what} is missing, so this is probably not Debian.",
            next_step="Install asterisk (20 or later), sipp and espeak-ng with the system's package manager.",
        )


async def _private_apt(folder: Path) -> Path:
    for part in ("etc/preferences.d", "state/lists/partial", "state/dpkg", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "state/dpkg/status").touch()
    pin = f"Package: {_SPEECH_PACKAGES}\nPin: release n={SPEECH_SUITE}\nPin-Priority: 1001\n"
    (folder / "etc/preferences.d/speech").write_text(pin)
    config = folder / "apt.conf"
    settings = {
        "Dir::Etc": folder / "etc",
        "Dir::Etc::sourcelist": folder / "etc/sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "state/dpkg/status",
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        # A frozen mirror serves a release file whose date has passed; the signature is checked all the same.
        "Acquire::Check-Valid-Until": "false",
        "APT::Install-Recommends": "0",
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "1",
    }
    # The host's own way to the network (proxies, time-outs) holds here too; the rest of its settings does not.
    _, host = await child.run(["apt-config", "dump", "--no-empty", "Acquire"])
    lines = [line for line in host.splitlines() if line.startswith("Acquire::http")]
    lines += [f'{key} "{value}";' for key, value in settings.items()]
    config.write_text("\n".join(lines) + "\n")
    return config


async def _read_lists(folder: Path, config: Path) -> None:
    """The package lists of both suites, or of the one that every mirror has."""
    mirror = await _mirror()
    lines = [f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in (SUITE, SPEECH_SUITE)]
    sources = folder / "etc/sources.list"
    try:
        sources.write_text("".join(lines))
        await _apt(config, ["update"], "The package list could not be read")
    except InstallFailed:
        sources.write_text(lines[0])
        await _apt(config, ["update"], "The package list could not be read")


async def _mirror() -> str:
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN)", "Created-By: Packages"]
    _, output = await child.run(command)
    offered = [line.split(maxsplit=1) for line in output.splitlines() if line.strip()]
    debian = [parts[0] for parts in offered if len(parts) == 2 and parts[1] == "Debian"]
    # Without downloaded lists apt does not know an origin yet; then the address itself has to tell.
    debian = debian or [parts[0] for parts in offered if parts[0].rstrip("/").endswith("/debian")]
    if not debian:
        raise InstallFailed(
            "This machine's apt names no Debian mirror.",
            next_step="Install asterisk (20 or later), sipp and espeak-ng with the system's package manager.",
        )
    return debian[0]


async def _apt(config: Path, arguments: Sequence[str], failure: str) -> None:
    env = {"APT_CONFIG": str(config), "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    try:
        status, output = await child.run(["apt-get", *arguments], env=env, timeout_s=900)
    except TimeoutError as error:
        raise InstallFailed(f"{failure}: no answer within 15 minutes.", next_step=_TRY_AGAIN) from error
    # apt-get update ends with 0 even when nothing could be reached; its warnings tell.
    trouble = [line for line in output.splitlines() if line.startswith(("E:", "W: Failed to fetch", "Err:"))]
    if status != 0 or (arguments[0] == "update" and trouble):
        reason = " ".join(trouble[:3]) or output.strip()[-300:]
        raise InstallFailed(f"{failure}: {reason}", kept="What was downloaded is kept.", next_step=_TRY_AGAIN)


_TRY_AGAIN = "Check the network and the machine's apt mirror, then run `hotline pbx install` again."


async def _unpack(archives: Sequence[Path], root: Path, say: Say) -> None:
    partial = root.with_name(f"{root.name}.partial.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    needed = [archive for archive in archives if not _UNUSED_PACKAGES.match(archive.name)]
    excludes = [f"--exclude={path}" for path in _UNUSED_PATHS]
    try:
        for done, archive in enumerate(needed):
            say(f"unpacking {archive.name.partition('_')[0]}", 0.5 + 0.5 * done / len(needed))
            await _unpack_one(archive, partial, excludes)
        _forget_other_languages(partial)
        manifest = dict(_name_and_version(archive) for archive in archives)
        (partial / "manifest.json").write_text(json.dumps(manifest, indent=1))
        shutil.rmtree(root, ignore_errors=True)
        partial.rename(root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _forget_other_languages(root: Path) -> None:
    for dictionary in root.glob("usr/lib/*/espeak-ng-data/*_dict"):
        if dictionary.name not in _SPOKEN:
            dictionary.unlink()


async def _unpack_one(archive: Path, into: Path, excludes: Sequence[str]) -> None:
    read, write = os.pipe()
    try:
        source = await asyncio.create_subprocess_exec("dpkg-deb", "--fsys-tarfile", str(archive), stdout=write)
        target = await asyncio.create_subprocess_exec(
            "tar", "-x", "--no-same-owner", "-C", str(into), *excludes, stdin=read
        )
    finally:
        os.close(read)
        os.close(write)
    if await source.wait() or await target.wait():
        await asyncio.to_thread(archive.unlink, missing_ok=True)
        raise InstallFailed(
            f"The package {archive.name} could not be unpacked; it was removed from the cache.",
            next_step="See that the disk is not full and run `hotline pbx install` again.",
        )


def _name_and_version(archive: Path) -> tuple[str, str]:
    name, version, _ = archive.name.split("_", 2)
    return name, version.replace("%3a", ":")


def _moved_on(archives: Sequence[Path]) -> list[str]:
    """One sentence for each program that Debian now has in another version than the tested one."""
    now = dict(_name_and_version(archive) for archive in archives)
    return [
        f"Debian {SUITE} has moved on: {name} is {now[name]}, tested was {version}."
        for name, version in TESTED.items()
        if name in now and now[name] != version
    ]
