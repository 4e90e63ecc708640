"""How much of a body is read before the request is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Body, FastAPI, Request

from backend.kernel.bodies import BodyLimit

PIECE = b"a" * 1000


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    app.add_middleware(BodyLimit, streams=lambda scope: scope["path"] == "/upload", most=5000)

    @app.post("/form")
    async def form(said: dict[str, str] = Body()) -> int:  # noqa: B008 - as FastAPI wants it
        return len(said)

    @app.post("/upload")
    async def upload(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    return app


async def send(app: FastAPI, path: str, pieces: int, headers: dict[str, str] | None = None) -> tuple[int, int]:
    """The status, and how many pieces were taken of so many."""
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(pieces):
            taken += 1
            yield PIECE

    kind = {"content-type": "application/json", **(headers or {})}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.post(path, content=body(), headers=kind)
    return answer.status_code, taken


async def test_nothing_is_read_beyond_the_limit(app: FastAPI) -> None:
    assert await send(app, "/form", 1000) == (413, 6)


async def test_what_says_that_it_is_too_large_is_refused_with_its_first_piece(app: FastAPI) -> None:
    assert await send(app, "/form", 1000, {"content-length": "1000000"}) == (413, 1)


async def test_what_fits_is_read_whole(app: FastAPI) -> None:
    assert await send(app, "/form", 5) == (422, 5)


async def test_a_stream_is_left_to_its_own_limit(app: FastAPI) -> None:
    assert await send(app, "/upload", 1000) == (200, 1000)
