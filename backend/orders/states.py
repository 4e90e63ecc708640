"""The life of an order to the PBX, as one table."""

from __future__ import annotations

from enum import StrEnum

from backend.orders.errors import OrderCannotMove
from backend.orders.schemas import OrderState


class OrderMove(StrEnum):
    """What can happen to an order."""

    PLACE = "place"
    TAKE = "take"
    FINISH = "finish"
    FAIL = "fail"
    LOSE = "lose"
    EXPIRE = "expire"


_S, _M = OrderState, OrderMove

TRANSITIONS: dict[tuple[OrderState | None, OrderMove], OrderState] = {
    (None, _M.PLACE): _S.ORDERED,
    (_S.ORDERED, _M.TAKE): _S.TAKEN,
    (_S.ORDERED, _M.EXPIRE): _S.EXPIRED,
    (_S.TAKEN, _M.FINISH): _S.DONE,
    (_S.TAKEN, _M.FAIL): _S.FAILED,
    (_S.TAKEN, _M.LOSE): _S.UNKNOWN,
}
"""Where a move leads from where; None is an order not yet given. There is no way back to `ordered`, so what was taken
once is never taken again."""

OPEN = frozenset({_S.ORDERED, _S.TAKEN})
"""The states of an order that is still to come out."""


def move(state: OrderState | None, by: OrderMove) -> OrderState:
    """Where the move leads; raises `OrderCannotMove`."""
    after = TRANSITIONS.get((state, by))
    if after is None:
        raise OrderCannotMove(
            f"An order that is {state or 'not given yet'} cannot be moved by {by}.", kept="The order is unchanged."
        )
    return after
