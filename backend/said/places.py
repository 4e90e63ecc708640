"""Where in a transcript the words of a search were said; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asr.audio import Leg
from backend.calls.views import turn_views
from backend.kernel.grams import normal
from backend.said.schemas import SaidTurn


def turns_with(turns: Sequence[Mapping[str, Any]], words: Sequence[str], leg: Leg | None) -> Iterator[SaidTurn]:
    """The turns of this leg (None: of both) in which any of the words was said, in the order of the transcript; the
    numbers of people are hidden in them, also from who looked for one."""
    for turn, shown in zip(turns, turn_views(turns), strict=True):
        if leg is not None and turn["leg"] != leg:
            continue
        spoken, written = normal(turn["text"]), normal(turn.get("written") or turn["text"])
        if any(word in spoken or word in written for word in words):
            yield SaidTurn(
                leg=turn["leg"],
                start_ms=turn["start_ms"],
                end_ms=turn["end_ms"],
                at_ms=min(_begins(turn, spoken, word) for word in words if word in spoken or word in written),
                text=shown.written,
            )


def _begins(turn: Mapping[str, Any], spoken: str, word: str) -> int:
    """When the word begins in the turn; the turn's own beginning for what stands in it only as it is written."""
    place = spoken.find(word)
    if place < 0:
        return int(turn["start_ms"])
    at = int(turn["start_ms"])
    cursor = 0
    for each in turn["words"]:
        text = normal(each["text"])
        found = spoken.find(text, cursor) if text else -1
        if found < 0:
            continue  # what the model could not make out stands in the text by another name
        if found > place:
            break
        within = (place - found) / len(text) if place < found + len(text) else 0.0
        at = int(each["start_ms"] + within * (each["end_ms"] - each["start_ms"]))
        cursor = found + len(text)
    return at
