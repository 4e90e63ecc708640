"""The long-running roles: each is one process, and each may be killed at any instant."""

from __future__ import annotations

import asyncio
import gc
import signal
from contextlib import suppress

import structlog
import uvicorn
from fastapi import FastAPI

from backend.app.config import Installation
from backend.app.telephony_role import follow_pbx
from backend.app.web import create_app
from backend.app.worker_role import work_jobs
from backend.kernel.database import Database, sqlalchemy_url
from backend.kernel.errors import HotlineError

log = structlog.get_logger(__name__)


class DatabaseNotGiven(HotlineError):
    """A role was started alone, without a database."""


def calm_memory() -> None:
    """Keep the collector from walking through everything that was loaded at the start, while a telephone rings."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


async def serve(installation: Installation, *, port: int | None) -> int:
    """API and console on the configured address."""
    web = installation.config.web
    app = create_app(installation, open_database(installation, "serve", pool_size=12))
    server = web_server(app, web.host, web.port if port is None else port)
    calm_memory()
    await server.serve()
    return 0 if server.started else 1


def web_server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    """The server of the application; a console that does not answer its pings is given up after half a minute."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # it would cost a pop-up a millisecond to save a few hundred bytes
        ws_max_size=256 * 1024,
        ws_ping_interval=10,
        ws_ping_timeout=20,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


async def telephony(installation: Installation) -> None:
    """Follow the PBX until told to stop."""
    database = open_database(installation, "telephony", pool_size=4)
    calm_memory()
    await _until_stopped(lambda stop: follow_pbx(installation, database, stop))
    await database.close()


async def worker(installation: Installation) -> None:
    """Take jobs until told to stop."""
    database = open_database(installation, "worker", pool_size=4)
    await _until_stopped(lambda stop: work_jobs(installation, database, stop))
    await database.close()


def open_database(installation: Installation, process: str, *, pool_size: int) -> Database:
    """The database that the environment names."""
    given = installation.environment.database_url
    if given is None:
        raise DatabaseNotGiven(
            "HOTLINE_DATABASE_URL names no database.",
            next_step="Set it, or run `hotline up`, which starts a private one.",
        )
    return Database(
        sqlalchemy_url(given.get_secret_value()), pool_size=pool_size, application_name=f"hotline {process}"
    )


async def _until_stopped(work) -> None:  # type: ignore[no-untyped-def]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    task = asyncio.create_task(work(stop))
    await asyncio.wait({task, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), 5)
        task.cancel()
    with suppress(asyncio.CancelledError):
        await task
