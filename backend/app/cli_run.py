"""Commands that run the platform, whole or in parts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backend.app import roles
from backend.app.terminal import PARTS, RUN, Host, app, installation, run, screen, until_stopped
from telephony.names import DEFAULT_HOST


@app.command(rich_help_panel=RUN)
def demo(
    seconds: Annotated[int, typer.Option(min=0, help="End after so many seconds; 0 runs until Ctrl-C.")] = 0,
    headless: Annotated[
        bool, typer.Option("--headless", help="Nobody sits at the browser: no accounts are shown.")
    ] = False,
    report: Annotated[Path, typer.Option(help="Where the reconciliation is written.")] = Path("build/demo.json"),
) -> None:
    """Show everything at work: simulated citizens call, 55 simulated seats answer, one seat is yours."""
    from backend.app.demo import run_demo  # noqa: PLC0415 - simulation is not needed in production

    run(run_demo(seconds=seconds, headless=headless, report=report))


simulate_app = typer.Typer(help="Whole situations with simulated people, counted at the end.", no_args_is_help=True)
app.add_typer(simulate_app, name="simulate", rich_help_panel=RUN)


@simulate_app.callback()
def simulate() -> None:
    """Whole situations with simulated people, counted at the end."""


@simulate_app.command("day")
def simulate_day(
    calls: Annotated[int, typer.Option(min=1, max=20_000, help="How many citizens call.")] = 2000,
    minutes: Annotated[float, typer.Option(min=0.2, max=1440, help="How long the day lasts.")] = 20,
    report: Annotated[Path, typer.Option(help="Where the result is written.")] = Path("build/day.json"),
) -> None:
    """A day in minutes: calls, holds, refusals, transfers; then the record must be as Asterisk's own file."""
    from backend.app.day import run_day  # noqa: PLC0415 - simulation is not needed in production

    run(run_day(calls=calls, minutes=minutes, report=report))


@app.command(rich_help_panel=RUN)
def up(workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes for recordings.")] = 1) -> None:
    """Run the whole platform on this machine until Ctrl-C."""
    from backend.app.up import platform  # noqa: PLC0415 - the single roles do without

    async def work() -> None:
        with screen.status("starting ...") as status:
            running = platform(
                installation("up"), workers=workers, say=lambda what: status.update(f"starting {what} ...")
            )
            started = await running.__aenter__()
        try:
            screen.print(f"The console is at [bold]{started.address}[/]  (Ctrl-C stops everything)")
            await until_stopped()
        finally:
            await running.__aexit__(None, None, None)

    run(work())


@app.command(rich_help_panel=PARTS)
def serve(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; default from the configuration.")] = None,
) -> None:
    """API, console hub and console; any number of them behind a proxy."""
    run(roles.serve(installation("serve"), port=port))


@app.command(rich_help_panel=PARTS)
def telephony(host: Host = DEFAULT_HOST) -> None:
    """The only AMI client of a PBX; a second one stands by until the first is gone."""
    run(roles.telephony(installation("telephony"), host=host))


@app.command(rich_help_panel=PARTS)
def captions(host: Host = DEFAULT_HOST) -> None:
    """Live captions of a PBX's calls; runs on the PBX's own machine."""
    run(roles.captions(installation("captions"), host=host))


@app.command(rich_help_panel=PARTS)
def worker() -> None:
    """Stores and transcribes recordings; any number on any machine."""
    run(roles.worker(installation("worker")))


@app.command(rich_help_panel=RUN)
def bench(names: Annotated[list[str] | None, typer.Argument(help="Which; default all.")] = None) -> None:
    """Measure side by side with the named peers; leaves build/bench.json."""
    from backend.app.bench import run_bench  # noqa: PLC0415

    run(run_bench(names or []))


@app.command(rich_help_panel=RUN)
def drill(names: Annotated[list[str] | None, typer.Argument(help="Which processes; default all.")] = None) -> None:
    """Kill each process under 56 calls and count what was lost; leaves build/drill.json."""
    from backend.app.drill import run_drill  # noqa: PLC0415

    run(run_drill(names or []))
