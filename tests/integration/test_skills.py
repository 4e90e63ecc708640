"""A supervisor changes what people take calls for: it is kept, the queues follow, the audit log has it."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from agent_console.client import CommandRefused
from agent_console.messages.seats import SetSkills
from backend.identity.models import AuditEntry
from backend.seats import service

from .hall import ConsoleHall

pytestmark = pytest.mark.integration


async def sitting(hall: ConsoleHall) -> UUID:
    """Who sits at 8001."""
    async with hall.browser("boss") as browser:
        seats = (await browser.get("/api/seats")).json()
    return next(UUID(seat["user_id"]) for seat in seats if seat["seat"] == "8001")


async def levels(hall: ConsoleHall, user_id: object) -> dict[str, int]:
    async with hall.browser("boss") as browser:
        answer = (await browser.get(f"/api/seats/skills/{user_id}")).json()
        return {each["skill"]: each["level"] for each in answer["skills"] if each["level"]}


async def test_skills_are_set_kept_and_given_back(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("boss") as boss:
        await hall.take_seat(wang, "8001")
        who = await sitting(hall)
        assert await levels(hall, who) == {"general": 1}
        await boss.command(SetSkills(id=0, user_id=who, skills={"labour": 1, "general": 3}))
        assert await levels(hall, who) == {"labour": 1, "general": 3}
        async with hall.database.transaction() as tx:
            (seat,) = [each for each in await service.desired(tx, hall.installation.part()) if each.seat == "8001"]
            entry = (await tx.session.execute(select(AuditEntry).where(AuditEntry.action == "skills_set"))).scalar_one()
        assert seat.queues == {"q-labour": 1, "q96010": 3, "q12345": 3, "own-seat": 1}
        assert (entry.username, entry.detail["after"]) == ("boss", {"labour": 1, "general": 3})
        await boss.command(SetSkills(id=0, user_id=who, skills={}))
        assert await levels(hall, who) == {"general": 1}


async def test_an_unknown_skill_and_an_agents_own_wish_are_refused(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("boss") as boss:
        await hall.take_seat(wang, "8001")
        who = await sitting(hall)
        with pytest.raises(CommandRefused, match="no skill"):
            await boss.command(SetSkills(id=0, user_id=who, skills={"flying": 1}))
        with pytest.raises(CommandRefused):
            await wang.command(SetSkills(id=0, user_id=who, skills={"general": 1}))
