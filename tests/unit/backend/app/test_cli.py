"""The command line: every mistake is a sentence with what to do, and a status that is not zero; never a traceback."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from backend.app import cli_calls, cli_care, cli_jobs, cli_load, cli_run, cli_users
from backend.app.config import Installation
from backend.app.terminal import app
from backend.app.up import AlreadyRunning, Platform, WebPortInUse, platform
from backend.kernel.config import PROJECT_ROOT, Environment

assert cli_calls.calls_app
assert cli_care.db_app
assert cli_run.up
assert cli_users.user_app
assert cli_jobs.jobs_app
assert cli_load.load_app


def hotline(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a person would."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return subprocess.run(
        [sys.executable, "-m", "backend.app", *arguments],
        env={**environment, **settings}, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip


def overlay(folder: Path, text: str) -> str:
    file = folder / "overlay.yaml"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize(
    "command",
    [[], ["up"], ["demo"], ["serve"], ["telephony"], ["worker"], ["bench"], ["drill"], ["simulate"],
     ["simulate", "day"], ["db"], ["pbx"], ["model"],
     ["user"], ["db", "upgrade"], ["pbx", "install"], ["model", "list"], ["user", "add"],
     ["user", "list"], ["user", "password"], ["user", "roles"], ["user", "close"], ["user", "open"], ["user", "unit"],
     ["load"], ["load", "units"], ["load", "all"], ["load", "history"],
     ["calls"], ["calls", "reconcile"], ["jobs"], ["jobs", "list"], ["jobs", "retry"]],
)  # fmt: skip
def test_every_command_says_what_it_does(command: list[str]) -> None:
    shown = CliRunner().invoke(app, [*command, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output
    assert len(shown.output.splitlines()) > 5


async def test_a_port_in_use_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        named = Path(overlay(tmp_path, f"web: {{port: {port}}}"))
        installation = Installation(Environment(state=tmp_path / "state", overlay=named, secret=SecretStr("s" * 40)))
        with pytest.raises(WebPortInUse) as refused:
            await Platform(installation).start()
    assert str(port) in refused.value.message
    assert refused.value.field == "web.port"
    assert refused.value.next_step
    assert [file.name for file in (tmp_path / "state").iterdir()] == ["platform.lock"]


async def test_a_second_platform_on_one_state_folder_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    installation = Installation(Environment(state=tmp_path / "state", secret=SecretStr("s" * 40)))
    installation.state.mkdir()
    status = installation.state / "platform.json"
    status.write_text(json.dumps({"address": "http://127.0.0.1:1"}))
    with (installation.state / "platform.lock").open("w") as claim:
        fcntl.flock(claim, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunning) as refused:
            async with platform(installation):
                pass
    assert "http://127.0.0.1:1" in refused.value.message
    assert refused.value.next_step
    assert status.exists()


def test_a_port_in_use_is_told_as_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        named = overlay(tmp_path, f"web: {{port: {other.getsockname()[1]}}}")
        ended = hotline("up", HOTLINE_STATE=str(tmp_path / "state"), HOTLINE_OVERLAY=named)
    assert ended.returncode == 1
    assert "WebPortInUse" in ended.stderr
    assert "What to do:" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "settings", "error"),
    [
        (["serve"], {}, "DatabaseNotGiven"),
        (["db", "upgrade"], {}, "DatabaseNotGiven"),
        (["db", "upgrade"], {"HOTLINE_DATABASE_URL": "postgresql://me:hidden-word@127.0.0.1:1/x"}, "DatabaseAway"),
        (["db", "upgrade"], {"HOTLINE_DATABASE_URL": "mysql://me:hidden-word@db/x"}, "DatabaseUrlInvalid"),
        (["serve"], {"HOTLINE_CONFIG": "/nowhere/hotline.yaml"}, "ConfigurationInvalid"),
        (["bench", "nonsense"], {}, "BenchFailed"),
        (["drill", "nonsense"], {}, "DrillFailed"),
    ],
)
def test_a_mistake_is_a_sentence_with_what_to_do(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], error: str
) -> None:
    ended = hotline(*arguments, HOTLINE_STATE=str(tmp_path), **settings)
    assert ended.returncode == 1
    assert error in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hidden-word" not in ended.stderr + ended.stdout
