"""The captions' server and its recogniser, without a PBX: who may come, and what the death of Kaldi costs."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from asr.demo_model import DEMO_MODEL
from asr.live import recognition as recognition_module
from asr.live.lag import LagLimits
from asr.live.messages import Caption, LiveSetup
from asr.live.recognition import LegState, LiveRecognition, Standing
from asr.live.server import CaptionServer
from backend.app.hall import DIALOGUES
from telephony.pbx.install import install
from telephony.simulate.stage import Address, set_stage

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

SECRET = "a secret that the PBX knows"
FRAME = 160
FASTER = 4
NAME = "老人和海子"
"""Sounds like what the citizen says at the end."""
PATIENT = LagLimits(behind_ms=60_000, caught_up_ms=59_000, most_ms=60_000)
"""A busy machine may hear it all late, and then no word of it may be passed over."""


class Reader:
    """What one leg is told."""

    def __init__(self) -> None:
        self.lines: dict[int, Caption] = {}
        self.states: list[LegState] = []

    @property
    def text(self) -> str:
        return "，".join(caption.text for caption in self.lines.values())

    def said(self, caption: Caption) -> None:
        assert caption.line not in self.lines or not self.lines[caption.line].final, "a line that ended was changed"
        self.lines[caption.line] = caption

    def stands(self, standing: Standing) -> None:
        self.states.append(standing.state)


class Server:
    """A captions' server; the leg of a channel that begins with "tap" is wanted."""

    port = 0

    def __init__(self, recognition: LiveRecognition) -> None:
        self.recognition = recognition
        self.readers: dict[str, Reader] = {}

    def listener_for(self, channel_id: str) -> Reader | None:
        return self.readers.setdefault(channel_id, Reader()) if channel_id.startswith("tap") else None

    @asynccontextmanager
    async def leg(self, channel_id: str, secret: str = SECRET, format: str = "slin") -> AsyncIterator[ClientConnection]:  # noqa: A002
        signed = base64.b64encode(f"asterisk:{secret}".encode()).decode()
        async with connect(
            f"ws://127.0.0.1:{self.port}/", additional_headers={"Authorization": f"Basic {signed}"},
            subprotocols=["media"], compression=None,
        ) as socket:  # fmt: skip
            await socket.send(f"MEDIA_START connection_id:c channel_id:{channel_id} format:{format} ptime:20")
            yield socket


@pytest.fixture
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """A parameter says how far its recogniser may fall behind."""
    limits = getattr(request, "param", PATIENT)
    recognition = LiveRecognition(LiveSetup(model=DEMO_MODEL, names=(NAME,), limits=limits))
    running = asyncio.create_task(recognition.run())
    served = Server(recognition)
    async with await CaptionServer([recognition], served.listener_for, SECRET).listen(0) as listening:
        served.port = next(iter(listening.sockets)).getsockname()[1]
        await until(lambda: recognition.pid)
        yield served
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def citizen(state_folder: Path) -> np.ndarray:
    """The citizen of the dialogue about a lift, as the line carries it."""
    await install(state_folder, use_system=False)
    stage = await set_stage(state_folder, Address("127.0.0.1", 1), DIALOGUES)
    samples, _ = soundfile.read(
        stage.legs.callers["elevator"], samplerate=8000, channels=1, subtype="ALAW", format="RAW", dtype="int16"
    )
    return np.asarray(samples)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


async def speak(socket: ClientConnection, samples: np.ndarray) -> None:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for at in range(0, len(samples), FRAME):
        await socket.send(samples[at : at + FRAME].astype("<i2").tobytes())
        await asyncio.sleep(max(0.0, begin + at / 8000 / FASTER - loop.time()))


async def silent_until(socket: ClientConnection, holds: Callable[[], object]) -> None:
    """Nobody speaks until this holds; a line goes on all the same."""
    async with asyncio.timeout(60):
        while not holds():
            await socket.send(bytes(2 * FRAME))
            await asyncio.sleep(FRAME / 8000)


