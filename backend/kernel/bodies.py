"""How much one request may send: what is larger is refused while it is read, before it fills the memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.kernel.errors import HotlineError

MOST_BYTES = 1024 * 1024
TOO_LARGE = 413


class RequestTooLarge(HotlineError):
    """What was sent is larger than any form of the console."""

    http_status: ClassVar[int] = TOO_LARGE

    def __init__(self, most: int = MOST_BYTES) -> None:
        super().__init__(
            f"A request may hold at most {most // 1024} kB.",
            kept="Nothing was changed; what you typed is still on the screen.",
            next_step="Shorten it or send it in parts; files are sent as attachments.",
            facts={"rule": "body_too_large", "limit": f"{most // 1024}"},
        )


class BodyLimit:
    """Stops reading the body of a request at `most` bytes; bare ASGI, because every request pays for it.

    `streams` tells which requests have bodies that are read piece by piece under a limit of their own.
    """

    def __init__(self, app: ASGIApp, streams: Callable[[Scope], bool], most: int = MOST_BYTES) -> None:
        self._app = app
        self._streams = streams
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"} or self._streams(scope):
            await self._app(scope, receive, send)
            return
        declared, read = _declared(scope), 0

        async def receive_so_much() -> Message:
            nonlocal read
            message = await receive()
            if message["type"] == "http.request":
                read += len(message.get("body", b""))
                if max(declared, read) > self._most:
                    # the framework passes this kind on as it is, and makes all others one
                    raise HTTPException(TOO_LARGE)
            return message

        await self._app(scope, receive_so_much, send)


def _declared(scope: Scope) -> int:
    """How large the body says it is; 0 when it does not, or says no number."""
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(said) if said.isdigit() else 0
