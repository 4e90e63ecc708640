"""Sitting down, taking calls, pausing, leaving."""

from __future__ import annotations

from agent_console.desk import Desk
from agent_console.messages.seats import ExtendWrapUp, MakeReady, PauseSeat, SetSkills, SignInSeat, SignOutSeat
from backend.kernel import clock
from backend.notices import service as notices
from backend.seats import service, skills
from backend.seats.schemas import SeatView, SkillsView


async def sign_in_seat(desk: Desk, command: SignInSeat) -> SeatView:
    """Sit down; the seat takes no calls until it is made ready. Notices that still hold are handed out."""
    now = clock.now()
    async with desk.database.transaction() as tx:
        view = await service.sign_in(tx, command.seat, desk.principal, now, desk.times)
        await notices.hand_out(tx, desk.principal, view.seat, now)
    desk.seat = view.seat
    return view


async def sign_out_seat(desk: Desk, _: SignOutSeat) -> SeatView:
    """Leave the seat, at once or after the call."""
    async with desk.database.transaction() as tx:
        view = await service.sign_out(tx, desk.principal, clock.now(), desk.times)
    if view.user_id is None:
        desk.seat = None
    return view


async def make_ready(desk: Desk, _: MakeReady) -> SeatView:
    """Take calls."""
    async with desk.database.transaction() as tx:
        return await service.make_ready(tx, desk.principal, clock.now(), desk.times)


async def pause_seat(desk: Desk, command: PauseSeat) -> SeatView:
    """Take no calls, at once or after the call."""
    async with desk.database.transaction() as tx:
        return await service.pause(tx, desk.principal, command.reason, clock.now(), desk.times)


async def extend_wrap_up(desk: Desk, _: ExtendWrapUp) -> SeatView:
    """More time for the wrap-up."""
    async with desk.database.transaction() as tx:
        return await service.extend_wrap_up(tx, desk.principal, clock.now(), desk.times)


async def set_skills(desk: Desk, command: SetSkills) -> SkillsView:
    """What a person takes calls for, changed in the run."""
    async with desk.database.transaction() as tx:
        return await skills.set_skills(tx, desk.pbx, command.user_id, command.skills, desk.principal, clock.now())
