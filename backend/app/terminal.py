"""What the commands share: the program they hang on, the screen they write to, how they run and end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer
import uvloop
from rich.console import Console

from backend.app.config import Installation
from backend.kernel.config import Environment
from backend.kernel.telemetry import configure_logging

if TYPE_CHECKING:
    from backend.kernel.database import Transaction

app = typer.Typer(
    name="hotline",
    help=(
        "Citizen hotline for [bold]96010[/] and [bold]12345[/]: calls, seats, cases, callbacks, transcripts.\n\n"
        "[bold]hotline demo[/] shows everything at work with simulated citizens; [bold]hotline up[/] runs the "
        "platform on this machine; the single roles (serve, telephony, worker) are for several machines."
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
screen = Console(stderr=True, highlight=False)

Host = Annotated[str, typer.Option(help="Which PBX, by its name in pbx.hosts; default the first one.")]
RUN, PARTS, CARE = "Run", "Parts on their own", "Set up and look after"


def installation(process: str) -> Installation:
    """This installation, with logging set up for the named process."""
    environment = Environment()
    configure_logging(process=process, form=environment.log_format, level=environment.log_level)
    return Installation(environment)


def run(work: Coroutine[Any, Any, int | None]) -> None:
    """Run to the end; Ctrl-C ends it quietly, the coroutine's number is the exit status."""
    try:
        status = uvloop.run(work)
    except KeyboardInterrupt:
        status = 130
    if status:
        raise typer.Exit(status)


def in_transaction(work: Callable[[Transaction, Installation], Awaitable[None]]) -> None:
    """Do the work in one transaction on the database that the environment names."""
    from backend.kernel.database import Database  # noqa: PLC0415 - not every command needs one

    async def over_database() -> None:
        here = installation("cli")
        database = Database(here.database_url, pool_size=1)
        try:
            async with database.transaction() as tx:
                await work(tx, here)
        finally:
            await database.close()

    run(over_database())


async def until_stopped() -> None:
    """Wait for SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
