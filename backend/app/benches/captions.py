"""captions_56: ms from the end of a spoken word to its text in a console, with 56 calls at once.

A word ends where the recogniser, hearing the citizen's track in peace, says it does; the track begins when SIPp has its
call answered. A word is shown when the console holds it with all words before it in the same turn. The peer is what one
writes first, without PBX and platform: a bare `websockets` server with a vosk recogniser a leg in two threads, fed with
the same 112 tracks in as large pieces at the pace of speech.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import soundfile
import vosk
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from agent_console.captions import Captioned
from asr.audio import LINE_RATE, Leg, Samples
from asr.engine import VoskEngine
from asr.live.server import PIECE_MS
from asr.model import check_model
from asr.transcript import Turn, join, merge
from asr.vad import GateSettings
from backend.app.benches.figure import BenchFailed, Figure, percentile
from backend.app.hall import DIALOGUES, Hall, demo_hall, demo_installation
from backend.calls.models import Call
from backend.kernel.config import PROJECT_ROOT
from telephony.simulate.dialogues import load_dialogues

CAPTIONED = PROJECT_ROOT / "configs" / "bench_captions.yaml"
_CALLS = 56
_FIRST_CALL = 8000
_MOST_MISSING = 0.1
_PIECE = round(LINE_RATE * PIECE_MS / 1000)

Shown = Sequence[tuple[float, str]]
"""All that a console held of a leg, each time that it changed: the time in seconds, and the text."""


def word_delays(turns: Sequence[Turn], began: float, shown: Shown) -> list[float | None]:
    """For each word of a track that began at `began`, ms from its end to its text; None where it was never shown."""
    delays: list[float | None] = []
    for turn in turns:
        for n, word in enumerate(turn.words):
            so_far, ended = join(each.text for each in turn.words[: n + 1]), began + word.end_ms / 1000
            at = next((time for time, text in shown if time >= ended and so_far in text), None)
            delays.append(None if at is None else (at - ended) * 1000)
    return delays


async def captions_56() -> Figure:
    """Everybody calls at once and speaks; then the peer hears the same."""
    installation = demo_installation(overlay=CAPTIONED)
    model = installation.path(installation.config.recognition.model)
    async with demo_hall(installation) as hall:
        truth = await asyncio.to_thread(_truth, hall, model)
        ours = await _ours(hall, truth)
        tracks = hall.stage.legs
    peer = await _peer(truth, tracks.callers, tracks.seats, model)
    return Figure(
        name="captions_56",
        value=round(percentile(_enough(ours), 0.95), 1),
        unit="ms",
        peer="bare websockets server, one vosk recogniser a leg, the same tracks",
        peer_value=round(percentile(_enough(peer), 0.95), 1),
        better="lower",
    )


def _enough(delays: Sequence[float | None]) -> list[float]:
    """The delays of the words that were shown; raises `BenchFailed` when too many never were."""
    known = [delay for delay in delays if delay is not None]
    if len(known) < (1 - _MOST_MISSING) * len(delays) or not known:
        raise BenchFailed(f"Only {len(known)} of {len(delays)} words were ever shown.")
    return known


def _samples(track: Path) -> Samples:
    sound, _ = soundfile.read(track, samplerate=LINE_RATE, channels=1, subtype="ALAW", format="RAW", dtype="int16")
    return np.asarray(sound)


def _truth(hall: Hall, model: Path) -> dict[str, Sequence[Turn]]:
    """What each citizen's track says, and when, heard in peace."""
    engine = VoskEngine(check_model(model), GateSettings())
    heard = {name: engine.transcribe([_samples(track)]).words for name, track in hall.stage.legs.callers.items()}
    return {name: merge({Leg.CALLER: words}) for name, words in heard.items()}


async def _ours(hall: Hall, truth: Mapping[str, Sequence[Turn]]) -> list[float | None]:
    lines: defaultdict[str, dict[str, str]] = defaultdict(dict)
    shown: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)

    def hear(message: Captioned) -> None:
        if message.line.leg is Leg.CALLER:
            said = lines[message.call_id]
            said[message.line.line] = message.line.text
            shown[message.call_id].append((datetime.now(UTC).timestamp(), "".join(said.values())))

    for agent in hall.agents:
        agent.client.on_caption = hear
    citizens, began = hall.citizens(_CALLS, first=_FIRST_CALL), datetime.now(UTC)
    placed = await (await hall.call(citizens, per_second=1000, name="captions")).finished()
    says = {citizen.caller_number: citizen.says or "" for citizen in citizens}
    async with hall.database.transaction() as tx:
        query = select(Call.caller_number, Call.call_id).where(Call.caller_number.in_(says), Call.arrived_at >= began)
        call_of = dict((await tx.session.execute(query)).tuples().all())
    return [
        delay
        for call in placed
        if call.answered_at is not None
        for delay in word_delays(
            truth[says[call.caller_number]], call.answered_at.timestamp(), shown[call_of[call.caller_number]]
        )
    ]


async def _peer(
    truth: Mapping[str, Sequence[Turn]], callers: Mapping[str, Path], seats: Sequence[Path], model: Path
) -> list[float | None]:
    names = [dialogue.id for dialogue in load_dialogues(DIALOGUES).dialogues]
    said = [names[n % len(names)] for n in range(_CALLS)]
    sounds = [_samples(callers[name]) for name in said] + [_samples(seats[n % len(seats)]) for n in range(_CALLS)]
    async with _bare_server(model) as (port, shown):
        began = datetime.now(UTC).timestamp() + 1
        await asyncio.gather(*(_speak(port, n, sound, began) for n, sound in enumerate(sounds)))
    return [delay for n, name in enumerate(said) for delay in word_delays(truth[name], began, shown[n])]


@asynccontextmanager
async def _bare_server(model: Path) -> AsyncIterator[tuple[int, Mapping[int, list[tuple[float, str]]]]]:
    settings = await asyncio.to_thread(check_model, model)
    loaded = vosk.Model(str(settings.path))
    shown: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
    loop = asyncio.get_running_loop()

    async def hear(socket: ServerConnection) -> None:
        leg = int(await socket.recv())
        recognizer, before = vosk.KaldiRecognizer(loaded, LINE_RATE), ""
        async for piece in socket:
            ended = await loop.run_in_executor(pool, recognizer.AcceptWaveform, piece)
            result = json.loads(recognizer.Result() if ended else recognizer.PartialResult())
            text = join(result.get("text" if ended else "partial", "").split())
            shown[leg].append((datetime.now(UTC).timestamp(), before + text))
            before += text if ended else ""

    with ThreadPoolExecutor(2) as pool:
        async with await serve(hear, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
            yield next(iter(server.sockets)).getsockname()[1], shown


async def _speak(port: int, leg: int, sound: Samples, began: float) -> None:
    """Send a track at the pace of speech: a piece can be sent once all of it was said."""
    async with connect(f"ws://127.0.0.1:{port}/", compression=None, ping_interval=None) as socket:
        await socket.send(str(leg))
        for at in range(0, len(sound), _PIECE):
            due = began + (at + _PIECE) / LINE_RATE
            await asyncio.sleep(max(0.0, due - datetime.now(UTC).timestamp()))
            await socket.send(sound[at : at + _PIECE].tobytes())
