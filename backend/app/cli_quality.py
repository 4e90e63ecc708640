"""Commands for quality rules: run their examples, before anything is loaded and without a database; check anew."""

from __future__ import annotations

import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from asr.checks.clips import FILE, Clip, ClipFile, hear
from asr.checks.kinds import AnyRule
from asr.checks.proving import Proof, prove
from asr.recognizer import RecognizerPool, transcribe_recording
from backend.app.config import Installation
from backend.app.datasets import DELIVERED
from backend.app.terminal import CARE, app, in_transaction, installation, run, screen
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.kernel.datafile import DataInvalid, load_data
from backend.kernel.ids import new_id
from backend.quality import rechecks
from backend.quality.file import QUALITY, parse_rule_file
from backend.quality.schemas import RecheckAsked

quality_app = typer.Typer(
    help="Quality rules 质检规则: whether they find what they say they find.", no_args_is_help=True
)
app.add_typer(quality_app, name="quality", rich_help_panel=CARE)

_paper = Console(highlight=False)


@quality_app.callback()
def quality() -> None:
    """Quality rules 质检规则: whether they find what they say they find."""


@quality_app.command("test")
def run_examples(
    files: Annotated[list[Path] | None, typer.Argument(help="YAML files; default: those that are delivered.")] = None,
    clips: Annotated[bool, typer.Option(help="Hear the clips in the folder `clips` beside the files, too.")] = True,
) -> None:
    """Run every rule on its own examples, and hear its clips; the exit status is 1 when one fails."""
    rules: list[AnyRule] = []
    paths = files or list(DELIVERED[QUALITY].files)
    for path in paths:
        try:
            rules += parse_rule_file(path).rules
        except DataInvalid as invalid:
            for mistake in invalid.mistakes:
                screen.print(f"[bold red]![/] {path.name} {escape(str(mistake))}", soft_wrap=True)
            raise typer.Exit(1) from invalid
    proofs = [proof for rule in rules for proof in prove(rule, tuple(rules))]
    if clips:
        for folder in sorted({path.parent / "clips" for path in paths}):
            if (folder / FILE).exists():
                run(_hear(folder, rules, proofs))
    _paper.print(_table(proofs))
    failed = sum(not proof.holds for proof in proofs)
    _paper.print(f"{len(rules)} rules, {len(proofs)} examples, {failed} failed.")
    if failed:
        raise typer.Exit(1)


async def _hear(folder: Path, rules: list[AnyRule], proofs: list[Proof]) -> None:
    """Add what the rules find in the clips of this folder, by the model of the installation."""
    from backend.app.speaking import speaker  # noqa: PLC0415 - written examples need no programs

    here = installation("quality")
    clips = load_data(ClipFile, folder / FILE)
    with tempfile.TemporaryDirectory(prefix="hotline-clips-") as scratch:
        say = await speaker(here.state, Path(scratch))
        async with RecognizerPool(here.path(here.config.recognition.model), niceness=0) as pool:
            listen = partial(transcribe_recording, pool=pool)
            proofs += await hear(clips, folder, rules, say, listen, Path(scratch))


@quality_app.command("recheck")
def recheck(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day (Beijing).")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, included.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the list of orders and in the audit log.")],
    rules_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="By the rules of this day; default: today's.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Only say how many calls it would be.")] = False,
) -> None:
    """Check calls of earlier days anew; the page of rules shows how far it is, what is no longer found stays."""

    async def work(tx: Transaction, _: Installation) -> None:
        if dry_run:
            screen.print(f"A dry run: {await rechecks.calls_of(tx, first.date(), last.date())} calls.")
            return
        asked = RecheckAsked(
            recheck_id=new_id(),
            from_day=first.date(),
            to_day=last.date(),
            rules_of=None if rules_of is None else rules_of.date(),
            reason=reason,
        )
        ordered = await rechecks.order(tx, None, asked, clock.now())
        screen.print(f"{ordered.total} calls will be checked anew by {ordered.rule_count} rules of {ordered.rules_of}.")

    in_transaction(work)


def _table(proofs: list[Proof]) -> Table:
    table = Table(box=None)
    for column in ("rule", "version", "kind", "example", "heard", "expects", "result"):
        table.add_column(column, overflow="fold")
    for proof in proofs:
        result = "[green]ok[/]" if proof.holds else f"[bold red]fails[/] {escape(proof.said)}"
        expects = str(len(proof.example.finds)) if proof.example.finds else "nothing"
        table.add_row(
            proof.rule.id,
            str(proof.rule.version),
            proof.rule.kind,
            escape(proof.example.name),
            "clip" if isinstance(proof.example, Clip) else "",
            expects,
            result,
        )
    return table
