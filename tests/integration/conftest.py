"""A hall with its consoles, for the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from agent_console import client
from backend.kernel import clock, security
from backend.kernel.database import Database

from .hall import ConsoleHall, open_hall

QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
"""Passwords of tests guard nothing; those of people cost 40 ms of a core each, and a test lets a dozen people in."""


@pytest.fixture
def one_day() -> Iterator[None]:
    """For a test that names days: it begins a minute after midnight in Beijing when the day would end in the middle of
    it, or has hardly begun. Nothing may take part that looks at a clock of its own, as a PBX does.
    """
    now = clock.now()
    begun, ends = clock.day_begins(clock.beijing(now).date()), clock.day_ends(clock.beijing(now).date())
    hardly, long_enough = timedelta(minutes=1), timedelta(minutes=10)
    if begun + hardly <= now <= ends - long_enough:
        yield
        return
    with time_machine.travel((begun if now < begun + hardly else ends) + hardly, tick=True):
        yield


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let people in without the cost of their passwords."""
    monkeypatch.setattr(security, "_PASSWORDS", QUICK)


@pytest.fixture
async def hall(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConsoleHall]:
    """The application over a real server and an empty database, with people who may sign in."""
    monkeypatch.setattr(client, "_RETRY_S", 0.02)
    async with open_hall(tmp_path, database) as opened:
        yield opened
