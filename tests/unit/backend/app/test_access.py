"""Every route and every console command names what it asks for; one that names nothing fails here."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from agent_console.commands import COMMANDS
from agent_console.protocol import Command
from backend.app.config import Installation
from backend.app.web import create_app
from backend.identity.access import RouteAccess, route_accesses
from backend.identity.permissions import Permission, load_roles
from backend.kernel.config import Environment
from backend.kernel.database import Database

PUBLIC = {
    ("/api/session", frozenset({"POST"})),
    ("/api/session", frozenset({"DELETE"})),
    ("/healthz", frozenset({"GET"})),
    ("/metrics", frozenset({"GET"})),
}
SIGNED_IN = {
    ("/api/session", frozenset({"GET"})),
    ("/api/options", frozenset({"GET"})),
    ("/api/units", frozenset({"GET"})),
    ("/api/console", frozenset({"WEBSOCKET"})),
}


def an_app(state: Path, console: Path) -> FastAPI:
    installation = Installation(Environment(state=state, secret=SecretStr("s" * 40)))
    return create_app(installation, Database("postgresql+psycopg://nobody@127.0.0.1/none"), console=console)


@pytest.fixture
def built_console(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
    return folder


@pytest.fixture
def routes(tmp_path: Path, built_console: Path) -> list[RouteAccess]:
    return list(route_accesses(an_app(tmp_path, built_console)))


def asking(routes: list[RouteAccess], access: str | None) -> set[tuple[str, frozenset[str]]]:
    return {(route.path, route.methods - {"HEAD"}) for route in routes if route.access == access}


def test_no_route_forgets_to_say_what_it_asks_for(routes: list[RouteAccess]) -> None:
    assert asking(routes, None) == {("/assets", frozenset({"MOUNT"}))}


def test_only_these_routes_are_open_to_anybody(routes: list[RouteAccess]) -> None:
    assert asking(routes, "public") == PUBLIC | {("/{path:path}", frozenset({"GET"}))}


def test_without_a_built_console_the_same_holds(tmp_path: Path) -> None:
    routes = list(route_accesses(an_app(tmp_path, tmp_path / "nowhere")))
    assert asking(routes, None) == set()
    assert asking(routes, "public") == PUBLIC | {("/", frozenset({"GET"}))}


def test_only_these_routes_ask_for_a_session_and_nothing_more(routes: list[RouteAccess]) -> None:
    assert asking(routes, "signed in") == SIGNED_IN


def test_every_other_route_names_permissions_that_exist(routes: list[RouteAccess]) -> None:
    guarded = [route for route in routes if route.access not in (None, "public", "signed in")]
    assert len(guarded) >= 12
    for route in guarded:
        assert route.access is not None
        assert all(Permission(name) for name in route.access.split(" | ")), route.path


def test_every_command_of_the_protocol_names_a_permission_that_exists() -> None:
    messages = get_args(get_args(Command)[0])
    names = {message.model_fields["command"].default for message in messages}
    assert names - {"hello"} == COMMANDS.keys()
    for spec in COMMANDS.values():
        assert Permission(spec.permission)


def test_every_permission_that_is_asked_for_is_given_by_some_role(routes: list[RouteAccess], tmp_path: Path) -> None:
    asked = {name for route in routes if route.access and "." in route.access for name in route.access.split(" | ")}
    asked |= {spec.permission for spec in COMMANDS.values()}
    roles = load_roles(Path(__file__).parents[4] / "configs" / "roles.yaml")
    assert asked <= roles.permissions_of(roles.roles)
