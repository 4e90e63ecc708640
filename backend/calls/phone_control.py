"""What a person orders of the hardware phone at the own seat: each verb of the console is an order to the PBX.

Only who sits at the seat, and only in the call that the seat is in. What came of it, the facts of the call tell.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from backend.calls.errors import NotInThisCall, PhoneNotControlled, TargetMissing
from backend.calls.schemas import PhoneVerb
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.orders import service as orders
from backend.orders.schemas import OrderView
from backend.seats import service as seats
from backend.seats.errors import AtNoSeat
from backend.seats.schemas import SeatState
from telephony import phone_commands as p
from telephony.order import Order

_V = PhoneVerb
_WITH_TARGET = frozenset({_V.TRANSFER, _V.CONSULT, _V.TONE})

_ORDERS: dict[PhoneVerb, Callable[[str, str, str], Order]] = {
    _V.ANSWER: lambda call, seat, _: p.AnswerPhone(call_id=call, seat=seat),
    _V.HOLD: lambda call, seat, _: p.HoldPhone(call_id=call, seat=seat),
    _V.RESUME: lambda call, seat, _: p.ResumePhone(call_id=call, seat=seat),
    _V.MUTE: lambda call, seat, _: p.MutePhone(call_id=call, seat=seat, muted=True),
    _V.UNMUTE: lambda call, seat, _: p.MutePhone(call_id=call, seat=seat, muted=False),
    _V.TONE: lambda call, seat, to: p.SendTone(call_id=call, seat=seat, tone=to),
    _V.TRANSFER: lambda call, seat, to: p.TransferBlind(call_id=call, seat=seat, to=to),
    _V.CONSULT: lambda call, seat, to: p.ConsultFromPhone(call_id=call, seat=seat, to=to),
    _V.HEAR_COLLEAGUE: lambda call, seat, _: p.MoveConsult(call_id=call, seat=seat, hearing=p.Hearing.COLLEAGUE),
    _V.HEAR_CITIZEN: lambda call, seat, _: p.MoveConsult(call_id=call, seat=seat, hearing=p.Hearing.CITIZEN),
    _V.HEAR_BOTH: lambda call, seat, _: p.MoveConsult(call_id=call, seat=seat, hearing=p.Hearing.BOTH),
    _V.END_CONSULT: lambda call, seat, _: p.EndConsult(call_id=call, seat=seat),
    _V.TRANSFER_CONSULTED: lambda call, seat, _: p.TransferConsulted(call_id=call, seat=seat),
}
"""What each verb orders in a call; hanging up needs none."""


async def control(
    tx: Transaction,
    who: Principal,
    request_id: UUID,
    verb: PhoneVerb,
    now: datetime,
    *,
    call_id: str | None = None,
    to: str = "",
) -> OrderView:
    """Order this of the phone at the seat of this person; the same request orders once.

    `to` is whom to call (a seat, a queue, a number) or the key to press. Raises `AtNoSeat`, `PhoneNotControlled`,
    `NotInThisCall` and `TargetMissing`.
    """
    seat = await seats.seat_of(tx, who)
    if seat is None:
        raise AtNoSeat("You sit at no seat, so there is no phone of yours.", next_step="Sit down at a seat first.")
    if seat.phone != "sip":
        raise PhoneNotControlled(f"The phone of seat {seat.seat} is the browser.", next_step="Use the phone there.")
    if verb is PhoneVerb.HANG_UP:
        order: Order = p.HangUpPhone(seat=seat.seat)
    else:
        wanted = SeatState.RINGING if verb is PhoneVerb.ANSWER else SeatState.TALKING
        if call_id is None or seat.call_id != call_id or seat.state is not wanted:
            raise NotInThisCall("Your phone is not in this call now.", kept="Nothing was changed.")
        if verb in _WITH_TARGET and not to:
            raise TargetMissing("It is not said to whom.", kept="Nothing was changed.", field="to")
        order = _ORDERS[verb](call_id, seat.seat, to)
    return (await orders.place(tx, request_id, order, who, now, host=seat.host)).order
