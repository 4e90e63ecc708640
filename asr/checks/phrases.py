"""Which of several phrases were said, and where: what the kinds of rules that look for words share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from asr.checks.hits import Finding
from asr.checks.said import Match, Said
from asr.checks.talk import Window


def said_phrases(
    said: Said, phrases: Iterable[str], unless: Iterable[str], windows: Sequence[Window]
) -> Iterator[Finding]:
    """The phrases that begin in one of the windows, in the order in which they were said.

    Of matches that lie over each other the surest counts, then the longest; what lies within an `unless` that was
    said with its very characters is none.
    """
    harmless = [match for phrase in unless for match in said.find(phrase) if match.exact]
    matches = [match for phrase in phrases for match in said.find(phrase)]
    kept: list[Match] = []
    for match in sorted(matches, key=_best_first):
        if not any(_over(match, other) for other in kept) and not any(_inside(match, other) for other in harmless):
            kept.append(match)
    for match in sorted(kept, key=lambda match: match.first):
        start, end = said.from_to(match.first, match.end)
        window = window_of(start, windows)
        if window is not None:
            text = said.shown(match.first, match.end)
            yield Finding(said.leg, start, end, text, sure=match.sure and window.sure)


def window_of(start_ms: int, windows: Sequence[Window]) -> Window | None:
    """The window in which something begins, a sure one before others."""
    found = [window for window in windows if window.holds(start_ms)]
    return max(found, key=lambda window: window.sure, default=None)


def _best_first(match: Match) -> tuple[bool, bool, int, int]:
    return not match.sure, not match.exact, match.first - match.end, match.first


def _over(match: Match, other: Match) -> bool:
    return match.first < other.end and other.first < match.end


def _inside(match: Match, other: Match) -> bool:
    return other.first <= match.first and match.end <= other.end
