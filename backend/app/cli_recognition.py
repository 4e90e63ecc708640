"""Commands for recognition: how it stands, and hearing days anew."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer
from rich.table import Table

from asr.recognizer import probe_model, with_pause
from backend.app.cli_asr import asr_app
from backend.app.config import Installation
from backend.app.terminal import in_transaction, installation, run, screen
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.recognition import service
from backend.recognition.renewal import renew
from backend.recognition.schemas import RecognitionStatus


@asr_app.command("status")
def status() -> None:
    """What waits and since when, how fast it went in the last hour, what failed and why."""
    found: list[RecognitionStatus] = []

    async def work(tx: Transaction, _: Installation) -> None:
        found.append(await service.status(tx, clock.now()))

    in_transaction(work)
    (standing,) = found
    waiting = Table("recordings", "wait", "are heard", "oldest since", box=None)
    for each in standing.waiting:
        waiting.add_row(each.kind, str(each.waiting), str(each.running), _moment(each.oldest_at))
    screen.print(waiting)
    if standing.away is not None:
        screen.print(f"They wait: {standing.away.message}")
    speed = standing.speed
    per_cpu = "" if speed.per_cpu_s is None else f", {speed.per_cpu_s} s of audio per CPU second"
    screen.print(f"Last hour: {speed.recordings} recordings, {speed.audio_s:.0f} s of audio{per_cpu}.")
    screen.print(f"Model: {standing.model or 'nothing was heard yet'}. Without a text: {standing.failed_total}.")
    if standing.failed:
        failed = Table("call", "failed", "parked", "why", box=None)
        for call in standing.failed:
            failed.add_row(call.call_id, _moment(call.failed_at), "yes" if call.parked else "", call.reason.message)
        screen.print(failed)


@asr_app.command("retranscribe")
def retranscribe(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day (Beijing).")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, included.")],
    model_differs: Annotated[
        bool, typer.Option(help="Only what was not heard by the configured model as it is set now.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say how much it would be.")] = False,
) -> None:
    """Hear recordings of these days again, behind all others; older texts stand until then and are kept."""
    run(_retranscribe(first.date(), last.date(), model_differs=model_differs, dry_run=dry_run))


async def _retranscribe(first: date, last: date, *, model_differs: bool, dry_run: bool) -> None:
    here = installation("cli")
    unlike = None
    if model_differs:
        unlike = with_pause(await probe_model(here.path(here.config.recognition.model)))
    database = Database(here.database_url, pool_size=1)
    try:
        done = await renew(database, first, last, unlike=unlike, dry_run=dry_run)
    finally:
        await database.close()
    what = f"{done.calls} recordings, {done.audio_ms / 3_600_000:.1f} h of audio"
    screen.print(f"A dry run: {what} would be heard again." if dry_run else f"{what} will be heard again.")


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{clock.beijing(at):%Y-%m-%d %H:%M}"
