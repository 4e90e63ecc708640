"""Which routes ask for what, and which pages may send a request."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from backend.identity.access import PUBLIC, requires, route_accesses, same_origin, signed_in
from backend.identity.endpoints import router as identity_router
from backend.identity.principal import Principal


def an_app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    inner = APIRouter(prefix="/inner")

    @inner.get("/deep")
    async def deep(_: Annotated[Principal, Depends(requires("calls.read", "calls.read_own"))]) -> None: ...

    @inner.get("/forgotten")
    async def forgotten() -> None: ...

    @inner.websocket("/socket")
    async def socket(socket: WebSocket, _: Annotated[Principal, Depends(signed_in)]) -> None: ...

    @app.get("/open", dependencies=[PUBLIC])
    async def opened() -> None: ...

    app.mount("/assets", FastAPI(openapi_url=None))
    outer = APIRouter(prefix="/outer")
    outer.include_router(inner)
    app.include_router(outer)
    return app


def test_every_route_is_found_however_deep_it_is_included() -> None:
    assert {(*route.methods, route.path): route.access for route in route_accesses(an_app())} == {
        ("GET", "/open"): "public",
        ("MOUNT", "/assets"): None,
        ("GET", "/outer/inner/deep"): "calls.read | calls.read_own",
        ("GET", "/outer/inner/forgotten"): None,
        ("WEBSOCKET", "/outer/inner/socket"): "signed in",
    }


def test_the_routes_of_identity_name_what_they_need() -> None:
    app = FastAPI(openapi_url=None)
    app.include_router(identity_router)
    named = {(method, route.path): route.access for route in route_accesses(app) for method in route.methods}
    assert named == {
        ("POST", "/api/session"): "public",
        ("GET", "/api/session"): "signed in",
        ("DELETE", "/api/session"): "public",
        ("GET", "/api/users"): "users.manage",
        ("GET", "/api/audit"): "audit.read",
    }


def test_a_misspelt_permission_is_found_when_the_program_starts() -> None:
    with pytest.raises(ValueError, match=r"cases\.raed"):
        requires("cases.raed")
    with pytest.raises(ValueError, match="at least one"):
        requires()


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"host": "127.0.0.1:8096", "origin": "http://127.0.0.1:8096"}, True),
        ({"host": "Hotline.example", "origin": "https://hotline.example"}, True),
        ({"host": "127.0.0.1:8096"}, True),
        ({"host": "127.0.0.1:8096", "sec-fetch-site": "same-origin"}, True),
        ({"host": "127.0.0.1:8096", "sec-fetch-site": "cross-site"}, False),
        ({"host": "127.0.0.1:8096", "origin": "null"}, False),
        ({"host": "127.0.0.1:8096", "origin": ""}, False),
        ({"host": "127.0.0.1:8096", "origin": "http://127.0.0.1:9000"}, False),
        ({"host": "127.0.0.1:8096", "origin": "http://127.0.0.1:8096.evil.example"}, False),
        ({"host": "127.0.0.1:8096", "origin": "http://evil.example/127.0.0.1:8096"}, False),
        ({"host": "127.0.0.1:8096", "origin": "file://127.0.0.1:8096"}, False),
        ({"origin": "http://"}, False),
    ],
)
def test_only_our_own_pages_and_programs_may_send(headers: dict[str, str], allowed: bool) -> None:
    assert same_origin(Headers(headers)) is allowed


def test_the_public_address_of_a_proxy_may_be_allowed() -> None:
    headers = Headers({"host": "10.0.0.1:8096", "origin": "https://hotline.example"})
    assert not same_origin(headers)
    assert same_origin(headers, ["https://hotline.example"])


@given(st.text(max_size=80))
def test_no_origin_makes_the_check_fail_with_an_error(origin: str) -> None:
    try:
        headers = Headers(raw=[(b"host", b"127.0.0.1"), (b"origin", origin.encode("latin-1"))])
    except UnicodeEncodeError:
        return
    assert same_origin(headers) is (origin.casefold() in {"http://127.0.0.1", "https://127.0.0.1"})
