"""Signing in and out over HTTP, and the administrator's lists."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request, Response

from backend.identity import audit, sessions, users
from backend.identity.access import COOKIE, PUBLIC, database_of, principal_of, requires, signed_in
from backend.identity.permissions import Roles
from backend.identity.principal import Principal
from backend.identity.schemas import AuditView, Me, SignIn, UserView
from backend.identity.sessions import SESSION_LIFE
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.schemas import Page

router = APIRouter(prefix="/api", tags=["identity"])

Store = Annotated[Database, Depends(database_of)]


@router.post("/session", dependencies=[PUBLIC])
async def sign_in(form: SignIn, request: Request, response: Response, database: Store) -> Me:
    """Sign in; the answer sets the session cookie."""
    roles = cast("Roles", request.app.state.roles)
    origin = sessions.Origin(
        address=request.client.host if request.client else "", user_agent=request.headers.get("user-agent", "")
    )
    password = form.password.get_secret_value()
    signed = await sessions.sign_in(database, roles, form.username, password, origin, clock.now())
    response.set_cookie(
        COOKIE,
        signed.token,
        max_age=int(SESSION_LIFE.longest.total_seconds()),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return signed.principal.as_me()


@router.get("/session")
async def who_am_i(principal: Annotated[Principal, Depends(signed_in)]) -> Me:
    """Who is signed in here."""
    return principal.as_me()


@router.delete("/session", status_code=204, dependencies=[PUBLIC])
async def sign_out(request: Request, response: Response, database: Store) -> None:
    """End the session; without one this does nothing."""
    principal = await principal_of(request)
    if principal is not None:
        async with database.transaction() as tx:
            await sessions.sign_out(tx, principal, clock.now())
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


@router.get("/users")
async def list_users(database: Store, _: Annotated[Principal, Depends(requires("users.manage"))]) -> list[UserView]:
    """Every user, by name."""
    async with database.transaction() as tx:
        return await users.list_users(tx)


@router.get("/audit")
async def read_audit_log(
    database: Store,
    _: Annotated[Principal, Depends(requires("audit.read"))],
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    object_id: str | None = None,
) -> Page[AuditView]:
    """What was done by whom, newest first; `object_id` asks for one thing's history."""
    async with database.transaction() as tx:
        return await audit.page(tx, cursor=cursor, limit=limit, object_id=object_id)
