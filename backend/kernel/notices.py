"""Notices: told at once to whoever listens on this machine, never stored. For what is only worth knowing this instant.

They go straight from process to process over a unix socket, because on the way through the database two more
processes must be woken. A notice has no number and may be lost; what must not be lost is an event
(`backend.kernel.events`), and whoever listens on another machine has only those.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger(__name__)

_RETRY_S = 0.2
_MOST_UNSENT = 1 << 20
_CHUNK = 1 << 16


class NoticeBoard:
    """Tells notices to all listeners, in order, without ever making its caller wait."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listeners: set[asyncio.StreamWriter] = set()

    def post(self, notices: Iterable[Mapping[str, Any]]) -> None:
        """Tell these notices to whoever listens now; a listener that does not keep up is cut off."""
        lines = b"".join(json.dumps(dict(notice)).encode() + b"\n" for notice in notices)
        if not lines:
            return
        for listener in list(self._listeners):
            if listener.transport.get_write_buffer_size() > _MOST_UNSENT:
                log.warning("a listener to notices is too slow; cut off, it will come again")
                self._listeners.discard(listener)
                listener.transport.abort()
            else:
                listener.write(lines)

    async def run(self) -> None:
        """Let listeners in, for ever; what was posted before they came, they do not hear."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.parent.chmod(0o700)
        self._path.unlink(missing_ok=True)  # of a process that was killed, or of one that no longer leads
        server = await asyncio.start_unix_server(self._let_in, self._path)
        try:
            async with server:
                await server.serve_forever()
        finally:
            for listener in self._listeners:
                listener.transport.abort()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._listeners.add(writer)
        try:
            with suppress(OSError):
                await reader.read()  # a listener says nothing; this ends when it goes
        finally:
            self._listeners.discard(writer)
            writer.close()


async def is_posted(path: Path) -> bool:
    """Whether somebody posts notices there now."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


async def notices(path: Path) -> AsyncIterator[list[dict[str, Any]]]:
    """Batches of notices from now on, for ever; connects again by itself, and what was posted meanwhile is not seen.

    An empty batch tells that whoever posted them is gone for now.
    """
    while True:
        connected = False
        with suppress(OSError):
            reader, writer = await asyncio.open_unix_connection(path)
            connected = True
            try:
                rest = b""
                while chunk := await reader.read(_CHUNK):
                    *lines, rest = (rest + chunk).split(b"\n")
                    if lines:
                        yield [json.loads(line) for line in lines]
            finally:
                writer.close()
        if connected:
            yield []
        await asyncio.sleep(_RETRY_S)
