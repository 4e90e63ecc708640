"""Who can take calls for what, and how well. Set in the run by a supervisor; the queues follow within two seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select

from backend.identity import audit
from backend.identity.models import User
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.seats.errors import PersonUnknown, SkillUnknown
from backend.seats.models import AgentSkill, Seat
from backend.seats.schemas import SkillLevel, SkillsView
from telephony.pbx.settings import PbxSettings
from telephony.routing import skills_at


async def of_people(tx: Transaction, people: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """The skills that were set for these people; who has none of their own is not in it."""
    query = select(AgentSkill.user_id, AgentSkill.skill, AgentSkill.level).where(AgentSkill.user_id.in_(people))
    found: defaultdict[UUID, dict[str, int]] = defaultdict(dict)
    for row in await tx.session.execute(query):
        found[row.user_id][row.skill] = row.level
    return dict(found)


async def of_person(tx: Transaction, settings: PbxSettings, user_id: UUID) -> SkillsView:
    """What a person takes calls for at the seat they have now. Raises `PersonUnknown`."""
    name = (await tx.session.execute(select(User.display_name).where(User.user_id == user_id))).scalar_one_or_none()
    if name is None:
        raise PersonUnknown("There is no such person.", next_step="Open the hall anew.", field="user_id")
    own = (await of_people(tx, [user_id])).get(user_id, {})
    seat = (await tx.session.execute(select(Seat.seat).where(Seat.user_id == user_id))).scalar_one_or_none()
    site = next((each.site for each in settings.seats if each.number == seat), None)
    held = skills_at(settings, own, site)
    levels = [SkillLevel(skill=s.name, title=s.title, level=held.get(s.name)) for s in settings.skills]
    return SkillsView(user_id=user_id, display_name=name, own=bool(own), skills=levels)


async def set_skills(
    tx: Transaction, settings: PbxSettings, user_id: UUID, wanted: Mapping[str, int], who: Principal, now: datetime
) -> SkillsView:
    """Give a person exactly these skills; none at all gives the hall's default back.

    Raises `SkillUnknown`, `PersonUnknown`.
    """
    unknown = sorted(set(wanted) - {skill.name for skill in settings.skills})
    if unknown:
        raise SkillUnknown(
            f"The hall knows no skill {', '.join(unknown)}.",
            kept="The person's skills are unchanged.",
            next_step="Choose one of the list, or add it to configs/hotline.yaml.",
            field="skills",
        )
    # two supervisors at once: the second waits for the first
    await tx.session.execute(select(User.user_id).where(User.user_id == user_id).with_for_update(key_share=True))
    before = await of_person(tx, settings, user_id)
    await tx.session.execute(delete(AgentSkill).where(AgentSkill.user_id == user_id))
    if wanted:
        changed = {"user_id": user_id, "changed_at": now, "changed_by": who.user_id}
        rows = [{"skill": skill, "level": level, **changed} for skill, level in sorted(wanted.items())]
        await tx.session.execute(insert(AgentSkill), rows)
    levels = {each.skill: each.level for each in before.skills if each.level is not None}
    detail = {"before": levels if before.own else {}, "after": dict(wanted)}
    await audit.record(tx, who, "skills_set", "user", user_id, detail, at=now)
    tx.emit("skills_changed", entity=str(user_id), audience=["permission:seats.skills"], payload={}, at=now)
    return await of_person(tx, settings, user_id)
