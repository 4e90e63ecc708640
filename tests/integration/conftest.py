"""A hall with its consoles, for the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent_console import client
from backend.kernel.database import Database

from .hall import ConsoleHall, open_hall


@pytest.fixture
async def hall(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConsoleHall]:
    """The application over a real server and an empty database, with people who may sign in."""
    monkeypatch.setattr(client, "_RETRY_S", 0.02)
    async with open_hall(tmp_path, database) as opened:
        yield opened
