"""The command that loads entries of special lists from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from backend.app.cli_load import Dry, carry_out, load_app
from backend.app.config import Installation
from backend.app.datasets import load_special_entries
from backend.app.terminal import screen
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.rectification.file import EntriesReport


@load_app.command("special-entries")
def special_entries(
    file: Annotated[Path, typer.Argument(help="A YAML file, as configs/special/entries.example.yaml shows it.")],
    dry_run: Dry = False,
) -> None:
    """Entries of special lists 专项台账: those that are new are added, none is changed."""
    reports: list[EntriesReport] = []

    async def work(tx: Transaction, here: Installation) -> None:
        reports.append(await load_special_entries(tx, here, file, clock.now()))

    carry_out(work, dry_run=dry_run)
    (report,) = reports
    for added in report.added:
        screen.print(f"[green]+[/] {escape(added)}", soft_wrap=True)
    screen.print(f"[bold]{len(report.added)} added[/], {report.known} stood already.")
