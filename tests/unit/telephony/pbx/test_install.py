"""The installer against a pretended apt; the real one is proven by tests/integration."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from telephony.pbx import install as installer
from telephony.pbx import programs
from telephony.pbx.errors import InstallFailed
from telephony.pbx.install import TESTED, install
from telephony.pbx.programs import Program, ProgramName


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Asterisk, whose apt-get does what the file `apt-get` of the folder says."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    program(bin_folder / "apt-config", "echo 'Acquire::http::Proxy \"http://proxy.invalid:3128\";'")
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")

    async def none(name: ProgramName, *_: object) -> Program | None:
        return None

    monkeypatch.setattr(programs, "find_on_system", none)
    return bin_folder


def offering(machine: Path, install_script: str) -> None:
    program(
        machine / "apt-get",
        f'case "$1" in indextargets) echo "http://mirror.invalid/debian/ Debian";; install) {install_script};; esac',
    )


def deb(path: Path, files: dict[str, str]) -> None:
    """A Debian package with these files."""
    root = path.parent / "tree"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(
        "Package: asterisk\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.invalid>\nDescription: x\n"
    )
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", root, path], check=True, capture_output=True)


async def test_a_machine_without_debians_tools_says_what_to_install(
    machine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(installer, "KEYRING", tmp_path / "no-keyring")
    with pytest.raises(InstallFailed, match="probably not Debian") as failure:
        await install(tmp_path / "state")
    assert "package manager" in failure.value.next_step


async def test_without_a_network_the_reason_and_the_next_step_are_named(machine: Path, tmp_path: Path) -> None:
    program(
        machine / "apt-get",
        'if [ "$1" = indextargets ]; then echo "http://mirror.invalid/debian/ Debian"; exit; fi\n'
        "echo 'Err:1 http://mirror.invalid/debian forky InRelease'\n"
        "echo 'W: Failed to fetch http://mirror.invalid/  Temporary failure resolving'",
    )
    with pytest.raises(InstallFailed, match=r"package list could not be read.*Temporary failure") as failure:
        await install(tmp_path / "state")
    assert "network" in failure.value.next_step


async def test_a_machine_whose_apt_names_no_mirror_says_so(machine: Path, tmp_path: Path) -> None:
    program(machine / "apt-get", "exit 0")
    with pytest.raises(InstallFailed, match="no Debian mirror"):
        await install(tmp_path / "state")


async def test_a_mirror_without_the_older_suite_is_used_all_the_same(machine: Path, tmp_path: Path) -> None:
    etc = tmp_path / "state/debian/apt/etc"
    program(
        machine / "apt-get",
        'case "$1" in indextargets) echo "http://mirror.invalid/debian/ Debian";;\n'
        f"update) grep -q bookworm '{etc}/sources.list' && echo 'E: bookworm has no Release file'; exit 0;;\n"
        "install) echo 'E: enough'; exit 100;; esac",
    )
    with pytest.raises(InstallFailed, match=r"packages could not be downloaded.*enough"):
        await install(tmp_path / "state")
    assert [line.split()[3] for line in (etc / "sources.list").read_text().splitlines()] == ["forky"]


async def test_who_speaks_is_of_the_suite_that_the_model_learned_from(machine: Path, tmp_path: Path) -> None:
    offering(machine, "echo 'E: enough'; exit 100")
    with pytest.raises(InstallFailed, match="enough"):
        await install(tmp_path / "state")
    etc = tmp_path / "state/debian/apt/etc"
    assert [line.split()[3] for line in (etc / "sources.list").read_text().splitlines()] == ["forky", "bookworm"]
    assert "libespeak-ng1\nPin: release n=bookworm" in (etc / "preferences.d/speech").read_text()


async def test_the_hosts_proxy_is_used_and_the_rest_of_its_settings_not(machine: Path, tmp_path: Path) -> None:
    offering(machine, "echo 'E: enough'; exit 100")
    with pytest.raises(InstallFailed, match="enough"):
        await install(tmp_path / "state")
    config = (tmp_path / "state/debian/apt/apt.conf").read_text()
    assert 'Acquire::http::Proxy "http://proxy.invalid:3128";' in config
    assert 'Dir::Etc::sourceparts "-";' in config


async def test_what_does_not_run_after_all_is_said(machine: Path, tmp_path: Path) -> None:
    package = tmp_path / "asterisk_1%3a99.0-1_all.deb"
    deb(package, {"usr/sbin/asterisk": "no program", "usr/share/doc/asterisk/readme": "long"})
    archives = tmp_path / "state/debian/apt/cache/archives"
    offering(machine, f"cp '{package}' '{archives}'")
    with pytest.raises(InstallFailed, match="does not run on this machine"):
        await install(tmp_path / "state")
    root = programs.private_root(tmp_path / "state")
    assert json.loads((root / "manifest.json").read_text()) == {"asterisk": "1:99.0-1"}
    assert not (root / "usr/share/doc").exists()
    assert [path.name for path in root.parent.iterdir() if "partial" in path.name] == []


async def test_a_broken_package_is_removed_so_that_the_next_run_fetches_it_anew(machine: Path, tmp_path: Path) -> None:
    archives = tmp_path / "state/debian/apt/cache/archives"
    offering(machine, f"echo rubbish > '{archives}/asterisk_1_all.deb'")
    with pytest.raises(InstallFailed, match="could not be unpacked"):
        await install(tmp_path / "state")
    assert list(archives.glob("*.deb")) == []
    assert not programs.private_root(tmp_path / "state").exists()


def test_a_suite_that_has_moved_on_is_named() -> None:
    same = [Path(f"asterisk_{TESTED['asterisk'].replace(':', '%3a')}_amd64.deb")]
    newer = [Path("sip-tester_1%3a4.0.0-1_amd64.deb")]
    assert installer._moved_on(same) == []
    assert installer._moved_on([*same, *newer]) == [
        f"Debian forky has moved on: sip-tester is 1:4.0.0-1, tested was {TESTED['sip-tester']}."
    ]
