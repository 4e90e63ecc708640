"""What every test may use: a real private PostgreSQL, a fresh database each session, emptied between tests."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from sqlalchemy import make_url, text
from xdist.scheduler import LoadScopeScheduling

from backend.app.datasets import load_what_is_missing
from backend.app.schema import upgrade_schema
from backend.app.tables import metadata
from backend.kernel.config import Environment
from backend.kernel.database import Database
from backend.kernel.postgres import PrivatePostgres
from backend.kernel.urls import driver_url, sqlalchemy_url
from backend.kernel.versions import DataVersion, Versioned

REFERENCE = {DataVersion.__tablename__, *(table.__tablename__ for table in Versioned.__subclasses__())}
"""The tables of reference data: loaded once, and left as they are between tests."""

# Three processes share the machine, so how long an example takes says nothing about it. Each run tries the same
# examples, and what fails here fails everywhere. For others: pytest --hypothesis-profile=others tests/property
settings.register_profile("others", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=False)
settings.register_profile("shared", settings.get_profile("others"), derandomize=True)
settings.load_profile("shared")

_constants_of_ours = providers._get_local_constants


def _constants_loaded() -> providers.Constants:
    """Hypothesis tries constants of whatever modules of ours the process has loaded by then: other ones beside other
    tests, so only where others are wanted."""
    return providers.Constants() if settings.default.derandomize else _constants_of_ours()


providers._get_local_constants = _constants_loaded


class _WholeFiles(LoadScopeScheduling):
    """Of several processes each takes whole files, whose tests share fixtures; one takes all that needs a browser."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return "e2e" if "/e2e/" in file else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _WholeFiles:
    """How the tests are handed out; by mark, as xdist offers it, does not work with this pytest."""
    return _WholeFiles(config, log)


SECOND_TRIES = 3
"""So many tests of a run may need a second try."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What works with real telephones and browsers is tried once more before it fails: on a busy machine a moment comes
    that its author did not foresee. `pytest_terminal_summary` shows each first failure, for somebody to mend.
    Where tests share a platform, each brings its own people, numbers and words: no first try is in the way of a second.
    """
    for item in items:
        if item.get_closest_marker("integration") or item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """More than a few second tries are a defect, and fail the run."""
    if len(_tried_again(session.config)) > SECOND_TRIES and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show why a test was tried again, even if the second try went well."""
    again = _tried_again(config)
    if again:
        terminalreporter.section(f"{len(again)} tried again, at most {SECOND_TRIES} may be", sep="=", yellow=True)
    for report in again:
        terminalreporter.section(report.nodeid, sep="_")
        terminalreporter.write_line(report.longreprtext)


def _tried_again(config: pytest.Config) -> list[pytest.TestReport]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter.stats.get("rerun", []) if reporter else []


@pytest.fixture(scope="session")
def state_folder() -> Path:
    """The installation's state folder, where the private Asterisk is unpacked once."""
    return Environment().state


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server: HOTLINE_TEST_DATABASE_URL, else a private one that ends with the tests."""
    given = os.environ.get("HOTLINE_TEST_DATABASE_URL")
    if given:
        yield sqlalchemy_url(given)
        return
    with tempfile.TemporaryDirectory(prefix="hotline-test-") as folder:
        Path(folder).chmod(0o755)
        server = PrivatePostgres(Path(folder))
        url = server.start()
        _do_not_wait_for_the_disk(url)
        yield url
        server.stop()


def _do_not_wait_for_the_disk(server_url: str) -> None:
    """What tests store need not survive a power cut, and each of them empties seventy tables and commits many times."""
    with psycopg.connect(driver_url(server_url), autocommit=True) as admin:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            admin.execute(f"ALTER SYSTEM SET {setting} = off")
        admin.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def database_url(postgres_url: str) -> Iterator[str]:
    """A database with the present schema and the delivered reference data, made once and dropped after the session."""
    with new_database(postgres_url, f"hotline_test_{os.getpid()}") as url:
        asyncio.run(upgrade_schema(url))
        asyncio.run(load_what_is_missing(url))
        yield url


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """A database without a single table, for this test only."""
    with new_database(postgres_url, f"hotline_empty_{os.getpid()}") as url:
        yield url


@contextmanager
def new_database(server_url: str, name: str) -> Iterator[str]:
    """A database of this name on the server, dropped in the end whoever still uses it."""
    with psycopg.connect(driver_url(server_url), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database whose tables are empty, but for the reference data, which tests that change it bring on their own."""
    database = Database(database_url)
    tables = [f'"{table.name}"' for table in metadata.sorted_tables if table.name not in REFERENCE]
    async with database.transaction() as tx:
        await tx.session.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.session.execute(
            text(f"TRUNCATE {', '.join([*tables, 'pgqueuer', 'pgqueuer_log'])} RESTART IDENTITY CASCADE")
        )
    yield database
    await database.close()
