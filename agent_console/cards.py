"""The pop-up: who is calling, what is known of that number, and what was begun for this call.

Cards are made for many calls at once, each question asked once for all of them: when 56 phones ring in the same
second, the database answers a handful of queries.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from agent_console.messages.calls import CallCard
from backend.calls.popups import calls_in_hand, handed_by
from backend.cases import service as cases
from backend.cases.drafts import draft_for_call
from backend.kernel.database import Transaction
from backend.seats.schemas import SeatState, SeatView

Stage = Literal["ringing", "answered", "ended"]


async def cards(tx: Transaction, call_ids: Collection[str], stage: Stage, now: datetime) -> dict[str, CallCard]:
    """The card of each of these calls, without drafts; a call that is not in the record has none."""
    calls = await calls_in_hand(tx, call_ids, now)
    numbers = sorted({call.caller_e164 for call in calls.values() if call.caller_e164 is not None})
    known_cases = await cases.cases_of_numbers(tx, numbers)
    return {
        call_id: CallCard(
            call_id=call_id,
            stage=stage,
            dialed_number=call.dialed_number,
            caller=call.caller,
            arrived_at=call.arrived_at,
            ringing_since=call.ringing_at,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            recording_paused_at=call.recording_paused_at,
            cases=known_cases.get(call.caller_e164 or "", []),
            calls_30_days=call.calls_30_days,
            draft=None,
        )
        for call_id, call in calls.items()
    }


async def current_card(tx: Transaction, seat: SeatView, now: datetime) -> CallCard | None:
    """The card of the call that the seat is busy with, also in the wrap-up after it."""
    if seat.call_id is None or seat.state is SeatState.DIALING:
        return None
    card = (await cards(tx, [seat.call_id], "ringing", now)).get(seat.call_id)
    if card is None:
        return None
    draft = None if seat.user_id is None else await draft_for_call(tx, seat.user_id, seat.call_id)
    handed = await handed_by(tx, seat.call_id, seat.seat)
    return card.model_copy(update={"stage": stage_for(seat), "draft": draft, "handed_by": handed})


def stage_for(seat: SeatView) -> Stage:
    """How the call stands as this seat sees it."""
    if seat.state is SeatState.RINGING:
        return "ringing"
    return "answered" if seat.state is SeatState.TALKING else "ended"
