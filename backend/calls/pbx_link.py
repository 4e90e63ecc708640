"""The link to each PBX as its telephony process last told it, so that every console knows how old its truth is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.calls.models import PbxLink
from backend.kernel.database import Transaction


@dataclass(frozen=True, slots=True)
class LinkNow:
    """The worst of all links; `as_of` None when no telephony process has ever told."""

    state: str
    as_of: datetime | None


async def record_link(tx: Transaction, host: str, state: str, at: datetime) -> None:
    """Note the state of a link; consoles are told when it changed."""
    before = await tx.session.get(PbxLink, host, with_for_update=True)
    values = {"state": state, "as_of": at}
    statement = insert(PbxLink).values(host=host, **values)
    await tx.session.execute(statement.on_conflict_do_update(index_elements=["host"], set_=values))
    if before is None or before.state != state:
        payload = {"state": state, "as_of": at.isoformat()}
        tx.emit("link_changed", entity=host, audience=["all"], payload=payload, at=at)


async def link_now(tx: Transaction) -> LinkNow:
    """The link that is worst off: one that is not live, else the one heard of least recently."""
    links = (await tx.session.execute(select(PbxLink).order_by(PbxLink.state == "live", PbxLink.as_of))).scalars()
    worst = links.first()
    return LinkNow("unknown", None) if worst is None else LinkNow(worst.state, worst.as_of)
