"""Cases and the people who move them: what the tests of the seven-step loop have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text

from backend.cases.filing import file_case
from backend.cases.rules import CallFacts
from backend.cases.schemas import CaseForm
from backend.citizens.numbers import read_number
from backend.identity.permissions import load_roles
from backend.identity.principal import Principal
from backend.identity.repository import user_by_name
from backend.identity.users import Account, create_user, set_roles, set_unit
from backend.kernel import clock

from .hall import PASSWORD, ConsoleHall

STREET, OTHER_STREET = "110101013", "110101014"  # 东花市, 龙潭
COMMUNITY, OTHER_COMMUNITY = "110101013007", "110101014001"  # 忠实里, one of 龙潭
WATER, HOUSING = "D35", "D32"
_ROLES = {
    "dispatcher": ("dispatcher", None),
    "commander": ("commander", None),
    "verifier": ("verifier", None),
    "street": ("unit", STREET),
    "street_leader": ("unit_leader", STREET),
    "other_street": ("unit", OTHER_STREET),
    "water": ("unit", WATER),
    "water_leader": ("unit_leader", WATER),
    "housing": ("unit", HOUSING),
    "turncoat": ("verifier", STREET),
    "helper_s_verifier": ("verifier", WATER),
    "verifier_2": ("verifier", None),
    "commander_2": ("commander", None),
    "renegade": ("commander", STREET),
    "community": ("unit", COMMUNITY),
    "patroller": ("patrol", None),
    "grid": ("grid_manager", COMMUNITY),
    "other_grid": ("grid_manager", OTHER_COMMUNITY),
    "street_grid": ("grid_manager", STREET),
    "lost_grid": ("grid_manager", None),
}
"""Who moves cases, in which role and for which unit. Turncoat and renegade judge, and work for a street."""
Answer = httpx.Response


@dataclass
class LoopHall:
    """The application with everybody signed in; each call goes through the API as one of them."""

    hall: ConsoleHall
    stack: AsyncExitStack
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def who(self, name: str) -> httpx.AsyncClient:
        """The browser of this person, who is let in when first needed."""
        if name not in self.clients:
            if name in _ROLES:
                await self._open_account(name)
            self.clients[name] = await self.stack.enter_async_context(self.hall.browser(name))
        return self.clients[name]

    async def get(self, who: str, path: str) -> Answer:
        """Ask for something as this person."""
        return await (await self.who(who)).get(path)

    async def _open_account(self, name: str) -> None:
        roles = load_roles(self.hall.installation.path(self.hall.installation.config.data.roles))
        role, unit = _ROLES[name]
        async with self.hall.database.transaction() as tx:
            await create_user(tx, roles, Account(name, name, PASSWORD, (role,), unit), clock.now(), None)

    async def becomes(self, name: str, *named: str, unit: str | None = None) -> None:
        """Somebody with an account changes to other roles and another unit, in the middle of the work."""
        await self.who(name)
        roles = load_roles(self.hall.installation.path(self.hall.installation.config.data.roles))
        async with self.hall.database.transaction() as tx:
            await set_roles(tx, roles, name, named, clock.now(), None)
            await set_unit(tx, name, unit, clock.now(), None)

    async def file(self, **changes: Any) -> UUID:
        """A case by a call: a property company in 东花市街道."""
        app = self.hall.app
        call = CallFacts("call-1", "96010", read_number(changes.pop("caller", "13812341234")))
        right = {
            "request_id": uuid4(),
            "call_id": call.call_id,
            "what": "楼道灯坏了一周，物业公司无人处理。",
            "citizen_name": "王女士",
            "address": "忠实里西区3号楼",
            "street_code": STREET,
            "class_code": "0102",
        }
        form = CaseForm.model_validate({**right, **changes})
        who = await self.principal("wang")
        async with self.hall.database.transaction() as tx:
            filed = await file_case(
                tx, who, form, call, await app.state.console.references.at(tx, clock.now()), clock.now()
            )
        return filed.case_id

    async def principal(self, name: str) -> Principal:
        """A person, for what is done without the API."""
        async with self.hall.database.transaction() as tx:
            user = await user_by_name(tx.session, name)
        assert user is not None
        return Principal(user.user_id, user.username, user.display_name, (), frozenset(), uuid4(), clock.now())

    async def loop(self, case_id: UUID) -> dict[str, Any]:
        """How the case stands."""
        answer = await self.get("dispatcher", f"/api/cases/{case_id}/loop")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def story(self, case_id: UUID) -> list[str]:
        """The kinds of the entries of its time line."""
        answer = await self.get("dispatcher", f"/api/cases/{case_id}")
        return [entry["kind"] for entry in answer.json()["events"]]

    async def try_case(self, who: str, case_id: UUID, act: str, **body: Any) -> Answer:
        """Try a move of a case, as it stands now unless a version is given."""
        if "version" not in body and act != "urging" and not act.endswith("grant"):
            body["version"] = (await self.loop(case_id))["version"]
        return await (await self.who(who)).post(f"/api/cases/{case_id}/{act}", json=body)

    async def case(self, who: str, case_id: UUID, act: str, **body: Any) -> dict[str, Any]:
        """A move of a case that succeeds."""
        return _done(await self.try_case(who, case_id, act, **body))

    async def dispatch(self, case_id: UUID, lead: str, *helpers: str) -> dict[str, Any]:
        """Send the case to units."""
        return await self.case("dispatcher", case_id, "dispatch", units=units(lead, *helpers))

    async def try_task(self, who: str, case_id: UUID, n: int, act: str, **body: Any) -> Answer:
        """Try a move of a task, as it stands now unless a version is given."""
        if "version" not in body and not act.endswith(("agreement", "number")):
            tasks = (await self.loop(case_id))["tasks"]
            body["version"] = tasks[n - 1]["version"] if n <= len(tasks) else 1
        return await (await self.who(who)).post(f"/api/tasks/{case_id}/{n}/{act}", json=body)

    async def task(self, who: str, case_id: UUID, n: int, act: str, **body: Any) -> dict[str, Any]:
        """A move of a task that succeeds."""
        return _done(await self.try_task(who, case_id, n, act, **body))

    async def run_out(self, case_id: UUID) -> None:
        """Let the clocks of the case that run be long past their limit."""
        earlier = ", ".join(f"{moment} = {moment} - interval '90 days'" for moment in ("started_at", "since", "due_at"))
        change = text(f"UPDATE deadlines SET {earlier} WHERE case_id = :case_id AND state = 'running'")
        async with self.hall.database.transaction() as tx:
            await tx.session.execute(change, {"case_id": case_id})

    async def report(self, who: str, case_id: UUID, n: int) -> None:
        """Sign, contact and report."""
        await self.task(who, case_id, n, "signature")
        await self.task(who, case_id, n, "contact", note="已电话联系市民")
        await self.task(who, case_id, n, "report", result="楼道灯已修好")

    async def handled(self, **changes: Any) -> UUID:
        """A case that its street has reported back."""
        case_id = await self.file(**changes)
        await self.dispatch(case_id, STREET)
        await self.report("street", case_id, 1)
        return case_id

    async def closed(self, **changes: Any) -> UUID:
        """A case that went round and is closed."""
        case_id = await self.handled(**changes)
        await self.case("verifier", case_id, "verification")
        await self.case("verifier", case_id, "closing")
        return case_id


def units(lead: str, *helpers: str) -> list[dict[str, str]]:
    """Units as they are asked for."""
    return [{"code": lead, "role": "lead"}, *({"code": code, "role": "help"} for code in helpers)]


def soon(hours: float) -> str:
    """A moment that lies ahead."""
    return (clock.now() + timedelta(hours=hours)).isoformat()


def refused(answer: Answer, error: str) -> dict[str, Any]:
    """The answer refuses, and names this rule."""
    problem: dict[str, Any] = answer.json()
    assert answer.status_code >= 400, answer.text
    assert problem["error"] == error, problem
    assert problem["message"]
    return problem


@asynccontextmanager
async def open_loop(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    """A hall whose cases are moved."""
    async with AsyncExitStack() as stack:
        yield LoopHall(hall, stack)


def _done(answer: Answer) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
