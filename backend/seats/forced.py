"""What a supervisor does to a seat of somebody else: each act in the audit log, and told to who sits there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.seats import repository
from backend.seats.errors import NobodyAtSeat, NotInWrapUp, SeatUnknown
from backend.seats.schemas import ForcedAct, PauseReason, SeatForced, SeatView
from backend.seats.seating import HallTimes, Seated, step, view
from backend.seats.service import check_reason
from telephony.seats import SeatInput, SeatStatus


async def pause(
    tx: Transaction, who: Principal, seat: str, reason: PauseReason, now: datetime, times: HallTimes
) -> SeatView:
    """Offer the seat no calls, for a reason; during a call this takes effect after it."""
    check_reason(reason)

    def change(seated: Seated) -> Seated:
        return step(seated, SeatInput.PAUSE_REQUESTED, now, times, reason=reason.value)

    return await _force(tx, who, seat, SeatForced(act=ForcedAct.PAUSE, reason=reason, by=who.display_name), now, change)


async def make_ready(tx: Transaction, who: Principal, seat: str, now: datetime, times: HallTimes) -> SeatView:
    """Let the seat take calls again. Raises `telephony.seats.PhoneNotRegistered`."""

    def change(seated: Seated) -> Seated:
        return seated if seated.state.status is SeatStatus.READY else step(seated, SeatInput.MADE_READY, now, times)

    return await _force(tx, who, seat, SeatForced(act=ForcedAct.READY, by=who.display_name), now, change)


async def end_wrap_up(tx: Transaction, who: Principal, seat: str, now: datetime, times: HallTimes) -> SeatView:
    """End the wrap-up before its time; what the agent asked for meanwhile holds."""

    def change(seated: Seated) -> Seated:
        if seated.state.status is not SeatStatus.WRAP_UP:
            raise NotInWrapUp(f"Seat {seat} is not in wrap-up any more.", next_step="Act on its present state.")
        return step(seated, SeatInput.WRAP_UP_ENDED, now, times)

    return await _force(tx, who, seat, SeatForced(act=ForcedAct.END_WRAP_UP, by=who.display_name), now, change)


async def sign_out(tx: Transaction, who: Principal, seat: str, now: datetime, times: HallTimes) -> SeatView:
    """Sign out whoever sits there; during a call this takes effect after it."""

    def change(seated: Seated) -> Seated:
        return step(seated, SeatInput.SIGNED_OUT, now, times)

    return await _force(tx, who, seat, SeatForced(act=ForcedAct.SIGN_OUT, by=who.display_name), now, change)


async def _force(
    tx: Transaction, who: Principal, seat: str, told: SeatForced, now: datetime, change: Callable[[Seated], Seated]
) -> SeatView:
    before = (await repository.lock(tx, seats=[seat])).get(seat)
    if before is None:
        raise SeatUnknown(f"There is no seat {seat}.", next_step="Choose another.", field="seat")
    if before.user_id is None:
        raise NobodyAtSeat(f"Nobody sits at seat {seat} any more.", kept="Nothing was changed.")
    after = await repository.save(tx, before, change(before), now)
    detail = {
        "act": told.act.value,
        "reason": told.reason.value if told.reason else None,
        "agent": before.agent_name,
        "user_id": str(before.user_id),
        "from": before.state.status.value,
        "to": after.state.status.value,
        "call_id": before.call_id,
    }
    await audit.record(tx, who, "seat_forced", "seat", seat, detail, at=now)
    audience = [f"user:{before.user_id}"]
    tx.emit("seat_forced", entity=seat, audience=audience, payload=told.model_dump(mode="json"), at=now)
    return view(after)
