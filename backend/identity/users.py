"""Keeping the accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.identity import audit, passwords, repository
from backend.identity.errors import UsernameTaken
from backend.identity.models import User
from backend.identity.names import check_team, check_username
from backend.identity.permissions import Roles
from backend.identity.principal import Principal
from backend.identity.schemas import UserView
from backend.kernel.database import Transaction
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id


class UnknownUser(NotFound):
    """There is no user of this name."""


@dataclass(frozen=True, slots=True)
class Account:
    """What an account is made of. Whether there is a unit of this code, `backend.units.staff` knows."""

    username: str
    display_name: str
    password: str
    roles: tuple[str, ...]
    unit_code: str | None = None
    team: str | None = None


async def create_user(tx: Transaction, roles: Roles, account: Account, now: datetime, by: Principal | None) -> User:
    """Open an account. Raises `UsernameInvalid`, `UsernameTaken`, `PasswordTooWeak` or `UnknownRole`."""
    return (await create_users(tx, roles, [account], now, by))[0]


async def create_users(
    tx: Transaction, roles: Roles, accounts: Sequence[Account], now: datetime, by: Principal | None
) -> list[User]:
    """Open several accounts, all or none; raises like `create_user`."""
    users = [_new_user(account, roles, now) for account in accounts]
    for user in users:
        if await repository.user_by_name(tx.session, user.username) is not None:
            raise UsernameTaken(
                f"There is a user {user.username} already.", next_step="Choose another name.", field="username"
            )
    hashes = await asyncio.gather(*(passwords.make_hash(account.password) for account in accounts))
    for user, password_hash in zip(users, hashes, strict=True):
        user.password_hash = password_hash
        tx.session.add(user)
        detail = {"username": user.username, "roles": user.roles}
        await audit.record(tx, by, "user_created", "user", user.user_id, detail, at=now)
    await tx.session.flush()
    return users


def _new_user(account: Account, roles: Roles, now: datetime) -> User:
    username = check_username(account.username)
    passwords.check_strength(account.password, username)
    return User(
        user_id=new_id(),
        username=username,
        display_name=account.display_name.strip() or username,
        roles=roles.check(account.roles),
        unit_code=account.unit_code,
        team=None if account.team is None else check_team(account.team),
        active=True,
        created_at=now,
    )


async def set_password(tx: Transaction, username: str, password: str, now: datetime, by: Principal | None) -> None:
    """Give a user a new password and end all sessions that were opened with the old one."""
    user = await find_user(tx, username)
    passwords.check_strength(password, user.username)
    user.password_hash = await passwords.make_hash(password)
    await repository.end_sessions_of(tx.session, user.user_id, now)
    await audit.record(tx, by, "password_set", "user", user.user_id, at=now)


async def set_roles(
    tx: Transaction, roles: Roles, username: str, names: Iterable[str], now: datetime, by: Principal | None
) -> None:
    """Give a user these roles and no others; takes effect with the next request of a running session."""
    user = await find_user(tx, username)
    granted = roles.check(names)
    before, user.roles = list(user.roles), granted
    await audit.record(tx, by, "roles_set", "user", user.user_id, {"before": before, "after": granted}, at=now)


async def set_unit(tx: Transaction, username: str, unit_code: str | None, now: datetime, by: Principal | None) -> None:
    """Let a user work for this unit, or for none; takes effect with the next request of a running session."""
    user = await find_user(tx, username)
    before, user.unit_code = user.unit_code, unit_code
    await audit.record(tx, by, "unit_set", "user", user.user_id, {"before": before, "after": unit_code}, at=now)


async def set_team(tx: Transaction, username: str, team: str | None, now: datetime, by: Principal | None) -> None:
    """Let a user belong to this group of the hall, or to none; what is past counts for the group of today.

    Raises `TeamInvalid`.
    """
    user = await find_user(tx, username)
    before, user.team = user.team, None if team is None else check_team(team)
    await audit.record(tx, by, "team_set", "user", user.user_id, {"before": before, "after": user.team}, at=now)


async def set_active(tx: Transaction, username: str, active: bool, now: datetime, by: Principal | None) -> None:
    """Close an account (its sessions end at once) or open it again."""
    user = await find_user(tx, username)
    user.active = active
    if not active:
        await repository.end_sessions_of(tx.session, user.user_id, now)
    await audit.record(tx, by, "user_opened" if active else "user_closed", "user", user.user_id, at=now)


async def find_user(tx: Transaction, username: str) -> User:
    """The user of this name; raises `UnknownUser`."""
    user = await repository.user_by_name(tx.session, check_username(username))
    if user is None:
        raise UnknownUser(f"There is no user {username}.", next_step="Look at the list of users.", field="username")
    return user


async def ensure_users(tx: Transaction, roles: Roles, accounts: Sequence[Account], now: datetime) -> None:
    """Make sure that these accounts can be used: missing ones are made, others brought to what is asked.

    For the demo and for tests, which bring their own passwords. An account that is right already keeps its sessions.
    """
    known = {user.username: user for user in await repository.all_users(tx.session)}
    missing = [account for account in accounts if check_username(account.username) not in known]
    present = [(known[name], each) for each in accounts if (name := check_username(each.username)) in known]
    await create_users(tx, roles, missing, now, None)
    right = await asyncio.gather(*(passwords.matches(each.password, user.password_hash) for user, each in present))
    for (user, account), (matches, _) in zip(present, right, strict=True):
        user.display_name, user.active = account.display_name, True
        if not matches:
            await set_password(tx, user.username, account.password, now, None)
        if user.roles != roles.check(account.roles):
            await set_roles(tx, roles, user.username, account.roles, now, None)
        if user.unit_code != account.unit_code:
            await set_unit(tx, user.username, account.unit_code, now, None)
        if user.team != account.team:
            await set_team(tx, user.username, account.team, now, None)


async def list_users(tx: Transaction) -> list[UserView]:
    """Every user, by name."""
    return [UserView.model_validate(user) for user in await repository.all_users(tx.session)]
