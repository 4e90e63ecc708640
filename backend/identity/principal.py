"""Who is asking: a signed-in person with what the roles permit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.identity.schemas import Me


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person. `expires_at` is when the session ends if nothing more is asked in it; `unit_code` names the
    unit that the person works for, None for who belongs to the hotline itself; `team` is the group of the hall."""

    user_id: UUID
    username: str
    display_name: str
    roles: tuple[str, ...]
    permissions: frozenset[str]
    session_id: UUID
    expires_at: datetime
    unit_code: str | None = None
    team: str | None = None

    def may(self, permission: str) -> bool:
        """Whether the roles permit this."""
        return permission in self.permissions

    @property
    def audience(self) -> frozenset[str]:
        """The event audiences that this person belongs to, apart from a seat."""
        unit = () if self.unit_code is None else (f"unit:{self.unit_code}",)
        return frozenset({"all", f"user:{self.user_id}", *unit, *(f"permission:{name}" for name in self.permissions)})

    def as_me(self) -> Me:
        """What the console learns of its own user."""
        return Me(
            user_id=self.user_id,
            username=self.username,
            display_name=self.display_name,
            roles=list(self.roles),
            permissions=sorted(self.permissions),
            expires_at=self.expires_at,
            unit_code=self.unit_code,
            team=self.team,
        )