async def test_the_death_of_the_recogniser_costs_words_and_nothing_else(server: Server, citizen: np.ndarray) -> None:
    async with server.leg("tap-1") as socket:
        reader = server.readers
        await speak(socket, citizen[: 13 * 8000])
        await until(lambda: "物业公司没有人管" in reader["tap-1"].text)
        pid = server.recognition.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: LegState.LOST in reader["tap-1"].states)
        await until(lambda: reader["tap-1"].states[-1] is LegState.LIVE)
        await speak(socket, citizen[13 * 8000 : 20 * 8000])
        await until(lambda: "东花市街道忠实里西区三号楼" in reader["tap-1"].text)
    await until(lambda: reader["tap-1"].states[-1] is LegState.OFF)
    last = list(reader["tap-1"].lines.values())[-1]
    assert NAME in last.text
    assert 13_500 < last.from_ms < 15_000, "the clock of the leg did not go on"
    assert all(caption.final for caption in reader["tap-1"].lines.values())
    assert (server.recognition.restarts, server.recognition.legs) == (1, 0)


async def test_a_leg_that_ends_in_a_word_still_tells_it(server: Server, citizen: np.ndarray) -> None:
    async with server.leg("tap-2") as socket:
        await speak(socket, citizen[: round(8.6 * 8000)])
    await until(lambda: server.readers["tap-2"].states[-1] is LegState.OFF)
    assert server.readers["tap-2"].text.startswith("您好我要反映电梯")


async def test_nobody_is_heard_who_does_not_know_the_secret(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with server.leg("tap-3", secret="another one"):
            pass
    assert refused.value.response.status_code == 401
    assert server.readers == {}


@pytest.mark.parametrize(("channel_id", "format_"), [("hotline-1.0", "slin"), ("tap-4", "ulaw")])
async def test_what_nobody_ordered_is_hung_up(server: Server, channel_id: str, format_: str) -> None:
    async with server.leg(channel_id, format=format_) as socket:
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 60)
    assert server.recognition.legs == 0
    assert server.readers == {}


@pytest.mark.parametrize("server", [LagLimits(most_ms=12_000)], indirect=True, ids=["12 s may wait"])
async def test_a_stuck_recogniser_holds_up_nobody_and_is_said_to_be_behind(server: Server, citizen: np.ndarray) -> None:
    pid = server.recognition.pid
    assert pid is not None
    async with server.leg("tap-5") as socket:
        os.kill(pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(60):
                await speak(socket, citizen[: 13 * 8000])  # read all the same, at the pace of the line
        finally:
            os.kill(pid, signal.SIGCONT)
        await until(lambda: LegState.BEHIND in server.readers["tap-5"].states)
        await speak(socket, citizen[13 * 8000 : 20 * 8000])
        await silent_until(socket, lambda: server.readers["tap-5"].states[-1] is LegState.LIVE)
        await until(lambda: "东花市街道忠实里西区三号楼" in server.readers["tap-5"].text)


@pytest.mark.parametrize("server", [LagLimits()], indirect=True, ids=["as delivered"])
async def test_a_recogniser_that_stands_still_is_said_to_be_behind_while_it_does(server: Server) -> None:
    """It cannot say so itself."""
    pid = server.recognition.pid
    assert pid is not None
    async with server.leg("tap-6"):
        await until(lambda: "tap-6" in server.readers)
        states = server.readers["tap-6"].states
        os.kill(pid, signal.SIGSTOP)
        try:
            await until(lambda: LegState.BEHIND in states)
            async with server.leg("tap-7"):
                await until(lambda: server.readers.get("tap-7", Reader()).states[-1:] == [LegState.BEHIND])
        finally:
            os.kill(pid, signal.SIGCONT)
        await until(lambda: states[-1] is LegState.LIVE)
    assert server.recognition.restarts == 0


async def test_a_recogniser_that_never_answers_is_replaced(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition_module, "_STUCK_AFTER_S", 1.0)
    stuck = server.recognition.pid
    assert stuck is not None
    async with server.leg("tap-8"):
        os.kill(stuck, signal.SIGSTOP)
        await until(lambda: server.recognition.pid not in (None, stuck))
        await until(lambda: server.readers["tap-8"].states[-1] is LegState.LIVE)
    assert LegState.LOST in server.readers["tap-8"].states
