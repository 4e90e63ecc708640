"""Signing in and out, and finding who a session token belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.identity import audit, passwords, repository
from backend.identity.errors import SignInRefused, TooManyAttempts
from backend.identity.models import SignInAttempt, User, UserSession
from backend.identity.names import normal_username
from backend.identity.permissions import Roles
from backend.identity.principal import Principal
from backend.identity.throttle import PER_ADDRESS, PER_USERNAME, wait_seconds
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.ids import new_id
from backend.kernel.security import hash_token, new_token


@dataclass(frozen=True, slots=True)
class SessionLife:
    """How long a session lives: `idle` after its last use, `longest` in all; `slide` is how often use is written."""

    idle: timedelta = timedelta(hours=1)
    longest: timedelta = timedelta(hours=12)
    slide: timedelta = timedelta(minutes=1)

    def expires_at(self, created_at: datetime, used_at: datetime) -> datetime:
        """When a session ends if it is not used again."""
        return min(used_at + self.idle, created_at + self.longest)


SESSION_LIFE = SessionLife()
KEEP_ATTEMPTS = timedelta(days=30)
KEEP_SESSIONS = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from: the network address and the browser as it names itself."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session; the token is told this once and stored nowhere."""

    token: str
    principal: Principal


async def sign_in(
    database: Database, roles: Roles, username: str, password: str, origin: Origin, now: datetime
) -> SignedIn:
    """Open a session. Raises `SignInRefused` or `TooManyAttempts`.

    Works in three steps, because the slow hashing must not hold a database connection: the attempt is written down,
    the password is checked, the attempt is closed. An attempt that is still open counts as failed, so that a thousand
    tries at once are no way round the limit.
    """
    name = normal_username(username)
    async with database.transaction() as tx:
        attempt_id = await _begin_attempt(tx, name, origin.address, now)
        user = await repository.user_by_name(tx.session, name)
    right, fresh_hash = await passwords.matches(password, user.password_hash if user else None)
    async with database.transaction() as tx:
        user = await repository.user_by_name(tx.session, name) if right else None
        if user is not None and user.active:
            await repository.set_outcome(tx.session, attempt_id, "succeeded")
            if fresh_hash is not None:
                user.password_hash = fresh_hash
            return await _open_session(tx, roles, user, origin, now)
        await repository.set_outcome(tx.session, attempt_id, "failed")
        await audit.record(tx, None, "sign_in_refused", "username", name, {"address": origin.address}, at=now)
    raise SignInRefused


async def _begin_attempt(tx: Transaction, username: str, address: str, now: datetime) -> int:
    await repository.serialise_attempts(tx.session, username)
    by_name = await repository.failures_of_username(tx.session, username, now - PER_USERNAME.window)
    by_address = await repository.failures_of_address(tx.session, address, now - PER_ADDRESS.window)
    wait = max(wait_seconds(by_name, now, PER_USERNAME), wait_seconds(by_address, now, PER_ADDRESS))
    if wait > 0:
        raise TooManyAttempts(wait)
    attempt = SignInAttempt(at=now, username=username, address=address, outcome="open")
    tx.session.add(attempt)
    await tx.session.flush()
    return attempt.attempt_id


async def _open_session(tx: Transaction, roles: Roles, user: User, origin: Origin, now: datetime) -> SignedIn:
    token = new_token()
    session = UserSession(
        session_id=new_id(),
        user_id=user.user_id,
        token_hash=hash_token(token),
        created_at=now,
        seen_at=now,
        expires_at=SESSION_LIFE.expires_at(now, now),
        ends_at=now + SESSION_LIFE.longest,
        ended_at=None,
        address=origin.address,
        user_agent=origin.user_agent[:200],
    )
    user.last_sign_in_at = now
    tx.session.add(session)
    principal = _principal(session, user, roles)
    await audit.record(tx, principal, "signed_in", "session", session.session_id, {"address": origin.address}, at=now)
    return SignedIn(token, principal)


async def principal_for_token(
    database: Database, roles: Roles, token: str | None, now: datetime | None = None
) -> Principal | None:
    """Who this session token belongs to, None when it holds no more. Using a session keeps it alive."""
    if not token:
        return None
    at = now or clock.now()
    async with database.transaction() as tx:
        found = await repository.live_session(tx.session, hash_token(token), at)
        if found is None:
            return None
        session, user = found
        if at - session.seen_at >= SESSION_LIFE.slide:
            session.seen_at = at
            session.expires_at = SESSION_LIFE.expires_at(session.created_at, at)
        return _principal(session, user, roles)


async def sign_out(tx: Transaction, principal: Principal, now: datetime) -> None:
    """End this session; ending it twice is no error."""
    if await repository.end_session(tx.session, principal.session_id, now):
        await audit.record(tx, principal, "signed_out", "session", principal.session_id, at=now)


async def forget_old(tx: Transaction, now: datetime) -> None:
    """Delete attempts and sessions that nobody needs any more; the audit log keeps who signed in when."""
    await repository.forget_before(tx.session, now - KEEP_ATTEMPTS, now - KEEP_SESSIONS)


def _principal(session: UserSession, user: User, roles: Roles) -> Principal:
    return Principal(
        user_id=user.user_id,
        username=user.username,
        display_name=user.display_name,
        roles=tuple(user.roles),
        permissions=roles.permissions_of(user.roles),
        session_id=session.session_id,
        expires_at=session.expires_at,
        unit_code=user.unit_code,
        team=user.team,
    )
