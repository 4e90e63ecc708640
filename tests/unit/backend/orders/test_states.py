"""The life of an order: from nowhere does a way lead back to being carried out again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.orders.errors import OrderCannotMove
from backend.orders.schemas import OrderState
from backend.orders.states import OPEN, TRANSITIONS, OrderMove, move


@given(st.lists(st.sampled_from(OrderMove), max_size=20))
def test_however_it_goes_an_order_is_taken_at_most_once(moves: list[OrderMove]) -> None:
    state: OrderState | None = None
    taken = 0
    for each in moves:
        try:
            state = move(state, each)
        except OrderCannotMove:
            continue
        taken += each is OrderMove.TAKE
    assert taken <= 1
    assert state is None or state in OrderState


def test_every_state_is_reached_and_what_has_ended_stays() -> None:
    assert set(TRANSITIONS.values()) == set(OrderState)
    assert {before for before, _ in TRANSITIONS if before} == OPEN
