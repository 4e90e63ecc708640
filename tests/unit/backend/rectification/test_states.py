"""The life of an entry of a special list: every move is told, and no other is made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.rectification.errors import SpecialCannotMove
from backend.rectification.schemas import SpecialState
from backend.rectification.states import ENDED, TRANSITIONS, SpecialMove, move_special

S, M = SpecialState, SpecialMove


@given(st.lists(st.sampled_from(SpecialMove), max_size=30))
def test_whatever_is_tried_nothing_is_checked_that_was_not_put_right(tried: list[SpecialMove]) -> None:
    state: SpecialState | None = None
    done: list[SpecialMove] = []
    for each in tried:
        if (state, each) not in TRANSITIONS:
            with pytest.raises(SpecialCannotMove, match="Load it anew"):
                move_special(state, each)
            continue
        state = move_special(state, each)
        done.append(each)
        if state is S.CHECKED:
            assert done[-2:] == [M.RECTIFY, M.CHECK]
        if state is S.RECTIFIED:
            assert M.ASSIGN in done
    if done:
        assert done[0] is M.FIND


def test_who_is_struck_off_stays_so_and_what_is_checked_may_come_back() -> None:
    leaving = {state: {move for (before, move) in TRANSITIONS if before is state} for state in SpecialState}
    assert leaving[S.STRUCK_OFF] == set()
    assert leaving[S.CHECKED] == {M.FIND_AGAIN}
    assert all(leaving[state] for state in set(SpecialState) - ENDED)
    assert set(TRANSITIONS.values()) == set(SpecialState)
