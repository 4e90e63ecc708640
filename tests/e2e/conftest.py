"""One platform and one browser for all tests of this folder; each test gets tabs of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from backend.app.web import BUILT_CONSOLE

from .desk import Desk, chromium, console_context
from .town import Town, open_town

LONGEST_S = 900
"""Of a test of this folder, the start of the platform with it: each waits by itself, and for the very thing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test of this folder its time."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(LONGEST_S))


class Enter(Protocol):
    """Lets somebody new of a role sign in."""

    def __call__(self, role: str, *, seated: bool = True, unit: str | None = None) -> Awaitable[Desk]:
        """The desk of this person, of this unit; an agent also takes a seat, unless told not to."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town() -> AsyncIterator[Town]:
    """The whole platform in a state folder of its own."""
    if not (BUILT_CONSOLE / "index.html").exists():
        pytest.fail("the web console is not built: make console")
    with tempfile.TemporaryDirectory(prefix="hotline-e2e-") as folder:
        Path(folder).chmod(0o755)
        async with open_town(Path(folder)) as running:
            yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(town: Town) -> AsyncIterator[Browser]:
    """The system's Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine: install the package chromium")
    async with chromium(program, town.seat_voice) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def enter(town: Town, browser: Browser) -> AsyncIterator[Enter]:
    """Lets somebody new of a role sign in at a browser of their own, an agent also take a seat of their own.

    No page may have thrown an error by the end of the test, and no citizen is left to ring at a desk of the next.
    """
    desks: list[Desk] = []

    async def sign_in(role: str, *, seated: bool = True, unit: str | None = None) -> Desk:
        context = await console_context(browser, town.address)
        desk = Desk(await context.new_page(), await town.newcomer(role, unit))
        desks.append(desk)
        await desk.sign_in()
        if role == "agent" and seated:
            await desk.sit_down(town.next_seat())
        return desk

    yield sign_in
    for desk in desks:
        await desk.page.context.close()
    await town.hang_up()
    assert [trouble for desk in desks for trouble in desk.troubles] == []
