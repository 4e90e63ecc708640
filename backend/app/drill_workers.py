"""Workers that are killed (-9) at random moments while they store, hear and check recordings.

Each recording must end with exactly one text, its first, announced once, and with exactly the hits that the rules find
in that text.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import text

from asr.checks import check
from backend.app.listening import Listening
from backend.quality import repository
from backend.quality.checking import grounds_of
from backend.quality.rules import rules_in_force

_BACKLOG = 4
_WITHIN_S = 600.0
_TO_STORE = text("SELECT count(*) FROM calls WHERE recording_state = 'pending'")
_TO_HEAR = text("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'transcribe_call' AND status = 'queued'")
_NOT_ONCE = text(
    """
    SELECT calls.call_id FROM calls JOIN transcripts USING (call_id)
    WHERE transcripts.revision <> 1
       OR EXISTS (SELECT 1 FROM earlier_transcripts AS earlier WHERE earlier.call_id = calls.call_id)
       OR (SELECT count(*) FROM events WHERE topic = 'transcript_changed' AND entity = calls.call_id
             AND payload->>'state' = 'ready') > 1
       OR (SELECT count(*) FROM events WHERE topic = 'recording_changed' AND entity = calls.call_id
             AND payload->>'state' = 'stored') > 1
    """
)
_ALL = text("SELECT call_id, recording_state, transcript_state FROM calls ORDER BY call_id")
_TIME_PASSES = text("UPDATE pgqueuer SET heartbeat = heartbeat - interval '1 hour' WHERE status = 'picked'")


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of the recordings: how many there were, which have no text or other hits than the rules find, and
    which have something twice; `recovered_s` is the time from the last kill to the last check."""

    offered: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    recovered_s: float


async def kill_workers(
    platform: Listening, sounds: Sequence[Path], kills: int, random: Random, *, longest_s: float, hurry: bool = False
) -> Killed:
    """Kill one of two workers again and again, each at most `longest_s` after the kill before; there is always
    something to do. With `hurry` nobody waits until the others notice that a worker is gone.
    """
    for _ in range(2):
        await platform.start_worker()
    offered = 0
    for _ in range(kills):
        if await platform.count(_TO_STORE) < _BACKLOG:
            offered += len(await platform.record(random.choices(sounds, k=_BACKLOG)))
        if await platform.count(_TO_HEAR) < _BACKLOG:  # what dead workers hold must not leave the living idle
            kept = await platform.keep(random.choices(sounds, k=_BACKLOG))
            await platform.ask(kept)
            offered += len(kept)
        await asyncio.sleep(random.uniform(0, longest_s))
        victim = platform.workers.pop(random.randrange(len(platform.workers)))
        os.kill(victim.pid, signal.SIGKILL)
        await victim.wait()
        await platform.start_worker()
        if hurry:
            async with platform.database.transaction() as tx:
                await tx.session.execute(_TIME_PASSES)
    began = time.monotonic()
    await platform.heard(within_s=_WITHIN_S)
    recovered_s = time.monotonic() - began
    await platform.stop_workers()
    return Killed(offered, tuple(await _lost(platform)), tuple(await _doubled(platform)), round(recovered_s, 2))


async def _lost(platform: Listening) -> list[str]:
    """The calls without a text, and those whose hits are not what the rules find in it."""
    rules = rules_in_force()
    lost = []
    async with platform.database.transaction() as tx:
        for call_id, recording, transcript in await tx.session.execute(_ALL):
            grounds = await grounds_of(tx, call_id, rules)
            if grounds is None or (recording, transcript) != ("stored", "ready"):
                lost.append(call_id)
                continue
            found = check(grounds.heard, grounds.book.rules, grounds.facts)
            stored = await repository.hits_of(tx, call_id)
            expected = sorted((hit.rule_id, hit.leg.value, hit.from_ms, hit.to_ms, hit.text) for hit in found)
            if sorted((hit.rule_id, hit.leg, hit.from_ms, hit.to_ms, hit.text) for hit in stored) != expected:
                lost.append(call_id)
    return lost


async def _doubled(platform: Listening) -> list[str]:
    async with platform.database.transaction() as tx:
        return list((await tx.session.execute(_NOT_ONCE)).scalars())
