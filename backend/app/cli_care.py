"""Commands that set the platform up and look after it: database, PBX, model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from asr.fetch import fetch
from asr.model import KNOWN_MODELS, check_model, locate
from asr.recognizer import probe_model
from backend.app.schema import upgrade_schema
from backend.app.terminal import CARE, Host, app, installation, run, screen
from telephony.names import DEFAULT_HOST
from telephony.pbx.check import check as check_pbx
from telephony.pbx.install import install as install_pbx
from telephony.pbx.render import RESTART_FILES
from telephony.pbx.server import existing, prepare, running
from telephony.routing import explain

db_app = typer.Typer(help="The database schema.", no_args_is_help=True)
pbx_app = typer.Typer(
    help="The telephone exchange: get, render, start and check a private Asterisk.", no_args_is_help=True
)
model_app = typer.Typer(help="Recognition models: list, fetch, check.", no_args_is_help=True)
for name, part in (("db", db_app), ("pbx", pbx_app), ("model", model_app)):
    app.add_typer(part, name=name, rich_help_panel=CARE)


def _database_url() -> str:
    return installation("cli").database_url


def _progress() -> Progress:
    return Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), console=screen, transient=True)


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema up to date; safe to repeat, safe at several machines at once."""
    run(upgrade_schema(_database_url()))
    screen.print("The schema is up to date.")


@pbx_app.command("install")
def pbx_install() -> None:
    """Use the system's Asterisk (20 or later), or unpack a private copy; needs no root."""
    here = installation("pbx")
    with _progress() as bar:
        task = bar.add_task("looking", total=1.0)
        done = asyncio.run(
            install_pbx(here.state, say=lambda what, share: bar.update(task, description=what, completed=share))
        )
    for program in done.programs:
        screen.print(f"  {program}")
    for note in done.notes:
        screen.print(f"[yellow]  {note}[/]")


@pbx_app.command("render")
def pbx_render(host: Host = DEFAULT_HOST) -> None:
    """Write Asterisk's files from configs/asterisk and configs/hotline.yaml; a running Asterisk takes them up."""

    async def work() -> None:
        here = installation("pbx")
        pbx = await prepare(here.part(host), here.state, here.secrets.derive, here.templates)
        if not pbx.rendering.changed:
            screen.print("Nothing changed.")
            return
        screen.print(f"{len(pbx.rendering.changed)} files changed in {pbx.paths.etc}.")
        if not await pbx.is_running():
            return
        await pbx.reload()
        screen.print("The running Asterisk took them up; no call was dropped.")
        if pbx.rendering.needs_restart:
            read_at_start = ", ".join(sorted(RESTART_FILES.intersection(pbx.rendering.changed)))
            screen.print(f"[yellow]{read_at_start} is read at the start only: restart Asterisk at a quiet hour.[/]")

    run(work())


@pbx_app.command("start")
def pbx_start(host: Host = DEFAULT_HOST) -> None:
    """Run the private Asterisk alone, until Ctrl-C."""

    async def work() -> None:
        from backend.app.terminal import until_stopped  # noqa: PLC0415

        here = installation("pbx")
        pbx = await prepare(here.part(host), here.state, here.secrets.derive, here.templates)
        async with running(pbx) as asterisk:
            screen.print(f"Asterisk runs as process {asterisk.pid}; AMI on 127.0.0.1:{pbx.ports.ami}. Ctrl-C stops it.")
            await until_stopped()

    run(work())


@pbx_app.command("explain")
def pbx_explain(number: Annotated[str, typer.Argument(help="A number that citizens dial.")]) -> None:
    """Say step by step what becomes of a call to this number, and why."""
    for place, step in enumerate(explain(installation("pbx").config.pbx, number), start=1):
        screen.print(f"{place}. {step}")


@pbx_app.command("check")
def pbx_check(host: Host = DEFAULT_HOST) -> None:
    """Ask the running Asterisk what it is, and say what is wrong and what to do."""

    async def work() -> int:
        here = installation("pbx")
        pbx = await existing(here.state, host)
        findings = await check_pbx(pbx, here.part(host))
        table = Table(box=None, show_header=False)
        for finding in findings:
            table.add_row("[green]ok[/]" if finding.ok else "[red]problem[/]", finding.what, finding.what_to_do)
        screen.print(table)
        return 0 if all(finding.ok for finding in findings) else 1

    run(work())


@model_app.command("list")
def model_list() -> None:
    """The public Chinese models and the delivered demo model."""
    table = Table(box=None)
    for column in ("name", "size", "rate", "licence", "for"):
        table.add_column(column)
    for model in KNOWN_MODELS.values():
        table.add_row(model.name, model.size, f"{model.rate} Hz", model.licence, model.purpose)
    screen.print(table)


@model_app.command("fetch")
def model_fetch(
    name: str, to: Annotated[Path | None, typer.Option(help="Folder; default below the state folder.")] = None
) -> None:
    """Download and verify a public model; where there is no network it says what to do instead."""
    target = to or installation("model").state / "models"
    with _progress() as bar:
        task = bar.add_task(f"fetching {name}", total=None)
        fetched = fetch(name, target, lambda done, size: bar.update(task, completed=done, total=size))
    screen.print(f"The model stands in {target / name}. Put it in force: recognition.model in configs/hotline.yaml.")
    if fetched.archive_sha256:
        screen.print(f"SHA-256 of the archive, to be pinned on the next machine: {fetched.archive_sha256}")


@model_app.command("check")
def model_check(
    model: Annotated[str | None, typer.Argument(help="A name or a folder; default: the configured model.")] = None,
) -> None:
    """Whether a folder is a model that can be used, and at which rate it hears."""
    here = installation("model")
    path = locate(model, here.state / "models") if model else here.path(here.config.recognition.model)
    settings = check_model(path)
    heard_by = asyncio.run(probe_model(path))
    screen.print(
        f"[green]ok[/]  {settings.name}, {settings.rate} Hz; loads in {heard_by.engine} {heard_by.engine_version}"
    )
