"""Commands that load reference data: a new version of it, from a file, with a report of every line that it changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from backend.app.config import Installation
from backend.app.datasets import DELIVERED, delivered_files, load_files
from backend.app.terminal import CARE, app, in_transaction, screen
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.kernel.datafile import DataInvalid
from backend.kernel.loading import Change, ChangeKind, Report
from backend.kernel.versions import versions_of, versions_on

load_app = typer.Typer(help="Reference data as versions: units, classes, rules of filing.", no_args_is_help=True)
app.add_typer(load_app, name="load", rich_help_panel=CARE)

Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what would be added, changed, ended.")]
Given = Annotated[Path | None, typer.Argument(help="A YAML file; default: what the platform is delivered with.")]
_SHOWN = 1_000
"""More lines than this nobody reads: a grid or a list of addresses has a hundred thousand."""
_SIGNS = {ChangeKind.ADDED: "[green]+[/]", ChangeKind.CHANGED: "[yellow]~[/]", ChangeKind.ENDED: "[red]-[/]"}


class _OnlyLooked(Exception):
    """Ends the transaction of a dry run without a commit."""


def _loader(name: str) -> None:
    @load_app.command(name, help=DELIVERED[name].what)
    def command(file: Given = None, dry_run: Dry = False) -> None:
        _load(delivered_files([name]) if file is None else [(name, file)], dry_run=dry_run)


for _name in DELIVERED:
    _loader(_name)


@load_app.command("all")
def everything(dry_run: Dry = False) -> None:
    """Everything that the platform is delivered with; one mistake in one file, and nothing is changed."""
    _load(delivered_files(), dry_run=dry_run)


@load_app.command("history")
def history(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(DELIVERED)}.")],
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Mark what was in force that day.")] = None,
) -> None:
    """Which versions were loaded, when, and which of them are in force."""
    day = on.date() if on is not None else clock.beijing(clock.now()).date()
    table = Table(box=None)
    for column in ("set", "version", "valid from", "loaded", "file", f"{day:%Y-%m-%d}"):
        table.add_column(column)

    async def work(tx: Transaction, _: Installation) -> None:
        held = await versions_on(tx.session, name, day)
        for each in await versions_of(tx.session, name):
            loaded = f"{clock.beijing(each.loaded_at):%Y-%m-%d %H:%M}"
            mark = "[green]in force[/]" if held.get(each.dataset) == each.version else ""
            table.add_row(each.dataset, each.version, str(each.valid_from), loaded, each.source, mark)

    in_transaction(work)
    screen.print(table)


def _load(files: list[tuple[str, Path]], *, dry_run: bool) -> None:
    reports: list[Report] = []

    async def work(tx: Transaction, _: Installation) -> None:
        reports.extend(await load_files(tx, files, clock.now()))

    carry_out(work, dry_run=dry_run)
    for report in reports:
        _tell(report)


def carry_out(work: Callable[[Transaction, Installation], Awaitable[None]], *, dry_run: bool) -> None:
    """Load in one transaction, or, in a dry run, only see what would come of it; each mistake of a file is told."""

    async def whole(tx: Transaction, here: Installation) -> None:
        await work(tx, here)
        if dry_run:
            raise _OnlyLooked

    try:
        in_transaction(whole)
    except _OnlyLooked:
        screen.print("A dry run: nothing was changed. It would be:")
    except DataInvalid as invalid:
        _refuse(invalid)


def _refuse(invalid: DataInvalid) -> None:
    for mistake in invalid.mistakes:
        screen.print(f"[bold red]![/] {escape(str(mistake))}", soft_wrap=True)
    screen.print(f"{invalid.path}: {len(invalid.mistakes)} refused. {invalid.kept} {invalid.next_step}")
    raise typer.Exit(1)


def _tell(report: Report) -> None:
    if report.known:
        screen.print(f"{report.dataset} {report.version} stands already; nothing changes.")
        return
    for change in report.changes[:_SHOWN]:
        screen.print(f"{_SIGNS[change.kind]} {change.code} {escape(change.name)}{_said(change)}", soft_wrap=True)
    if len(report.changes) > _SHOWN:
        screen.print(f"... and {len(report.changes) - _SHOWN} more")
    counts = ", ".join(f"{report.count(kind)} {kind}" for kind in ChangeKind)
    screen.print(f"[bold]{report.dataset} {report.version}[/], valid from {report.valid_from}: {counts}.")


def _said(change: Change) -> str:
    told = [f"{field}: {_short(before)} -> {_short(after)}" for field, (before, after) in change.fields.items()]
    return f"  [dim]{escape('; '.join(told))}[/]" if told else ""


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
