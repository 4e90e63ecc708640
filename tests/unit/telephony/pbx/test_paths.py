from __future__ import annotations

from pathlib import Path

import pytest

from telephony.pbx.errors import PbxConfigInvalid
from telephony.pbx.paths import pbx_paths


def test_folders_are_made_for_this_user_alone(tmp_path: Path) -> None:
    paths = pbx_paths(tmp_path)
    paths.create()
    assert paths.recordings.is_dir()
    assert paths.cdr.parent.is_dir()
    assert paths.home.stat().st_mode & 0o077 == 0


def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PbxConfigInvalid, match="too long") as refusal:
        pbx_paths(tmp_path / ("x" * 100)).create()
    assert "HOTLINE_STATE" in refusal.value.next_step


@pytest.mark.parametrize("name", ["a b", "a;b", "a,b", "${x}", "[x]"])
def test_a_name_that_asterisks_files_cannot_hold_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(PbxConfigInvalid, match="cannot hold"):
        pbx_paths(tmp_path / name).create()


def test_paths_where_no_pbx_runs_may_be_of_any_length(tmp_path: Path) -> None:
    assert not pbx_paths(tmp_path / ("x" * 100)).recordings.is_dir()
