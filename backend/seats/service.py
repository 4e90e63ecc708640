"""What people and time do to seats. Every function works in an open transaction and is given the time.

Whose console goes away is not signed out at once. With the page its softphone goes, the PBX tells that the phone is
lost, and the seat is paused ("phone_lost"), so no call can ring into the void; when the page is back and the phone has
registered, the seat goes on where it was. Only after `HallTimes.absence` without the phone is the person signed out, so
that the seat is free for another. A hardware phone says nothing of the person, so its seat is never signed out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from backend.identity.principal import Principal
from backend.kernel.clock import beijing
from backend.kernel.database import Transaction
from backend.seats import repository, skills
from backend.seats.errors import (
    AtNoSeat,
    InCallElsewhere,
    NotInWrapUp,
    PauseReasonReserved,
    SeatInCall,
    SeatTaken,
    SeatUnknown,
)
from backend.seats.schemas import PauseReason, SeatView
from backend.seats.seating import BUSY, HallTimes, Seated, sit_down, step, view
from telephony.names import DEFAULT_HOST
from telephony.pbx.parts import HostPart
from telephony.routing import places_of, skills_at
from telephony.seats import DesiredSeat, PhoneNotRegistered, SeatInput, SeatStatus, desired_seat

RESERVED_REASONS = frozenset({PauseReason.NO_ANSWER, PauseReason.PHONE_LOST})


async def ensure_seats(
    tx: Transaction, seats: Iterable[tuple[str, str]], now: datetime, *, host: str = DEFAULT_HOST
) -> None:
    """Make the configured seats of the PBX `host`, each (number, "browser" | "sip"). Seats that are no longer
    configured stay."""
    await repository.ensure(tx, host, seats, now)


async def sign_in(tx: Transaction, seat: str, who: Principal, now: datetime, times: HallTimes) -> SeatView:
    """Sit down. Who sat elsewhere leaves that seat; who sits here already continues, from whichever browser.

    Raises `SeatUnknown`, `SeatTaken`, and `InCallElsewhere` while a call at the other seat lasts.
    """
    held = await repository.lock(tx, seats=[seat], user_id=who.user_id)
    target = held.get(seat)
    if target is None:
        raise SeatUnknown(f"There is no seat {seat}.", next_step="Choose another.", field="seat")
    if target.user_id not in (None, who.user_id):
        since = (
            "" if target.state.since is None else f" ({target.state.status} since {beijing(target.state.since):%H:%M})"
        )
        raise SeatTaken(
            f"{target.agent_name} sits at seat {seat}{since}.",
            kept="Nobody was signed out.",
            next_step="Choose another seat, or ask the shift leader.",
            field="seat",
        )
    for other in held.values():
        if other.seat != seat and other.user_id == who.user_id:
            await _leave_for(tx, other, seat, now, times)
    seated = sit_down(target, who.user_id, who.display_name, now, times)
    return view(await repository.save(tx, target, seated, now))


async def sign_out(tx: Transaction, who: Principal, now: datetime, times: HallTimes) -> SeatView:
    """Leave the seat; during a call this takes effect after it."""
    return await _change(tx, who, now, lambda seated: step(seated, SeatInput.SIGNED_OUT, now, times))


async def make_ready(tx: Transaction, who: Principal, now: datetime, times: HallTimes) -> SeatView:
    """Take calls: ends a pause or a wrap-up. Raises `telephony.seats.PhoneNotRegistered`."""

    def ready(seated: Seated) -> Seated:
        if seated.state.status is SeatStatus.READY:
            return seated
        return step(seated, SeatInput.MADE_READY, now, times)

    return await _change(tx, who, now, ready)


async def pause(tx: Transaction, who: Principal, reason: PauseReason, now: datetime, times: HallTimes) -> SeatView:
    """Take no calls for a reason; during a call this takes effect after it."""
    check_reason(reason)
    return await _change(
        tx, who, now, lambda seated: step(seated, SeatInput.PAUSE_REQUESTED, now, times, reason=reason.value)
    )


def check_reason(reason: PauseReason) -> None:
    """Refuse the reasons that are the platform's; raises `PauseReasonReserved`."""
    if reason in RESERVED_REASONS:
        raise PauseReasonReserved(
            f"The platform gives the reason {reason.value} itself.", next_step="Choose another reason.", field="reason"
        )


