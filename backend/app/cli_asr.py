"""Commands that measure recognition: `hotline asr`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track
from rich.table import Table

from asr.checks import check
from asr.evaluation.plan import EvaluationSettings, plan
from asr.evaluation.recorded import Planted, read_set, write_set
from asr.evaluation.run import FindFaults, HeardCall, evaluate
from asr.evaluation.score import Fault, Score
from asr.recognizer import RecognizerPool
from asr.transcript import Transcript
from backend.app.terminal import CARE, app, installation, run, screen
from backend.kernel.config import PROJECT_ROOT
from backend.quality.file import read_rule_file

asr_app = typer.Typer(
    help="Recognition: how well a model hears, how it stands, hearing days anew.", no_args_is_help=True
)
app.add_typer(asr_app, name="asr", rich_help_panel=CARE)

_CALLS = PROJECT_ROOT / "configs" / "evaluation" / "calls.yaml"
RULES = PROJECT_ROOT / "configs" / "quality"
_FORBIDDEN = frozenset({"forbidden_words", "counter_questions"})


@asr_app.command("evaluation-set")
def asr_evaluation_set(
    folder: Annotated[Path, typer.Argument(help="Where the recordings go; made if it is not there.")],
    calls: Annotated[Path, typer.Option(help="What is said, by whom and over which line.")] = _CALLS,
) -> None:
    """Speak the evaluation calls with espeak-ng: two legs, planted forbidden words, overtalk, silences, noise."""
    from backend.app.speaking import speaker  # noqa: PLC0415 - measuring alone needs no programs

    async def work() -> None:
        settings = EvaluationSettings.read(calls)
        say = await speaker(installation("asr").state, folder)
        folder.mkdir(parents=True, exist_ok=True)
        planned = track(list(plan(settings)), "speaking", console=screen, transient=True)
        count = await write_set(planned, settings.conditions, say, folder)
        screen.print(f"{count} recordings in {folder}. Next: `hotline asr evaluate {folder}`.")

    run(work())


@asr_app.command("evaluate")
def asr_evaluate(
    folder: Annotated[Path, typer.Argument(help="Recordings with what is said in them (docs/operations.md).")],
    model: Annotated[Path | None, typer.Option(help="A model folder; default the installation's own.")] = None,
    rules: Annotated[Path, typer.Option(help="The folder of quality rules whose forbidden words count.")] = RULES,
    worst: Annotated[int, typer.Option(help="How many of the calls that were heard worst to show.")] = 0,
) -> None:
    """Hear these recordings as a worker does and print the error rates, the speed and the faults by condition."""

    async def work() -> None:
        here = installation("asr")
        calls, faults = read_set(folder), fault_finder(rules)
        heard: list[HeardCall] = []
        async with RecognizerPool(model or here.path(here.config.recognition.model), niceness=0) as pool:
            scores = await evaluate(
                track(calls, "hearing", console=screen, transient=True),
                pool,
                faults,
                heard=heard.append,
            )
        screen.print(_table(scores))
        for each in heard:
            _print_faults(each)
        for each in sorted(heard, key=lambda each: -each.score.character_error_rate)[:worst]:
            wrong = each.score.character_error_rate
            screen.print(f"\n{each.call.file.name}: {wrong:.1%}\n{each.transcript.text}", markup=False)

    run(work())


def fault_finder(rules: Path) -> FindFaults:
    """The forbidden words of the rules in this folder, as the checks of calls find them."""
    forbidden = [rule for file in sorted(rules.glob("*.yaml")) for rule in read_rule_file(file).rules]
    forbidden = [rule for rule in forbidden if rule.kind in _FORBIDDEN]

    def faults(transcript: Transcript) -> Iterable[Fault]:
        return [Fault(hit.leg, hit.text, hit.from_ms, hit.to_ms) for hit in check(transcript, forbidden)]

    return faults


def _print_faults(each: HeardCall) -> None:
    """What was planted and not found, with what was heard there, and what was found though nobody planted it."""
    for planted in each.missed:
        heard = each.transcript.said_between(planted.leg, planted.from_ms, planted.to_ms)
        screen.print(f"missed: {planted.text} ({_where(each, planted)}), heard there: {heard or '-'}", markup=False)
    for false in each.false:
        screen.print(f"false: {false.text} ({_where(each, false)})", markup=False)


def _where(each: HeardCall, fault: Planted | Fault) -> str:
    return f"{each.call.file.name}, {fault.leg}, {fault.from_ms / 1000:.1f}-{fault.to_ms / 1000:.1f} s"


def _table(scores: dict[str, Score]) -> Table:
    table = Table(box=None)
    table.add_column("condition")
    for column in ("calls", "characters", "CER", "words", "WER", "real time", "planted", "found", "false"):
        table.add_column(column, justify="right")
    for condition, score in scores.items():
        _row(table, condition, score)
    if len(scores) > 1:
        table.add_section()
        _row(table, "all", sum(scores.values(), Score()))
    return table


def _row(table: Table, name: str, score: Score) -> None:
    words = "-" if score.word_error_rate is None else f"{score.word_error_rate:.2%}"
    table.add_row(
        name,
        str(score.calls),
        str(score.characters),
        f"{score.character_error_rate:.2%}",
        str(score.words),
        words,
        f"{score.real_time_factor:.4f}",
        str(score.planted),
        str(score.found),
        str(score.false),
    )
