"""`hotline quality test`: every example in a table, and a status that a pipeline can go by."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from backend.app.cli_quality import run_examples
from backend.app.datasets import DELIVERED


def test_what_is_delivered_holds(capsys: pytest.CaptureFixture[str]) -> None:
    run_examples(None, clips=False)
    assert "0 failed" in capsys.readouterr().out


def test_an_example_that_fails_ends_with_a_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    delivered = next(path for path in DELIVERED["quality"].files if path.stem == "sound").read_text(encoding="utf-8")
    broken = tmp_path / "sound.yaml"
    broken.write_text(delivered.replace("longest_s: 10\n", "longest_s: 15\n"), encoding="utf-8")
    with pytest.raises(typer.Exit) as ended:
        run_examples([broken], clips=False)
    assert ended.value.exit_code == 1
    assert "1 failed" in capsys.readouterr().out


def test_a_file_that_is_none_is_named_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "none.yaml"
    broken.write_text("set: none\nversion: '1'\nvalid_from: 2026-01-01\nrules:\n  - id: Bad\n", encoding="utf-8")
    with pytest.raises(typer.Exit):
        run_examples([broken])
    assert "line 5" in capsys.readouterr().err
