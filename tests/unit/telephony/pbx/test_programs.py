from __future__ import annotations

from pathlib import Path

import pytest

from telephony.pbx import programs
from telephony.pbx.errors import ProgramMissing


def pretend(folder: Path, name: str, says: str, status: int = 0) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {status}\n")
    path.chmod(0o755)


@pytest.fixture
def path_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    return folder


async def test_the_systems_program_is_taken_where_it_serves(path_folder: Path, tmp_path: Path) -> None:
    pretend(path_folder, "asterisk", "Asterisk 20.6.0~dfsg-2")
    program = await programs.find("asterisk", tmp_path)
    assert program.version == (20, 6, 0)
    assert not program.private
    assert str(program) == "asterisk 20.6.0 (of this system)"


async def test_an_asterisk_that_is_too_old_is_passed_over(path_folder: Path) -> None:
    pretend(path_folder, "asterisk", "Asterisk 18.10.0")
    assert await programs.find_on_system("asterisk") is None


async def test_a_program_that_does_not_run_is_no_program(path_folder: Path) -> None:
    pretend(path_folder, "asterisk", "Segmentation fault", status=139)
    assert await programs.find_on_system("asterisk") is None


async def test_sipp_tells_its_version_with_another_status(path_folder: Path) -> None:
    pretend(path_folder, "sipp", " SIPp v3.8.0-TLS-SCTP-PCAP.", status=99)
    program = await programs.find_on_system("sipp")
    assert program is not None
    assert program.version == (3, 8, 0)


async def test_what_is_nowhere_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs.shutil, "which", lambda *_, **__: None)
    with pytest.raises(ProgramMissing, match="no asterisk") as missing:
        await programs.find("asterisk", tmp_path)
    assert "hotline pbx install" in missing.value.next_step


async def test_half_a_copy_is_no_copy(tmp_path: Path) -> None:
    binary = programs.private_root(tmp_path) / "usr/sbin/asterisk"
    binary.parent.mkdir(parents=True)
    binary.write_text("")
    assert await programs.find_private("asterisk", tmp_path) is None
