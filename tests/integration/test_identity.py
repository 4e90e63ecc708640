"""Signing in, sessions, accounts and the audit log on a real PostgreSQL, through the real endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated

import httpx
import pytest
import time_machine
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from backend.identity import audit, passwords, sessions, users
from backend.identity.access import COOKIE, requires
from backend.identity.endpoints import router
from backend.identity.errors import PasswordTooWeak, TooManyAttempts, UsernameInvalid, UsernameTaken
from backend.identity.models import AuditEntry, SignInAttempt, User, UserSession
from backend.identity.permissions import UnknownRole, load_roles
from backend.identity.principal import Principal
from backend.identity.users import Account
from backend.kernel import clock
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.database import Database
from backend.kernel.errors import HotlineError
from backend.kernel.security import hash_token

pytestmark = pytest.mark.integration

ROLES = load_roles(PROJECT_ROOT / "configs" / "roles.yaml")
PASSWORD = "a long enough password"
AGENT = Account("Wang.Fang", "王芳", PASSWORD, ("agent",))
ADMIN = Account("admin", "管理员", PASSWORD, ("admin",))


@pytest.fixture
async def app(database: Database) -> FastAPI:
    app = FastAPI()
    app.state.database, app.state.roles = database, ROLES
    app.include_router(router)

    @app.post("/file")
    async def file(principal: Annotated[Principal, Depends(requires("cases.file"))]) -> str:
        return principal.username

    @app.exception_handler(HotlineError)
    async def problem(_: Request, error: HotlineError) -> JSONResponse:
        return JSONResponse(error.as_dict(), status_code=error.http_status)

    async with database.transaction() as tx:
        await users.ensure_users(tx, ROLES, [AGENT, ADMIN], clock.now())
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
        yield client


async def sign_in(client: httpx.AsyncClient, username: str = "wang.fang", password: str = PASSWORD) -> httpx.Response:
    return await client.post("/api/session", json={"username": username, "password": password})


async def test_a_session_from_sign_in_to_sign_out(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/session")).status_code == 401
    answer = await sign_in(client)
    assert answer.status_code == 200
    assert answer.json()["display_name"] == "王芳"
    assert "cases.file" in answer.json()["permissions"]
    assert (await client.get("/api/session")).json()["username"] == "wang.fang"
    assert (await client.post("/file")).json() == "wang.fang"
    token = client.cookies[COOKIE]
    assert (await client.delete("/api/session")).status_code == 204
    assert COOKIE not in client.cookies
    assert (await client.get("/api/session", headers={"cookie": f"{COOKIE}={token}"})).status_code == 401
    assert (await client.delete("/api/session")).status_code == 204


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: FastAPI, client: httpx.AsyncClient) -> None:
    cookie = (await sign_in(client)).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://desk.test") as https:
        assert "secure" in (await sign_in(https)).headers["set-cookie"].lower()


async def test_a_name_is_one_name_however_it_is_typed(client: httpx.AsyncClient) -> None:
    for typed in (" WANG.FANG ", "ｗａｎｇ.fang", "Wang.Fang\x00"):
        assert (await sign_in(client, typed)).status_code == 200


async def test_only_the_hash_of_a_token_is_stored(client: httpx.AsyncClient, database: Database) -> None:
    await sign_in(client)
    token = client.cookies[COOKIE]
    async with database.transaction() as tx:
        session = (await tx.session.execute(select(UserSession))).scalar_one()
        stored = (await tx.session.execute(text("SELECT row_to_json(s)::text FROM user_sessions s"))).scalar_one()
    assert session.token_hash == hash_token(token)
    assert token not in stored


async def test_a_wrong_password_and_an_unknown_name_are_told_the_same(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    verify = passwords.verify_password

    def spy(password: str, hashed: str) -> tuple[bool, str | None]:
        checked.append(hashed)
        return verify(password, hashed)

    monkeypatch.setattr(passwords, "verify_password", spy)
    wrong = await sign_in(client, password="not the password")
    unknown = await sign_in(client, username="nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["error"] == "SignInRefused"
    assert len(checked) == 2, "an unknown name costs a hash as well, so that its time does not tell"
    assert all(hashed.startswith("$argon2id$") for hashed in checked)


async def test_guessing_is_slowed_down_and_the_right_password_waits_too(client: httpx.AsyncClient) -> None:
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False) as travel:
        for _ in range(5):
            assert (await sign_in(client, password="a wrong password")).json()["error"] == "SignInRefused"
        refused = await sign_in(client)
        assert refused.status_code == 429
        assert refused.json()["error"] == "TooManyAttempts"
        assert (await sign_in(client, username="admin")).status_code == 200, "another name is not held up"
        travel.shift(timedelta(seconds=6))
        assert (await sign_in(client)).status_code == 200
        assert (await sign_in(client, password="a wrong password")).json()["error"] == "SignInRefused"


async def test_many_guesses_at_once_are_no_way_round_the_limit(app: FastAPI, database: Database) -> None:
    origin = sessions.Origin("127.0.0.1")
    now = clock.now()
    guesses = [sessions.sign_in(database, ROLES, "wang.fang", f"guess number {n}", origin, now) for n in range(12)]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(outcome, TooManyAttempts) for outcome in outcomes) == 7
    async with database.transaction() as tx:
        counted = (await tx.session.execute(select(func.count()).select_from(SignInAttempt))).scalar_one()
    assert counted == 5


async def test_one_address_guessing_many_names_is_slowed_down(app: FastAPI, database: Database) -> None:
    now = clock.now()
    async with database.transaction() as tx:
        for n in range(60):
            tx.session.add(SignInAttempt(at=now, username=f"user{n}", address="203.0.113.9", outcome="failed"))
    with pytest.raises(TooManyAttempts):
        await sessions.sign_in(database, ROLES, "wang.fang", PASSWORD, sessions.Origin("203.0.113.9"), now)
    elsewhere = await sessions.sign_in(database, ROLES, "wang.fang", PASSWORD, sessions.Origin("203.0.113.10"), now)
    assert elsewhere.principal.username == "wang.fang"


async def test_a_session_slides_while_used_and_ends_for_good(app: FastAPI, database: Database) -> None:
    start = clock.now()
    token = (await sessions.sign_in(database, ROLES, "wang.fang", PASSWORD, sessions.Origin("::1"), start)).token

    async def at(offset: timedelta) -> Principal | None:
        return await sessions.principal_for_token(database, ROLES, token, start + offset)

    for minutes in range(30, 12 * 60, 30):
        principal = await at(timedelta(minutes=minutes))
        assert principal is not None
        assert principal.expires_at <= start + timedelta(hours=12)
    assert await at(timedelta(hours=12)) is None, "a session ends after its longest life, however much it is used"


async def test_a_session_that_is_not_used_ends(app: FastAPI, database: Database) -> None:
    start = clock.now()
    token = (await sessions.sign_in(database, ROLES, "wang.fang", PASSWORD, sessions.Origin("::1"), start)).token
    late = start + timedelta(hours=1)
    assert await sessions.principal_for_token(database, ROLES, token, late - timedelta(seconds=1)) is not None
    # that look kept it alive for another hour
    assert await sessions.principal_for_token(database, ROLES, token, late + timedelta(minutes=59)) is not None
    assert await sessions.principal_for_token(database, ROLES, token, late + timedelta(hours=2)) is None


@pytest.mark.parametrize("token", [None, "", "nonsense", "x" * 5000])
async def test_a_token_that_is_none_signs_nobody_in(app: FastAPI, database: Database, token: str | None) -> None:
    assert await sessions.principal_for_token(database, ROLES, token) is None


async def test_a_closed_account_is_out_at_once(client: httpx.AsyncClient, database: Database) -> None:
    await sign_in(client)
    async with database.transaction() as tx:
        await users.set_active(tx, "wang.fang", False, clock.now(), None)
    assert (await client.get("/api/session")).status_code == 401
    assert (await sign_in(client)).json()["error"] == "SignInRefused"


async def test_a_new_password_ends_the_sessions_of_the_old_one(client: httpx.AsyncClient, database: Database) -> None:
    await sign_in(client)
    async with database.transaction() as tx:
        await users.set_password(tx, "wang.fang", "another long password", clock.now(), None)
    assert (await client.get("/api/session")).status_code == 401
    assert (await sign_in(client)).status_code == 401
    assert (await sign_in(client, password="another long password")).status_code == 200


async def test_a_hash_of_outdated_parameters_is_renewed_at_the_next_sign_in(
    client: httpx.AsyncClient, database: Database
) -> None:
    async def stored() -> str:
        async with database.transaction() as tx:
            return (await users.find_user(tx, "wang.fang")).password_hash

    outdated = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8 * 1024, parallelism=1),)).hash(PASSWORD)
    async with database.transaction() as tx:
        (await users.find_user(tx, "wang.fang")).password_hash = outdated
    assert (await sign_in(client)).status_code == 200
    renewed = await stored()
    assert renewed != outdated
    assert (await sign_in(client)).status_code == 200
    assert await stored() == renewed


async def test_taking_a_role_away_takes_effect_with_the_next_request(
    client: httpx.AsyncClient, database: Database
) -> None:
    await sign_in(client)
    assert (await client.post("/file")).status_code == 200
    async with database.transaction() as tx:
        await users.set_roles(tx, ROLES, "wang.fang", ["qa"], clock.now(), None)
    refused = await client.post("/file")
    assert refused.status_code == 403
    assert refused.json()["error"] == "NotPermitted"


async def test_a_page_of_another_site_changes_nothing(client: httpx.AsyncClient) -> None:
    await sign_in(client)
    foreign = {"origin": "https://evil.example"}
    for answer in (
        await client.post("/file", headers=foreign),
        await client.delete("/api/session", headers=foreign),
        await client.post("/api/session", headers=foreign, json={"username": "admin", "password": PASSWORD}),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"] == "ForeignOrigin"
    assert (await client.post("/file", headers={"origin": "http://desk.test"})).status_code == 200


async def test_only_an_administrator_lists_users(client: httpx.AsyncClient) -> None:
    await sign_in(client)
    assert (await client.get("/api/users")).status_code == 403
    await sign_in(client, "admin")
    listed = (await client.get("/api/users")).json()
    assert [user["username"] for user in listed] == ["admin", "wang.fang"]
    assert not any("password" in key for user in listed for key in user)


@pytest.mark.parametrize(
    ("account", "error"),
    [
        (Account("x", "x", PASSWORD, ("agent",)), UsernameInvalid),
        (Account("a b", "x", PASSWORD, ("agent",)), UsernameInvalid),
        (Account("WANG.fang", "x", PASSWORD, ("agent",)), UsernameTaken),
        (Account("li.si", "x", "short", ("agent",)), PasswordTooWeak),
        (Account("li.si.the.long", "x", "Li.Si.The.Long", ("agent",)), PasswordTooWeak),
        (Account("li.si", "x", "x" * 257, ("agent",)), PasswordTooWeak),
        (Account("li.si", "x", PASSWORD, ("agent", "boss")), UnknownRole),
    ],
)
async def test_an_account_that_cannot_be_is_refused_and_not_made(
    app: FastAPI, database: Database, account: Account, error: type[HotlineError]
) -> None:
    with pytest.raises(error):
        async with database.transaction() as tx:
            await users.create_user(tx, ROLES, account, clock.now(), None)
    async with database.transaction() as tx:
        assert (await tx.session.execute(select(func.count()).select_from(User))).scalar_one() == 2


async def test_ensuring_users_twice_keeps_what_is_right_and_mends_the_rest(
    client: httpx.AsyncClient, database: Database
) -> None:
    await sign_in(client)
    changed = Account("admin", "系统管理员", "a different password", ("admin", "qa"))
    async with database.transaction() as tx:
        await users.ensure_users(tx, ROLES, [AGENT, changed], clock.now())
    assert (await client.get("/api/session")).status_code == 200, "an account that was right keeps its session"
    answer = await sign_in(client, "admin", "a different password")
    assert answer.json()["display_name"] == "系统管理员"
    assert answer.json()["roles"] == ["admin", "qa"]


async def test_the_audit_log_tells_who_signed_in_and_who_was_refused(client: httpx.AsyncClient) -> None:
    await sign_in(client, password="a wrong password")
    await sign_in(client)
    await sign_in(client, "admin")
    first = (await client.get("/api/audit", params={"limit": 2})).json()
    rest = (await client.get("/api/audit", params={"limit": 100, "cursor": first["next_cursor"]})).json()
    told = [(entry["username"], entry["action"]) for entry in first["items"] + rest["items"]]
    assert told[:3] == [("admin", "signed_in"), ("wang.fang", "signed_in"), ("system", "sign_in_refused")]
    assert sorted(told[3:]) == [("system", "user_created")] * 2
    assert rest["next_cursor"] is None
    assert (await client.get("/api/audit", params={"cursor": "nonsense"})).json()["error"] == "CursorInvalid"


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET username = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
async def test_the_database_refuses_to_change_the_audit_log(database: Database, statement: str) -> None:
    async with database.transaction() as tx:
        await audit.record(tx, None, "tested", "test", "1", {"why": "append-only"})
    with pytest.raises(ProgrammingError, match="append-only"):
        async with database.transaction() as tx:
            await tx.session.execute(text(statement))
    async with database.transaction() as tx:
        entry = (await tx.session.execute(select(AuditEntry))).scalar_one()
    assert (entry.username, entry.detail) == ("system", {"why": "append-only"})


async def test_old_attempts_and_sessions_are_forgotten(app: FastAPI, database: Database) -> None:
    start = clock.now()
    await sessions.sign_in(database, ROLES, "wang.fang", PASSWORD, sessions.Origin("::1"), start)
    async with database.transaction() as tx:
        await sessions.forget_old(tx, start + timedelta(days=1))
        assert (await tx.session.execute(select(func.count()).select_from(UserSession))).scalar_one() == 1
        await sessions.forget_old(tx, start + timedelta(days=200))
        assert (await tx.session.execute(select(func.count()).select_from(UserSession))).scalar_one() == 0
        assert (await tx.session.execute(select(func.count()).select_from(SignInAttempt))).scalar_one() == 0
