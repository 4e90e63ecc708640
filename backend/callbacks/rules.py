"""What can be promised to a citizen: pure, with the present given."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.callbacks.errors import (
    CallbackInThePast,
    CallbackTimeUnclear,
    CallbackTooFar,
    VisitWithoutAddress,
)
from backend.callbacks.schemas import CallbackWay, CallbackWish

FURTHEST = timedelta(days=90)
"""How far ahead a callback visit may be promised."""


def check_wish(wish: CallbackWish, address: str, now: datetime) -> None:
    """Raises the first rule that the wish breaks, as a `CallbackInvalid`. `address` is that of the case."""
    if wish.due_at.tzinfo is None:
        raise CallbackTimeUnclear("due_at", "The time of the callback names no time zone.", "Send it with its zone.")
    if wish.due_at <= now:
        raise CallbackInThePast("due_at", "The time of the callback has passed.", "Choose a later one.")
    if wish.due_at - now > FURTHEST:
        raise CallbackTooFar(
            "due_at", f"A callback can be promised up to {FURTHEST.days} days ahead.", "Choose an earlier time."
        )
    if wish.way is CallbackWay.VISIT and not address:
        raise VisitWithoutAddress(
            "address", "A visit in person needs the address of the case.", "Write the address, or call by phone."
        )
