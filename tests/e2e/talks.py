"""Calls that are over, as the platform keeps them: facts, recording and transcript, without anybody having to speak."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import soundfile
from sqlalchemy import select, update

from asr.audio import StoredRecording
from asr.checks.example import Example
from asr.transcript import Transcript
from backend.app.config import hall_times
from backend.calls import outcomes
from backend.calls.models import Call
from backend.calls.recorder import CallRecorder
from backend.identity.models import User
from backend.identity.users import Account
from backend.kernel import clock
from backend.kernel.files import FileStore
from backend.quality.models import CallCheck
from telephony import facts as f

from .town import Town

RATE = 8000
SEAT = "8050"
"""A seat at which nobody sits: what is told of it disturbs no test."""

_HOST = "elsewhere"
"""A PBX that nobody runs: Asterisk's own record of the day knows nothing of these calls, and is not asked."""

Talk = Sequence[dict[str, Any]]


async def stored_call(
    town: Town,
    folder: Path,
    talk: Talk,
    *,
    length_s: int = 22,
    agent: Account | None = None,
) -> str:
    """A call with its recording and its transcript, taken by `agent`; a worker of the platform has checked it."""
    call_id = await recorded_call(town, folder, length_s=length_s, agent=agent)
    heard = heard_of(talk, length_s)
    async with town.database() as database, database.transaction() as tx:
        assert await outcomes.transcript_ready(tx, call_id, heard, clock.now())
    while not await town.ask(select(CallCheck.call_id).where(CallCheck.call_id == call_id)):
        await asyncio.sleep(0.1)
    return call_id


async def recorded_call(town: Town, folder: Path, *, length_s: int = 22, agent: Account | None = None) -> str:
    """A call with its recording, of which nobody has asked for a transcript yet."""
    call_id, now = f"talk-{uuid4()}", clock.now()
    sound, key = folder / f"{call_id}.flac", f"e2e/{call_id}.flac"
    soundfile.write(sound, np.random.default_rng(1).normal(0, 0.02, (RATE * length_s, 2)), RATE)
    sha256 = await asyncio.to_thread(FileStore(town.installation.recording_store).put, sound, key)
    stored = StoredRecording(sound, sha256, sound.stat().st_size, length_s * 1000, "flac", None)
    async with town.database() as database:
        recorder = CallRecorder(database, host=_HOST, times=hall_times(town.installation))
        await recorder.store(uuid4(), _facts(call_id, now))
        await recorder.close()
        async with database.transaction() as tx:
            assert await outcomes.recording_stored(tx, call_id, key, stored, now)
            if agent is not None:
                who = select(User.user_id).where(User.username == agent.username).scalar_subquery()
                talked = {"user_id": who, "agent_name": agent.display_name, "talk_ms": length_s * 1000}
                await tx.session.execute(update(Call).where(Call.call_id == call_id).values(**talked))
    return call_id


def heard_of(talk: Talk, length_s: int = 22) -> Transcript:
    """What a recogniser would have written of this talk."""
    said = {"name": "test", "talk": list(talk), "length_s": length_s, "finds": []}
    return Example.model_validate(said).transcript()


def _facts(call_id: str, at: datetime) -> list[f.Fact]:
    channel = f"PJSIP/{SEAT}-{call_id}"
    return [
        f.CallArrived(
            at=at, call_id=call_id, caller_number="13800001234", caller_known=True, caller_name="",
            dialed_number="96010", channel=f"PJSIP/trunk-{call_id}",
        ),
        f.CallQueued(at=at, call_id=call_id, queue="q96010", position=1),
        f.SeatRinging(at=at, call_id=call_id, seat=SEAT, channel=channel),
        f.CallAnswered(at=at, call_id=call_id, seat=SEAT, channel=channel),
        f.CallEnded(at=at, call_id=call_id, outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16),
    ]  # fmt: skip
