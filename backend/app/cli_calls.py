"""Commands on the record of calls."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from backend.app.terminal import CARE, Host, app, installation, run, screen
from backend.calls.day_differences import DayComparison
from backend.calls.reconcile_day import DayReconciler
from backend.kernel import clock
from backend.kernel.database import Database
from telephony.names import DEFAULT_HOST

calls_app = typer.Typer(help="The record of calls.", no_args_is_help=True)
app.add_typer(calls_app, name="calls", rich_help_panel=CARE)


@calls_app.callback()
def calls() -> None:
    """The record of calls."""


@calls_app.command("reconcile")
def reconcile(
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day in Beijing, as 2026-11-22; default today.")
    ] = None,
    host: Host = DEFAULT_HOST,
) -> None:
    """Hold the record of a day against Asterisk's CDR file and name every difference.

    Exit status 1 if there is one that does not explain itself.
    """
    asked = clock.beijing(clock.now()).date() if day is None else day.date()

    async def work() -> int:
        here = installation("calls")
        database = Database(here.database_url, pool_size=1)
        try:
            found = await DayReconciler(database, here.pbx_paths(here.part(host).name).cdr, host=host).reconcile(asked)
        finally:
            await database.close()
        show(found)
        return 1 if found.unexplained else 0

    run(work())


def show(found: DayComparison) -> None:
    """Print the result of a comparison."""
    if not found.differences:
        screen.print(f"{found.compared} calls compared; the record and the CDR file agree.")
        return
    table = Table(box=None, header_style="dim")
    for column in ("call", "difference", "record", "CDR"):
        table.add_column(column)
    for each in found.differences:
        table.add_row(each.call_id, each.kind.value, each.record, each.cdr)
    screen.print(table)
    if explained := len(found.differences) - found.unexplained:
        screen.print(f"{explained} calls were cut by a restart of the PBX, which then writes nothing of them.")
    tone = "bold red" if found.unexplained else "green"
    screen.print(f"[{tone}]{found.unexplained} differences[/] in {found.compared} calls.")
