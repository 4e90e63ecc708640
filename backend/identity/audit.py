"""The audit log: who looked at or changed what, written in the transaction of the act itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.identity import repository
from backend.identity.models import AuditEntry
from backend.identity.principal import Principal
from backend.identity.schemas import AuditView
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.kernel.paging import make_cursor, read_cursor
from backend.kernel.schemas import Page

SYSTEM = "system"
"""The name under which the platform acts by itself."""


async def record(
    tx: Transaction,
    who: Principal | None,
    action: str,
    object_kind: str,
    object_id: str | UUID,
    detail: Mapping[str, Any] | None = None,
    *,
    at: datetime | None = None,
) -> None:
    """Write one entry; `who` None is the platform itself. `action` is a past-tense fact such as "number_revealed".

    `detail` is plain JSON and must never hold a whole telephone number, a password or a token.
    """
    entry = AuditEntry(
        at=at or clock.now(),
        user_id=who.user_id if who else None,
        username=who.username if who else SYSTEM,
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        detail=dict(detail or {}),
    )
    tx.session.add(entry)


async def has_acted(
    tx: Transaction,
    who: Principal,
    actions: Collection[str],
    object_kind: str,
    object_id: str | UUID,
    detail: Mapping[str, Any],
    *,
    since: datetime | None = None,
) -> bool:
    """Whether this person ever, or `since` a moment, did one of these `actions` to this thing, with all of `detail` in
    the entry's own."""
    acted = (who.user_id, actions, object_kind, str(object_id), dict(detail))
    return await repository.has_acted(tx.session, *acted, since=since)


async def page(tx: Transaction, *, cursor: str | None, limit: int, object_id: str | None) -> Page[AuditView]:
    """Entries, newest first, `limit` at a time."""
    before = read_cursor(cursor, int) if cursor else None
    rows = await repository.audit_entries(tx.session, before=before, limit=limit + 1, object_id=object_id)
    items = [AuditView.model_validate(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=items, next_cursor=make_cursor(items[-1].at, items[-1].entry_id) if more else None)
