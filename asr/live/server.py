"""The server to which Asterisk sends the sound of calls while they last: a WebSocket for each leg.

Reading never waits for anything: a socket that is not read would hold up Asterisk. What a leg is called
(`channel_id`) means nothing here; whoever ordered it knows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from websockets.asyncio.server import Server, ServerConnection, basic_auth, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from asr.live.recognition import Listener, LiveRecognition

log = structlog.get_logger(__name__)

USER = "asterisk"
PROTOCOL = "media"
PIECE_MS = 120.0
"""Frames are handed on in pieces of so many ms: fewer, larger calls into the recogniser, and whole steps of it."""
_BEAT_S = PIECE_MS / 1000
"""All legs are read together, at each beat: to wake up for each of fifty frames a second, or for each leg, costs more
than to read what has come meanwhile, which is a few kilobytes a leg, in one go."""
_FORMAT = "slin"
_LARGEST_FRAME = 1 << 16

ListenerFor = Callable[[str], Listener | None]
"""Who wants to know what is said on this channel; None when nobody ordered it."""


class CaptionServer:
    """Takes the sound of legs on a port of this machine and gives it to recognition."""

    def __init__(self, recognitions: Sequence[LiveRecognition], listener_for: ListenerFor, secret: str) -> None:
        self._recognitions = recognitions
        self._taken = 0
        self._listener_for = listener_for
        self._secret = secret

    async def listen(self, port: int, host: str = "127.0.0.1") -> Server:
        """Begin to take legs; an async context manager, whose end closes them."""
        return await serve(
            self._take,
            host,
            port,
            subprotocols=[PROTOCOL],  # type: ignore[list-item] # a NewType of str
            process_request=basic_auth(realm="captions", credentials=(USER, self._secret)),
            compression=None,  # sound of a machine to itself
            ping_interval=None,  # a process that is overloaded would cut the streams for want of a pong
            max_size=_LARGEST_FRAME,
            max_queue=None,  # what has not been read yet stays in the kernel, see `_hear`
            open_timeout=5,
        )

    async def _take(self, socket: ServerConnection) -> None:
        try:
            first = await asyncio.wait_for(socket.recv(), 5)
        except (ConnectionClosed, TimeoutError):
            return
        facts = media_start(first)
        # who listens is told of nothing that will not be heard: it would take this for the newest sound of its leg
        listener = self._listener_for(facts.get("channel_id", "")) if facts.get("format") == _FORMAT else None
        if listener is None:
            log.warning("sound that nobody ordered, or in another format", told=facts)
            return
        recognition = self._next()
        leg = recognition.open(listener)
        try:
            await self._hear(socket, recognition, leg)
        finally:
            recognition.close(leg)

    def _next(self) -> LiveRecognition:
        """In turns, two at a time: the legs of a call come one after the other, and seldom do both speak at once."""
        recognition = self._recognitions[self._taken // 2 % len(self._recognitions)]
        self._taken += 1
        return recognition

    async def _hear(self, socket: ServerConnection, recognition: LiveRecognition, leg: int) -> None:
        loop = asyncio.get_running_loop()
        gathered, began = bytearray(), time.monotonic()

        def hand_on() -> None:
            nonlocal began
            if gathered:
                recognition.hear(leg, bytes(gathered), began)
                gathered.clear()
            began = time.monotonic()
            if not socket.transport.is_closing():
                socket.transport.pause_reading()
                loop.call_later(_BEAT_S - began % _BEAT_S, go_on)

        def go_on() -> None:
            if not socket.transport.is_closing():
                socket.transport.resume_reading()

        try:
            with suppress(ConnectionClosedError):
                async for frame in socket:
                    if not isinstance(frame, bytes):  # what Asterisk tells of its buffers is of no concern here
                        continue
                    if not gathered:
                        loop.call_soon(hand_on)  # behind all frames that came with this one
                    gathered += frame
        finally:
            hand_on()  # the last words, before the leg is closed


def media_start(message: str | bytes) -> dict[str, str]:
    """What `MEDIA_START channel_id:... format:slin ...` says, the first message of a leg; nothing if it is another."""
    if not isinstance(message, str) or not message.startswith("MEDIA_START "):
        return {}
    return {key: value for key, found, value in (fact.partition(":") for fact in message.split()) if found}
