"""What a call is found by that was said in it: a row beside its transcript, written in the same transaction.

Each leg is a text of its own, a turn a line, so that no word is found across two of them; a turn whose numbers are
also written in digits is there both ways. The grams of a leg carry its letter, so one index answers who said it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from asr.audio import Leg
from backend.kernel.database import Transaction
from backend.kernel.grams import Gram, as_query, as_vector, document, grams_for, grams_of

_MARK = {Leg.CALLER: "c:", Leg.SEAT: "s:"}

_KEEP = text(
    "INSERT INTO call_said (call_id, arrived_at, caller, seat, grams)"
    " SELECT call_id, arrived_at, :caller, :seat, CAST(:grams AS tsvector) FROM calls WHERE call_id = :call_id"
    " ON CONFLICT (call_id) DO UPDATE SET caller = excluded.caller, seat = excluded.seat, grams = excluded.grams"
)


def said_row(turns: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The texts and grams of a transcript's turns, as `asr.transcript.Turn` is stored; pure."""
    texts = {leg: document(_lines(turns, leg)) for leg in Leg}
    grams = {_MARK[leg] + gram for leg, said in texts.items() for gram in grams_of(said)}
    return {"caller": texts[Leg.CALLER], "seat": texts[Leg.SEAT], "grams": as_vector(sorted(grams))}


async def keep_findable(tx: Transaction, call_id: str, turns: Sequence[Mapping[str, Any]]) -> None:
    """Let a call be found by what its transcript says now; to be called by whoever writes that."""
    await tx.session.execute(_KEEP, said_row(turns) | {"call_id": call_id})


def said_query(words: Iterable[str], legs: Iterable[Leg]) -> str:
    """The tsquery for all of these words, each said by one of the legs."""
    legs = tuple(legs)
    return " & ".join("(" + " | ".join(f"({_by(leg, word)})" for leg in legs) + ")" for word in words)


def _by(leg: Leg, word: str) -> str:
    return as_query(Gram(_MARK[leg] + gram.text, prefix=gram.prefix) for gram in grams_for(word))


def _lines(turns: Sequence[Mapping[str, Any]], leg: Leg) -> Iterable[str]:
    for turn in turns:
        if turn["leg"] == leg:
            yield turn["text"]
            written = turn.get("written") or turn["text"]
            if written != turn["text"]:
                yield written
