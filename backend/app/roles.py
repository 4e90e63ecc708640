"""The long-running roles: each is one process, and each may be killed at any instant.

A role loads only what it needs, because consoles wait for its restart.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from backend.app.config import Installation
from backend.kernel.database import Database
from backend.kernel.scratch import scratch

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI


def calm_memory() -> None:
    """Keep the collector from walking through everything that was loaded at the start, while a telephone rings."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


async def serve(installation: Installation, *, port: int | None) -> int:
    """API and console on the configured address."""
    from backend.app.web import create_app  # noqa: PLC0415

    web = installation.config.web
    app = create_app(installation, open_database(installation, "serve", pool_size=12))
    server = web_server(app, web.host, web.port if port is None else port)
    calm_memory()
    with scratch():
        await server.serve()
    return 0 if server.started else 1


def web_server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    """The server of the application; a console that does not answer its pings is given up after half a minute."""
    import uvicorn  # noqa: PLC0415

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


async def telephony(installation: Installation, *, host: str) -> None:
    """Follow the PBX `host` until told to stop."""
    from backend.app.telephony_role import follow_pbx  # noqa: PLC0415

    database = open_database(installation, "telephony", pool_size=4)
    calm_memory()
    await _until_stopped(lambda stop: follow_pbx(installation, database, stop, host=host))
    await database.close()


async def captions(installation: Installation, *, host: str) -> None:
    """Caption the calls of the PBX `host` until told to stop."""
    from backend.app.captions_role import caption_calls  # noqa: PLC0415

    await _until_stopped(lambda stop: caption_calls(installation, stop, host=host))


async def worker(installation: Installation) -> None:
    """Take jobs until told to stop. What it writes (recordings, before they are in the store) is for its user alone."""
    from backend.app.worker_role import work_jobs  # noqa: PLC0415

    os.umask(0o077)
    database = open_database(installation, "worker", pool_size=4)
    with scratch():
        await _until_stopped(lambda stop: work_jobs(installation, database, stop))
    await database.close()


def open_database(installation: Installation, process: str, *, pool_size: int) -> Database:
    """The database that the environment names."""
    return Database(installation.database_url, pool_size=pool_size, application_name=f"hotline {process}")


async def _until_stopped(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    task = asyncio.ensure_future(work(stop))
    await asyncio.wait({task, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), 5)
        task.cancel()
    with suppress(asyncio.CancelledError):
        await task
