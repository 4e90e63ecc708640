"""The link to each PBX as its telephony process last told it, so that every console knows how old its truth is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.calls.models import PbxLink
from backend.kernel.database import Transaction


@dataclass(frozen=True, slots=True)
class LinkNow:
    """The link to one PBX; `as_of` None when no telephony process has ever told."""

    host: str
    state: str
    as_of: datetime | None


async def record_link(tx: Transaction, host: str, state: str, at: datetime) -> None:
    """Note the state of a link; consoles are told when it changed."""
    before = await tx.session.get(PbxLink, host, with_for_update=True)
    values = {"state": state, "as_of": at}
    statement = insert(PbxLink).values(host=host, **values)
    await tx.session.execute(statement.on_conflict_do_update(index_elements=["host"], set_=values))
    if before is None or before.state != state:
        payload = {"host": host, "state": state, "as_of": at.isoformat()}
        tx.emit("link_changed", entity=host, audience=["all"], payload=payload, at=at)


async def links_now(tx: Transaction, hosts: Sequence[str]) -> list[LinkNow]:
    """The links to these PBX hosts, in their order."""
    rows = (await tx.session.execute(select(PbxLink).where(PbxLink.host.in_(hosts)))).scalars()
    known = {link.host: LinkNow(link.host, link.state, link.as_of) for link in rows}
    return [known.get(host, LinkNow(host, "unknown", None)) for host in hosts]
