"""What the console learns of the person who is signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field, SecretStr

from backend.kernel.schemas import Schema


class SignIn(Schema):
    """A name and a password."""

    username: str = Field(min_length=1, max_length=64)
    password: SecretStr = Field(max_length=256)


class Me(Schema):
    """The signed-in person with every permission that the roles give."""

    user_id: UUID
    username: str
    display_name: str
    roles: list[str]
    permissions: list[str]
    expires_at: datetime
    unit_code: str | None
    team: str | None


class UserView(Schema):
    """A user in the administrator's list."""

    user_id: UUID
    username: str
    display_name: str
    roles: list[str]
    unit_code: str | None
    team: str | None
    active: bool
    last_sign_in_at: datetime | None


class AuditView(Schema):
    """One entry of the audit log."""

    entry_id: int
    at: datetime
    username: str
    action: str
    object_kind: str
    object_id: str
    detail: dict[str, Any]
