"""Commands for jobs that were given up: look at them, start them again."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from backend.app.config import Installation
from backend.app.terminal import CARE, app, in_transaction, screen
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.kernel.parked import parked_jobs, start_again

jobs_app = typer.Typer(help="Jobs that were given up after several attempts.", no_args_is_help=True)
app.add_typer(jobs_app, name="jobs", rich_help_panel=CARE)


@jobs_app.command("list")
def show() -> None:
    """What is parked, on what it was to work, and what it said last."""
    table = Table(box=None)
    for column in ("job", "kind", "works on", "since", "said last"):
        table.add_column(column)

    async def work(tx: Transaction, _: Installation) -> None:
        for job in await parked_jobs(tx):
            since = f"{clock.beijing(job.enqueued_at):%Y-%m-%d %H:%M}"
            table.add_row(str(job.job_id), job.kind, json.dumps(job.payload, ensure_ascii=False), since, job.reason)

    in_transaction(work)
    screen.print(table if table.row_count else "No job is parked.")


@jobs_app.command("retry")
def retry(jobs: Annotated[list[int], typer.Argument(help="Their numbers in `hotline jobs list`.")]) -> None:
    """Start parked jobs again; their attempts are counted anew."""
    in_transaction(lambda tx, _: start_again(tx, jobs))
    screen.print(f"{len(set(jobs))} job(s) wait for a worker.")
