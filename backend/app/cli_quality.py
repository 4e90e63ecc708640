"""Commands for quality rules: run their examples, before anything is loaded and without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from asr.checks.kinds import AnyRule
from asr.checks.proving import Proof, prove
from backend.app.datasets import DELIVERED
from backend.app.terminal import CARE, app, screen
from backend.kernel.datafile import DataInvalid
from backend.quality.file import QUALITY, parse_rule_file

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
) -> None:
    """Run every rule on its own examples and print what came of it; the exit status is 1 when one fails."""
    rules: list[AnyRule] = []
    for path in files or DELIVERED[QUALITY].files:
        try:
            rules += parse_rule_file(path).rules
        except DataInvalid as invalid:
            for mistake in invalid.mistakes:
                screen.print(f"[bold red]![/] {path.name} {escape(str(mistake))}", soft_wrap=True)
            raise typer.Exit(1) from invalid
    proofs = [proof for rule in rules for proof in prove(rule, tuple(rules))]
    _paper.print(_table(proofs))
    failed = sum(not proof.holds for proof in proofs)
    _paper.print(f"{len(rules)} rules, {len(proofs)} examples, {failed} failed.")
    if failed:
        raise typer.Exit(1)


def _table(proofs: list[Proof]) -> Table:
    table = Table(box=None)
    for column in ("rule", "version", "kind", "example", "expects", "result"):
        table.add_column(column, overflow="fold")
    for proof in proofs:
        result = "[green]ok[/]" if proof.holds else f"[bold red]fails[/] {escape(proof.said)}"
        expects = str(len(proof.example.finds)) if proof.example.finds else "nothing"
        table.add_row(
            proof.rule.id, str(proof.rule.version), proof.rule.kind, escape(proof.example.name), expects, result
        )
    return table
