"""A hall with reviewers and calls to review, for tests of what people judge."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select

from backend.calls.models import Call, Recording
from backend.calls.recordings import store_key
from backend.identity.models import AuditEntry
from backend.identity.permissions import load_roles
from backend.identity.repository import user_by_name
from backend.identity.users import Account, create_user
from backend.kernel import clock
from backend.quality.models import QualityHit
from backend.seats.models import SeatChange

from .hall import PASSWORD, ConsoleHall

ITEMS = ("greeting", "manner", "speech", "asking", "repeating", "explaining", "record", "holding", "closing")
_FURTHER = {"qa2": ("qa",), "qa3": ("qa",), "both": ("agent", "qa")}
ALL_GOOD = {"items": dict.fromkeys(ITEMS, 5), "fatal": [], "hits": {}, "remarks": [], "note": ""}


@dataclass
class QaRoom:
    """The application with its reviewers, and calls to review."""

    hall: ConsoleHall
    stack: AsyncExitStack
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)

    async def open(self) -> None:
        roles = load_roles(self.hall.installation.path(self.hall.installation.config.data.roles))
        async with self.hall.database.transaction() as tx:
            for name, held in _FURTHER.items():
                await create_user(tx, roles, Account(name, name, PASSWORD, held), clock.now(), None)
            for name in ("wang", "li", "qa", "qa-leader", "boss", *_FURTHER):
                user = await user_by_name(tx.session, name)
                assert user is not None
                self.people[name] = user.user_id

    async def who(self, name: str) -> httpx.AsyncClient:
        if name not in self.clients:
            self.clients[name] = await self.stack.enter_async_context(self.hall.browser(name))
        return self.clients[name]

    async def ask(self, who: str, path: str) -> httpx.Response:
        return await (await self.who(who)).get(f"/api/reviews/{path}")

    async def tell(self, who: str, path: str, **body: Any) -> httpx.Response:
        return await (await self.who(who)).post(f"/api/reviews/{path}", json=body)

    async def done(self, who: str, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.tell(who, path, **body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def call(self, call_id: str, agent: str = "wang", *, handed_by: str | None = None, **said: Any) -> None:
        """An answered call of this agent with a stored recording; maybe a colleague talked in it before."""
        at = clock.now() - timedelta(hours=2)
        row = {
            "host": "hotline", "direction": "inbound", "caller_number": "13800001234", "caller_e164": "+8613800001234",
            "caller_usable": True, "dialed_number": "96010", "stage": "ended", "outcome": "answered", "seat": "8001",
            "user_id": self.people[agent], "agent_name": agent, "arrived_at": at, "answered_at": at, "ended_at": at,
            "talk_ms": 60_000, "recording_state": "stored", "transcript_state": "none", "source": "live",
            "fact_count": 1,
        }  # fmt: skip
        async with self.hall.database.transaction() as tx:
            tx.session.add(Call(call_id=call_id, **(row | said)))
            await tx.session.flush()
            key = store_key(call_id, at)
            tx.session.add(Recording(call_id=call_id, state="stored", key=key, sha256="x", size_bytes=1, codec="flac"))
            if handed_by is not None:
                tx.session.add(
                    SeatChange(
                        seat="8002", at=at, from_state="ringing", to_state="talking", user_id=self.people[handed_by],
                        call_id=call_id,
                    )
                )  # fmt: skip

    async def hit(
        self, call_id: str, severity: str = "fatal", *, sure: bool = True, points: int = 20, **at: int
    ) -> str:
        """A hit of a check, a second long; `at` says where it begins and by which version of the rule."""
        hit_id, rule = uuid4(), "praise" if severity == "praise" else "forbidden-words"
        from_ms = at.get("from_ms", 1000)
        async with self.hall.database.transaction() as tx:
            tx.session.add(
                QualityHit(
                    hit_id=hit_id, call_id=call_id, rule_id=rule, rule_version=at.get("rule_version", 1),
                    kind=rule.replace("-", "_"), leg="seat", from_ms=from_ms, to_ms=from_ms + 1000,
                    text="不归我管", severity=severity, sure=sure, points=points if sure else 0, transcript_revision=1,
                    found_at=clock.now(),
                )
            )  # fmt: skip
        return str(hit_id)

    async def opened(self, who: str, call_id: str) -> dict[str, Any]:
        """A call that this reviewer picked and opened."""
        picked = await self.done(who, "picks", call_id=call_id)
        return await self.done(who, f"{picked['review']['review_id']}/opening")

    async def scored(self, who: str, call_id: str, **answers: Any) -> dict[str, Any]:
        """The same, scored."""
        review = (await self.opened(who, call_id))["review"]
        wish = {"revision": review["revision"], "answers": ALL_GOOD | answers}
        return await self.done(who, f"{review['review_id']}/score", **wish)

    async def rows(self, query: Any) -> list[Any]:
        async with self.hall.database.transaction() as tx:
            return list((await tx.session.execute(query)).scalars())

    async def actions(self, object_id: str) -> list[str]:
        return await self.rows(
            select(AuditEntry.action).where(AuditEntry.object_id == object_id).order_by(AuditEntry.entry_id)
        )