async def extend_wrap_up(tx: Transaction, who: Principal, now: datetime, times: HallTimes) -> SeatView:
    """One more wrap-up period, from the end of the present one."""

    def longer(seated: Seated) -> Seated:
        if seated.wrap_up_until is None:
            raise NotInWrapUp(
                f"Seat {seated.seat} is not in wrap-up, so there is nothing to make longer.",
                next_step="Pause instead if you need time.",
            )
        return replace(seated, wrap_up_until=max(seated.wrap_up_until, now) + times.wrap_up)

    return await _change(tx, who, now, longer)


async def expire_wrap_ups(tx: Transaction, now: datetime, times: HallTimes) -> list[SeatView]:
    """Move every seat whose wrap-up has run out to what follows: ready, or what was asked for meanwhile."""
    held = await repository.lock_wrap_ups(tx, now)
    moved = [(seated, step(seated, SeatInput.WRAP_UP_ENDED, now, times)) for seated in held]
    return [view(seated) for seated in await repository.save_all(tx, moved, now)]


async def release_absent(tx: Transaction, now: datetime, times: HallTimes) -> list[SeatView]:
    """Sign out whoever's browser phone has been away for `times.absence`, so that the seat is free."""
    held = await repository.lock_absent(tx, now - times.absence)
    moved = [(seated, step(seated, SeatInput.SIGNED_OUT, now, times)) for seated in held]
    return [view(seated) for seated in await repository.save_all(tx, moved, now)]


async def seat_of(tx: Transaction, who: Principal) -> SeatView | None:
    """Where this person sits."""
    seated = await repository.seat_of_user(tx, who.user_id)
    return None if seated is None else view(seated)


async def seat_to_dial_from(tx: Transaction, who: Principal) -> SeatView:
    """The seat of this person, held until the end of the transaction, when a call can be placed there now.

    Raises `AtNoSeat`, `SeatInCall`, or `telephony.seats.PhoneNotRegistered`.
    """
    seated = next(iter((await repository.lock(tx, user_id=who.user_id)).values()), None)
    if seated is None:
        raise AtNoSeat("You are signed in at no seat.", next_step="Sign in at a seat first.")
    if seated.state.status in BUSY:
        raise SeatInCall("Your seat is in a call.", kept="Nobody was called.", next_step="End that call first.")
    if not seated.state.phone:
        raise PhoneNotRegistered(
            "The seat's phone is not registered.",
            kept="Nobody was called.",
            next_step="Wait for the softphone to connect, or switch the telephone on.",
        )
    return view(seated)


async def list_seats(tx: Transaction) -> list[SeatView]:
    """Every seat by number."""
    return [view(seated) for seated in await repository.all_seats(tx)]


async def desired(tx: Transaction, part: HostPart, leaders: Collection[UUID] = frozenset()) -> list[DesiredSeat]:
    """What this PBX should have for each of its seats, by the skills of who sits there; `leaders` get calls first."""
    seated = await repository.all_seats(tx, part.name)
    own = await skills.of_people(tx, [each.user_id for each in seated if each.user_id is not None])
    sites = {seat.number: seat.site for seat in part.seats}
    places = {
        each.seat: places_of(
            part,
            each.seat,
            skills_at(part.pbx, own.get(each.user_id, {}), sites.get(each.seat)),
            sites.get(each.seat),
            leader=each.user_id in leaders,
        )
        for each in seated
        if each.user_id is not None
    }
    return [desired_seat(each.seat, each.state, places.get(each.seat, {})) for each in seated]


async def _leave_for(tx: Transaction, other: Seated, seat: str, now: datetime, times: HallTimes) -> None:
    if other.state.status in BUSY:
        raise InCallElsewhere(
            f"You have a call at seat {other.seat}.",
            kept=f"You are still signed in at seat {other.seat}.",
            next_step=f"End the call, then sign in at seat {seat}.",
            field="seat",
        )
    await repository.save(tx, other, step(other, SeatInput.SIGNED_OUT, now, times), now)


async def _change(tx: Transaction, who: Principal, now: datetime, change: Callable[[Seated], Seated]) -> SeatView:
    held = await repository.lock(tx, user_id=who.user_id)
    seated = next(iter(held.values()), None)
    if seated is None:
        raise AtNoSeat("You are signed in at no seat.", next_step="Sign in at a seat first.")
    return view(await repository.save(tx, seated, change(seated), now))
