"""What stands before every endpoint: who asks, whether they may, and from which page the request came.

Each endpoint names exactly one of these, and a test over the whole application fails on one that names none:

    principal: Annotated[Principal, Depends(requires("cases.read"))]     # any one of the permissions given
    principal: Annotated[Principal, Depends(signed_in)]                  # no permission, only a session
    @router.get("/healthz", dependencies=[PUBLIC])                       # anybody
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.routing import Mount

from backend.identity.errors import ForeignOrigin, NotPermitted, NotSignedIn
from backend.identity.permissions import Permission, Roles
from backend.identity.principal import Principal
from backend.identity.sessions import principal_for_token
from backend.kernel.database import Database

COOKIE = "hotline_session"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def same_origin(headers: Headers, further: Iterable[str] = ()) -> bool:
    """Whether a request comes from our own pages, or from a program that is no browser and so names no origin.

    `further` holds other origins that may, such as the public address of a proxy ("https://hotline.example").
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
    if origin in set(further):
        return True
    host = headers.get("host", "").casefold()
    return host != "" and origin.casefold() in {f"http://{host}", f"https://{host}"}


def check_origin(connection: HTTPConnection) -> None:
    """Refuse a WebSocket or a changing request that a page of another site sent; raises `ForeignOrigin`."""
    changing = connection.scope["type"] == "websocket" or connection.scope["method"] not in _SAFE_METHODS
    further = getattr(connection.app.state, "origins", ())
    if changing and not same_origin(connection.headers, further):
        raise ForeignOrigin


def database_of(connection: HTTPConnection) -> Database:
    """The database of this application."""
    return cast("Database", connection.app.state.database)


async def principal_of(connection: HTTPConnection) -> Principal | None:
    """Who is signed in with the cookie of this connection."""
    roles = cast("Roles", connection.app.state.roles)
    return await principal_for_token(database_of(connection), roles, connection.cookies.get(COOKIE))


@dataclass(frozen=True)
class Access:
    """A dependency that lets only those pass who may: any one of `permissions`, or just a session when empty."""

    permissions: tuple[str, ...] = ()

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """The signed-in person. Raises `NotSignedIn`, `NotPermitted` or `ForeignOrigin`."""
        check_origin(connection)
        principal = await principal_of(connection)
        if principal is None:
            raise NotSignedIn
        if self.permissions and not any(principal.may(permission) for permission in self.permissions):
            raise NotPermitted(*self.permissions)
        return principal

    def __str__(self) -> str:
        return " | ".join(self.permissions) or "signed in"


def requires(*permissions: str) -> Access:
    """Let those pass who have any one of these permissions; a name that does not exist is a mistake in the program."""
    if not permissions:
        raise ValueError("an endpoint names at least one permission, or `signed_in`, or PUBLIC")
    return Access(tuple(Permission(permission).value for permission in permissions))


signed_in = Access()
"""Let everybody pass who is signed in."""


class _Public:
    def __call__(self, connection: HTTPConnection) -> None:
        check_origin(connection)

    def __str__(self) -> str:
        return "public"


PUBLIC = Depends(_Public())
"""Marks the few endpoints that need no session; a changing request must still come from our own pages."""


@dataclass(frozen=True, slots=True)
class RouteAccess:
    """One route of the application and what it asks for; `access` None is a route that forgot to say.

    `methods` is {"WEBSOCKET"} for a WebSocket and {"MOUNT"} for a folder of files or another application, which can
    name nothing and must be judged by its path.
    """

    path: str
    methods: frozenset[str]
    access: str | None


def route_accesses(app: FastAPI) -> Iterator[RouteAccess]:
    """Every route of the application, however deep it is included, with what it asks for."""
    for context in iter_route_contexts(app.routes):
        mounted = isinstance(context.original_route, Mount)
        methods = context.methods or ({"MOUNT"} if mounted else {"WEBSOCKET"})
        yield RouteAccess(context.path or "", frozenset(methods), permission_of(context))


def permission_of(route: Any) -> str | None:
    """What a route asks for: its permissions, "signed in", "public", or None when it names nothing."""
    dependant = getattr(route, "dependant", None)
    return next(_marks(dependant), None) if dependant is not None else None


def _marks(dependant: Dependant) -> Iterator[str]:
    for each in dependant.dependencies:
        if isinstance(each.call, Access | _Public):
            yield str(each.call)
        yield from _marks(each)
