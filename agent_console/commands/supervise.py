"""What the shift leader does to the seats and the calls of others, and notices to them."""

from __future__ import annotations

from datetime import timedelta

from agent_console.desk import Desk
from agent_console.messages.supervision import (
    BargeCall,
    EndCall,
    EndWrapUp,
    ForcePause,
    ForceReady,
    ForceSignOut,
    ListenCall,
    ReadNotice,
    SendNotice,
    TakeOverCall,
    WhisperCall,
)
from backend.calls import supervise as calls
from backend.kernel import clock
from backend.notices import service as notices
from backend.notices.schemas import Receipt, SentNotice
from backend.notices.service import NoticeWish
from backend.orders.schemas import OrderView
from backend.seats import forced
from backend.seats.schemas import SeatView
from telephony.facts import SpyMode


async def force_pause(desk: Desk, command: ForcePause) -> SeatView:
    """Pause somebody else's seat."""
    async with desk.database.transaction() as tx:
        return await forced.pause(tx, desk.principal, command.seat, command.reason, clock.now(), desk.times)


async def force_ready(desk: Desk, command: ForceReady) -> SeatView:
    """Let somebody else's seat take calls again."""
    async with desk.database.transaction() as tx:
        return await forced.make_ready(tx, desk.principal, command.seat, clock.now(), desk.times)


async def end_wrap_up(desk: Desk, command: EndWrapUp) -> SeatView:
    """End somebody else's wrap-up."""
    async with desk.database.transaction() as tx:
        return await forced.end_wrap_up(tx, desk.principal, command.seat, clock.now(), desk.times)


async def force_sign_out(desk: Desk, command: ForceSignOut) -> SeatView:
    """Sign somebody out, at once or after the call."""
    async with desk.database.transaction() as tx:
        return await forced.sign_out(tx, desk.principal, command.seat, clock.now(), desk.times)


async def listen_call(desk: Desk, command: ListenCall) -> OrderView:
    """Hear a call, unheard."""
    return await _take_part(desk, command, SpyMode.LISTEN)


async def whisper_call(desk: Desk, command: WhisperCall) -> OrderView:
    """Speak to the seat alone."""
    return await _take_part(desk, command, SpyMode.WHISPER)


async def barge_call(desk: Desk, command: BargeCall) -> OrderView:
    """Talk with both."""
    return await _take_part(desk, command, SpyMode.BARGE)


async def take_over_call(desk: Desk, command: TakeOverCall) -> OrderView:
    """Talk to the citizen in the place of the seat."""
    async with desk.database.transaction() as tx:
        return await calls.take_over(tx, desk.principal, command.request_id, command.call_id, command.seat, clock.now())


async def end_call(desk: Desk, command: EndCall) -> OrderView:
    """End a call for everybody."""
    async with desk.database.transaction() as tx:
        return await calls.end(tx, desk.principal, command.request_id, command.call_id, command.seat, clock.now())


async def _take_part(desk: Desk, command: ListenCall | WhisperCall | BargeCall, mode: SpyMode) -> OrderView:
    async with desk.database.transaction() as tx:
        return await calls.take_part(
            tx, desk.principal, command.request_id, command.call_id, command.seat, mode, clock.now()
        )


async def send_notice(desk: Desk, command: SendNotice) -> SentNotice:
    """Tell the seats something."""
    async with desk.database.transaction() as tx:
        wish = NoticeWish(command.notice_id, command.text, command.seats, timedelta(minutes=command.minutes))
        return await notices.send(tx, desk.principal, wish, clock.now())


async def read_notice(desk: Desk, command: ReadNotice) -> Receipt:
    """Say that a notice was read."""
    async with desk.database.transaction() as tx:
        return await notices.read(tx, desk.principal, command.notice_id, clock.now())
