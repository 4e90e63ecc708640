"""What a filled-in score sheet comes to: a pure function of sheet, answers, and the hits that were taken over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from asr.checks.hits import Severity
from backend.quality.schemas import HitView
from backend.reviews.errors import KEPT, SheetIncomplete, SheetInvalid
from backend.reviews.schemas import FULL, NOT_APPLICABLE, ScoreSheet, ScoreView, SheetAnswers, Verdict


@dataclass(frozen=True, slots=True)
class Charge:
    """A hit that the reviewer took over, and what it deducts."""

    severity: Severity
    points: int


def charge(sheet: ScoreSheet, hit: HitView) -> Charge:
    """What a hit deducts once a person has taken it over: its own points, or those of the sheet if the check was not
    sure of it."""
    return Charge(hit.severity, hit.points if hit.sure else sheet.unsure.get(hit.severity.value, 0))


def score(sheet: ScoreSheet, answers: SheetAnswers, hits: Iterable[HitView]) -> ScoreView:
    """What the answers come to; `hits` are all of the call, of which only those taken over count.

    Praise deducts nothing. Items without an occasion leave their weight to the others; when there was an occasion for
    none, nothing was done wrong.
    """
    known = list(hits)
    taken = [charge(sheet, hit) for hit in known if answers.hits.get(hit.hit_id) is Verdict.TAKEN]
    fatal = bool(answers.fatal) or any(each.severity is Severity.FATAL for each in taken)
    deducted = sum(each.points for each in taken if each.severity is not Severity.PRAISE)
    earned = _earned(sheet, answers)
    points = 0 if fatal else max(0, earned - deducted)
    return ScoreView(
        score=points,
        earned=earned,
        deducted=deducted,
        fatal=fatal,
        passed=not fatal and points >= sheet.pass_at,
        missing=[item.code for item in sheet.items if item.code not in answers.items],
        undecided=sum(hit.severity is Severity.FATAL and hit.hit_id not in answers.hits for hit in known),
    )


def _earned(sheet: ScoreSheet, answers: SheetAnswers) -> int:
    """The share of the weights that the levels earn, of 100, rounded half up."""
    judged = [
        (item.weight, sheet.levels[level])
        for item in sheet.items
        if (level := answers.items.get(item.code, NOT_APPLICABLE)) != NOT_APPLICABLE
    ]
    weights = sum(weight for weight, _ in judged)
    if not weights:
        return FULL
    return (2 * sum(weight * share for weight, share in judged) + weights) // (2 * weights)


def check_answers(sheet: ScoreSheet, answers: SheetAnswers, hits: Iterable[HitView]) -> None:
    """Raises `SheetInvalid` for answers to what was not asked."""
    strange = (
        set(answers.items) - {item.code for item in sheet.items}
        or set(answers.fatal) - {item.code for item in sheet.fatal}
        or {str(each) for each in answers.hits} - {str(hit.hit_id) for hit in hits}
    )
    if strange:
        raise SheetInvalid(
            f"There is no {min(strange)} on this sheet.", kept=KEPT, next_step="Load the review anew.", field="answers"
        )


def check_complete(result: ScoreView) -> None:
    """Raises `SheetIncomplete` that names what is yet to be judged."""
    if result.missing or result.undecided:
        facts = {"missing": ", ".join(result.missing), "undecided": str(result.undecided)}
        raise SheetIncomplete(
            f"{len(result.missing)} items and {result.undecided} fatal hits are yet to be judged.",
            kept=KEPT,
            next_step="Judge them, or choose that there was no occasion for an item.",
            field=result.missing[0] if result.missing else None,
            facts=facts,
        )
