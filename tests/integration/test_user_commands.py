"""Accounts are kept on the command line, each change in the audit log; the draw of a day can be made there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from sqlalchemy import text

from backend.kernel.config import PROJECT_ROOT
from backend.kernel.database import Database

pytestmark = pytest.mark.integration

PASSWORD = "一个足够长的测试口令-1"


def hotline(database: Database, *arguments: str, typed: str = "", group: str = "user", ends: int = 0) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    done = subprocess.run(
        [sys.executable, "-m", "backend.app", group, *arguments],
        env={**environment, "HOTLINE_DATABASE_URL": database.url}, cwd=PROJECT_ROOT,
        input=typed, capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert done.returncode == ends, done.stderr
    return done.stdout + done.stderr


async def test_an_account_lives_on_the_command_line(database: Database) -> None:
    twice = f"{PASSWORD}\n{PASSWORD}\n"
    hotline(database, "add", "wang", "--name", "王芳", "--role", "agent", typed=twice)
    hotline(database, "roles", "wang", "--role", "agent", "--role", "supervisor")
    hotline(database, "team", "wang", "甲班")
    hotline(database, "password", "wang", typed=twice.replace("1", "2"))
    hotline(database, "close", "wang")
    assert "closed" in hotline(database, "list")
    hotline(database, "open", "wang")
    said = hotline(database, "list")
    assert "王芳" in said
    assert "agent, supervisor" in said
    assert "甲班" in said
    assert "closed" not in said
    async with database.transaction() as tx:
        rows = await tx.session.execute(text("SELECT action FROM audit_log ORDER BY entry_id"))
        assert [row.action for row in rows] == [
            "user_created", "roles_set", "team_set", "password_set", "user_closed", "user_opened",
        ]  # fmt: skip


async def test_the_draw_of_a_day_is_made_once_on_the_command_line_too(database: Database) -> None:
    assert "Drawn for review: 0 fatal" in hotline(database, "draw", group="reviews")
    assert "drawn before" in hotline(database, "draw", group="reviews")
