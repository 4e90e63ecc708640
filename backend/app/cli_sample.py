"""The command that fills an installation with sample cases."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from backend.app.cli_load import load_app
from backend.app.config import timekeeping
from backend.app.sample_load import YEARS, Sample, load_sample
from backend.app.terminal import installation, run, screen
from backend.cases.reference import References
from backend.kernel import clock
from backend.kernel.database import Database


@load_app.command("sample")
def sample(
    cases: Annotated[int, typer.Option(min=1, max=50_000_000, help="How many.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same cases.")] = 96010,
    force: Annotated[bool, typer.Option("--force", help="Mix them with real cases, for good.")] = False,
) -> None:
    """Made-up cases of the last years, to see and to measure how the platform is with many of them."""

    async def work() -> None:
        here = installation("cli")
        database = Database(here.database_url, pool_size=1)
        references = References(timekeeping(here))
        try:
            async with database.transaction() as tx:
                reference = await references.at(tx, clock.now())
            wanted = Sample(cases, seed, processes=os.cpu_count() or 1, force=force)
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            with Progress(*columns, console=screen) as bar:
                task = bar.add_task("cases", total=cases)
                loaded = await load_sample(
                    database,
                    wanted,
                    reference,
                    clock.now(),
                    lambda what, done, out_of: bar.update(task, description=what, completed=done, total=out_of),
                )
        finally:
            await database.close()
        screen.print(f"{loaded} sample cases of {YEARS} years stand in the database.")

    run(work())
