"""The server to which Asterisk sends the sound of calls while they last: a WebSocket for each leg.

Reading never waits for anything: a socket that is not read would hold up Asterisk. What a leg is called
(`channel_id`) means nothing here; whoever ordered it knows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from websockets.asyncio.server import Server, ServerConnection, basic_auth, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from asr.live.messages import BYTES_PER_MS
from asr.live.recognition import Listener, LiveRecognition

log = structlog.get_logger(__name__)

USER = "asterisk"
PROTOCOL = "media"
PIECE_MS = 120.0
"""Frames are handed on in pieces of so many ms: fewer, larger calls into the recogniser, and whole steps of it."""
_PIECE = round(PIECE_MS * BYTES_PER_MS)
_REST_S = 0.9 * PIECE_MS / 1000
"""After a piece a leg is left alone for so long: to wake up for each of fifty frames a second costs more than to read
what has come meanwhile, which is a few kilobytes, in one go."""
_FORMAT = "slin"
_LARGEST_FRAME = 1 << 16

ListenerFor = Callable[[str], Listener | None]
"""Who wants to know what is said on this channel; None when nobody ordered it."""


class CaptionServer:
    """Takes the sound of legs on a port of this machine and gives it to recognition."""

    def __init__(self, recognition: LiveRecognition, listener_for: ListenerFor, secret: str) -> None:
        self._recognition = recognition
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
            max_queue=(0, 0),  # what nobody has asked for yet stays in the kernel
            open_timeout=5,
        )

    async def _take(self, socket: ServerConnection) -> None:
        try:
            first = await asyncio.wait_for(socket.recv(), 5)
        except (ConnectionClosed, TimeoutError):
            return
        facts = media_start(first)
        listener = self._listener_for(facts.get("channel_id", ""))
        if listener is None or facts.get("format") != _FORMAT:
            log.warning("sound that nobody ordered, or in another format", told=facts)
            return
        leg = self._recognition.open(listener)
        try:
            await self._hear(socket, leg)
        finally:
            self._recognition.close(leg)

    async def _hear(self, socket: ServerConnection, leg: int) -> None:
        gathered = bytearray()
        began = time.monotonic()
        with suppress(ConnectionClosedError):
            async for frame in socket:
                if not isinstance(frame, bytes):  # what Asterisk tells of its buffers is of no concern here
                    continue
                gathered += frame
                if len(gathered) < _PIECE:
                    continue
                self._recognition.hear(leg, bytes(gathered), began)
                gathered.clear()
                began, before = time.monotonic(), began
                if began - before >= _REST_S:  # else more has come already than there was time to read
                    await asyncio.sleep(_REST_S)
        if gathered:
            self._recognition.hear(leg, bytes(gathered), began)


def media_start(message: str | bytes) -> dict[str, str]:
    """What `MEDIA_START channel_id:... format:slin ...` says, the first message of a leg; nothing if it is another."""
    if not isinstance(message, str) or not message.startswith("MEDIA_START "):
        return {}
    return {key: value for key, found, value in (fact.partition(":") for fact in message.split()) if found}
