"""The recording of a call is paused from the console, by whoever talks in it and by nobody else."""

from __future__ import annotations

from uuid import uuid4

import pytest

from agent_console.client import CommandRefused
from agent_console.messages.calls import PauseRecording, ResumeRecording
from backend.kernel import clock
from telephony import facts as f

from .hall import ConsoleHall, answered, ringing

pytestmark = pytest.mark.integration


async def test_who_talks_pauses_the_recording_once_and_sees_that_it_is_so(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("li") as li:
        await hall.take_seat(wang, "8001")
        await hall.take_seat(li, "8002")
        await hall.tell(*ringing("c1", "8001"), answered("c1", "8001"))
        pause = PauseRecording(id=0, request_id=uuid4(), call_id="c1")
        orders = [await wang.command(pause) for _ in range(2)]
        assert [order["order_id"] for order in orders] == [str(pause.request_id)] * 2
        assert orders[0]["kind"] == "pause_recording"
        with pytest.raises(CommandRefused) as refused:
            await li.command(PauseRecording(id=0, request_id=uuid4(), call_id="c1"))
        assert refused.value.reason == "NotInThisCall"

        await hall.tell(f.RecordingPaused(at=clock.now(), call_id="c1"))
        await wang.until(lambda: len(wang.kinds("recording_pause_changed")) == 1)
        [paused] = wang.kinds("recording_pause_changed")
        await wang.break_line()
        await wang.until(lambda: len(wang.welcomes) == 2)
        assert wang.welcomes[-1].call.recording_paused_at == paused.paused_at
        await wang.command(ResumeRecording(id=0, request_id=uuid4(), call_id="c1"))
        await hall.tell(f.RecordingResumed(at=clock.now(), call_id="c1"))
        await wang.until(lambda: len(wang.kinds("recording_pause_changed")) == 2)
        assert wang.kinds("recording_pause_changed")[-1].paused_at is None
        await hall.all_heard(wang, li)
        assert li.kinds("recording_pause_changed") == []


async def test_after_the_talk_there_is_nothing_to_pause(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        await hall.take_seat(wang, "8001")
        await hall.tell(*ringing("c1", "8001"))
        for call_id in ("c1", "c2"):
            with pytest.raises(CommandRefused) as refused:
                await wang.command(PauseRecording(id=0, request_id=uuid4(), call_id=call_id))
            assert refused.value.reason == "NotInThisCall"
