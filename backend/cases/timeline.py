"""The time line of a case: what was done with it, by whom, when; entries are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from backend.cases.models import CaseEvent
from backend.identity.principal import Principal
from backend.kernel.database import Transaction

Detail = Mapping[str, str | int | bool | None]


def add_entry(
    tx: Transaction, case_id: UUID, kind: str, actor: Principal | None, detail: Detail, now: datetime
) -> None:
    """Add an entry; `kind` is a past-tense fact, `actor` None is the platform itself."""
    entry = CaseEvent(
        case_id=case_id,
        at=now,
        kind=kind,
        actor_id=actor.user_id if actor else None,
        actor=actor.display_name if actor else None,
        detail=dict(detail),
    )
    tx.session.add(entry)
