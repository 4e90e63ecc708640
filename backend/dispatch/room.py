"""What the endpoints of dispatch work with: the database, the units in force, and the rules of the loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from fastapi import Request

from backend.dispatch import looking, service
from backend.dispatch.schemas import AppealState, LoopView, UnitTaskDetail
from backend.dispatch.service import Act, TaskSeen
from backend.dispatch.settings import LoopRules
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.versions import InForce
from backend.units.directory import UnitDirectory


@dataclass(frozen=True)
class Room:
    """The dispatchers' room, as one request finds it."""

    database: Database
    units: InForce[UnitDirectory]
    rules: LoopRules

    async def units_in(self, tx: Transaction) -> UnitDirectory:
        """The units of today."""
        return await self.units.at(tx.session, clock.now())

    async def move_case(
        self, tx: Transaction, who: Principal, case_id: UUID, version: int | None, act: Act
    ) -> LoopView:
        """Move a case and show how it stands now; raises like `service.move_case`."""
        now = clock.now()
        await service.move_case(tx, who, case_id, version, act, self.rules.time, now)
        await tx.session.flush()
        return await looking.loop_of_case(tx, case_id, await self.units_in(tx), self.rules, now)

    async def review_appeal(
        self, tx: Transaction, who: Principal, case_id: UUID, seen: AppealState, act: Act
    ) -> LoopView:
        """Decide on an appeal and show how the case stands now; raises like `service.review_appeal`."""
        now = clock.now()
        await service.review_appeal(tx, who, case_id, seen, act, self.rules.time, now)
        await tx.session.flush()
        return await looking.loop_of_case(tx, case_id, await self.units_in(tx), self.rules, now)

    async def move_task(self, tx: Transaction, who: Principal, seen: TaskSeen, act: Act) -> UnitTaskDetail:
        """Move a task of this person's unit and show how it stands now; raises like `service.move_task`."""
        now = clock.now()
        await service.move_task(tx, who, seen, act, self.rules.time, now)
        await tx.session.flush()
        return await looking.task_of_unit(tx, who, seen.case_id, seen.n, self.rules, now)


def room_of(request: Request) -> Room:
    """The room of this application."""
    state = request.app.state
    return Room(state.database, cast("InForce[UnitDirectory]", state.units), cast("LoopRules", state.loop))
