"""Hearing a range of days anew: a better model, or another setting.

Each call keeps its text until the new one is stored, and goes behind everything that has no text yet. Calls are asked
for in transactions of their own, some hundred at a time; broken off, the same command goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from asr.transcript import EngineInfo
from backend.calls import outcomes
from backend.calls.hearing import ask_to_hear, order_of
from backend.cases.errors import DaysReversed
from backend.identity import audit
from backend.kernel import clock
from backend.kernel.database import Database
from backend.recognition import repository

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Renewal:
    """What was, or would be, asked for."""

    calls: int = 0
    audio_ms: int = 0


async def renew(
    database: Database, first: date, last: date, *, unlike: EngineInfo | None = None, dry_run: bool = False
) -> Renewal:
    """Ask for the transcripts of all calls of these days (Beijing) once more, `last` included.

    With `unlike` only those that this engine, with its model and settings, has not heard yet. Raises DaysReversed.
    """
    if last < first:
        raise DaysReversed(f"{last} is before {first}.", next_step="Give the earlier day first.")
    begin, end = clock.day_begins(first), clock.day_ends(last)
    other_than = None if unlike is None else unlike.model_dump(mode="json")
    done, after = Renewal(), None
    while True:
        async with database.transaction() as tx:
            found = await repository.to_renew(tx, begin, end, other_than, after=after, limit=_AT_ONCE)
            taken = []
            for _, call_id, audio_ms in found:
                if dry_run or await outcomes.transcript_asked_again(tx, call_id):
                    taken.append(audio_ms)
                    if not dry_run:
                        await ask_to_hear(tx, call_id, order_of(None, again=True))
            if taken and not dry_run:
                detail = {"from": str(first), "to": str(last), "calls": len(taken)}
                await audit.record(tx, None, "retranscription_asked", "recordings", f"{first}..{last}", detail)
        done = Renewal(done.calls + len(taken), done.audio_ms + sum(taken))
        if len(found) < _AT_ONCE:
            return done
        after = (found[-1].arrived_at, found[-1].call_id)
