"""A seat's moves one by one, and the actions that bring the PBX's queues in line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from telephony.lines import Membership
from telephony.seats import (
    After,
    DesiredSeat,
    IllegalSeatMove,
    PhoneNotRegistered,
    SeatInput,
    SeatState,
    SeatStatus,
    desired_seat,
    membership_actions,
    move,
    observe,
)

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
S, IN = SeatStatus, SeatInput


def after(*inputs: SeatInput | tuple[SeatInput, str], start: SeatState | None = None) -> SeatState:
    state = start or SeatState()
    for minute, item in enumerate(inputs, 1):
        what, reason = item if isinstance(item, tuple) else (item, "")
        state = move(state, what, NOON + timedelta(minutes=minute), reason=reason)
    return state


READY = (IN.PHONE_REGISTERED, IN.SIGNED_IN, IN.MADE_READY)
TALKING = (*READY, IN.RING_STARTED, IN.ANSWERED)


@pytest.mark.parametrize(
    ("inputs", "status", "reason"),
    [
        ((IN.SIGNED_IN,), S.PAUSED, "sign_in"),
        (READY, S.READY, ""),
        ((*READY, IN.PHONE_LOST), S.PAUSED, "phone_lost"),
        ((*READY, IN.PHONE_LOST, IN.PHONE_REGISTERED), S.READY, ""),
        ((*READY, (IN.PAUSE_REQUESTED, "用餐"), IN.PHONE_LOST, IN.PHONE_REGISTERED), S.PAUSED, "用餐"),
        ((*READY, IN.RING_STARTED), S.RINGING, ""),
        ((*READY, IN.RING_STARTED, IN.RING_ENDED), S.READY, ""),
        ((*READY, IN.RING_STARTED, IN.RING_UNANSWERED), S.PAUSED, "no_answer"),
        ((*READY, IN.RING_STARTED, IN.PHONE_LOST), S.PAUSED, "phone_lost"),
        ((*READY, IN.RING_STARTED, IN.SIGNED_OUT, IN.RING_UNANSWERED), S.OFFLINE, ""),
        (TALKING, S.TALKING, ""),
        ((*TALKING, IN.TALK_ENDED), S.WRAP_UP, ""),
        ((*READY, IN.DIALED), S.DIALING, ""),
        ((*READY, IN.DIALED, IN.ANSWERED), S.TALKING, ""),
        ((*READY, IN.DIALED, IN.TALK_ENDED), S.WRAP_UP, ""),
        ((*READY, (IN.PAUSE_REQUESTED, "培训"), IN.DIALED, IN.TALK_ENDED, IN.WRAP_UP_ENDED), S.PAUSED, "培训"),
        ((*TALKING, IN.LEG_LOST), S.PAUSED, "line_lost"),
        ((*TALKING, IN.LEG_LOST, IN.MADE_READY), S.READY, ""),
        ((*TALKING, IN.PHONE_LOST, IN.LEG_LOST, IN.PHONE_REGISTERED), S.PAUSED, "line_lost"),
        ((*TALKING, IN.SIGNED_OUT, IN.LEG_LOST), S.OFFLINE, ""),
        ((*TALKING, IN.TALK_ENDED, IN.WRAP_UP_ENDED), S.READY, ""),
        ((*TALKING, IN.TALK_ENDED, IN.MADE_READY), S.READY, ""),
        ((*TALKING, IN.TALK_ENDED, IN.SIGNED_OUT), S.OFFLINE, ""),
        ((*TALKING, (IN.PAUSE_REQUESTED, "休息"), IN.TALK_ENDED), S.WRAP_UP, ""),
        ((*TALKING, (IN.PAUSE_REQUESTED, "休息"), IN.TALK_ENDED, IN.WRAP_UP_ENDED), S.PAUSED, "休息"),
        ((*TALKING, (IN.PAUSE_REQUESTED, "休息"), IN.MADE_READY, IN.TALK_ENDED, IN.WRAP_UP_ENDED), S.READY, ""),
        ((*TALKING, IN.SIGNED_OUT), S.TALKING, ""),
        ((*TALKING, IN.SIGNED_OUT, IN.TALK_ENDED, IN.WRAP_UP_ENDED), S.OFFLINE, ""),
        ((*TALKING, IN.PHONE_LOST), S.TALKING, ""),
        ((*TALKING, IN.PHONE_LOST, IN.TALK_ENDED, IN.WRAP_UP_ENDED), S.PAUSED, "phone_lost"),
        ((*READY, (IN.PAUSE_REQUESTED, "培训"), IN.RING_STARTED, IN.RING_ENDED), S.PAUSED, "培训"),
        ((*READY, (IN.PAUSE_REQUESTED, "培训"), IN.ANSWERED, IN.TALK_ENDED, IN.WRAP_UP_ENDED), S.PAUSED, "培训"),
        ((*TALKING, IN.TALK_ENDED, IN.RING_STARTED, IN.RING_ENDED), S.PAUSED, "wrap-up"),
    ],
)
def test_where_inputs_lead(inputs: tuple[SeatInput, ...], status: SeatStatus, reason: str) -> None:
    state = after(*inputs)
    assert (state.status, state.reason) == (status, reason)


def test_ready_needs_a_phone() -> None:
    with pytest.raises(PhoneNotRegistered, match="not registered") as refused:
        after(IN.SIGNED_IN, IN.MADE_READY)
    assert refused.value.name == "PhoneNotRegistered"
    with pytest.raises(PhoneNotRegistered):
        after(*TALKING, IN.PHONE_LOST, IN.TALK_ENDED, IN.MADE_READY)


@pytest.mark.parametrize("what", [IN.MADE_READY, IN.PAUSE_REQUESTED, IN.RING_STARTED, IN.ANSWERED, IN.WRAP_UP_ENDED])
def test_nothing_moves_a_seat_at_which_nobody_is_signed_in(what: SeatInput) -> None:
    with pytest.raises(IllegalSeatMove, match="offline"):
        after(IN.PHONE_REGISTERED, what)


def test_news_that_does_not_fit_changes_nothing() -> None:
    paused = after(*READY, IN.PAUSE_REQUESTED)
    assert observe(paused, IN.TALK_ENDED, NOON) is paused
    assert observe(SeatState(), IN.RING_STARTED, NOON) == SeatState()


def test_since_is_the_time_of_the_last_change() -> None:
    talking = after(*TALKING)
    assert after(IN.PHONE_LOST, start=talking).since == talking.since
    assert after(IN.TALK_ENDED, start=talking).since == NOON + timedelta(minutes=1)


def test_the_wish_during_a_call_is_visible() -> None:
    assert after(*TALKING, IN.SIGNED_OUT).after == After(S.OFFLINE)
    assert after(*TALKING, (IN.PAUSE_REQUESTED, "休息")).after == After(S.PAUSED, "休息")


# --- steering -------------------------------------------------------------------------------------------------------

ADD = {"Action": "QueueAdd", "Queue": "q96010", "Interface": "PJSIP/8001", "MemberName": "8001"}
ADD |= {"StateInterface": "PJSIP/8001", "Penalty": "1"}
PAUSE = {"Action": "QueuePause", "Queue": "q96010", "Interface": "PJSIP/8001"}
PENALTY = {"Action": "QueuePenalty", "Queue": "q96010", "Interface": "PJSIP/8001", "Penalty": "1"}
REMOVE = {"Action": "QueueRemove", "Queue": "q96010", "Interface": "PJSIP/8001"}
OFFERED = DesiredSeat("8001", {"q96010": 1})
HELD_BACK = DesiredSeat("8001", {"q96010": 1}, "wrap-up")


@pytest.mark.parametrize(
    ("desired", "members", "actions"),
    [
        (OFFERED, {}, [ADD | {"Paused": "false"}]),
        (HELD_BACK, {}, [ADD | {"Paused": "true"}, PAUSE | {"Paused": "true", "Reason": "wrap-up"}]),
        (HELD_BACK, {"q96010": Membership(penalty=1)}, [PAUSE | {"Paused": "true", "Reason": "wrap-up"}]),
        (
            HELD_BACK,
            {"q96010": Membership(True, "Auto-Pause", penalty=1)},
            [PAUSE | {"Paused": "true", "Reason": "wrap-up"}],
        ),
        (HELD_BACK, {"q96010": Membership(True, "wrap-up", penalty=1)}, []),
        (OFFERED, {"q96010": Membership(True, "wrap-up", penalty=1)}, [PAUSE | {"Paused": "false", "Reason": ""}]),
        (OFFERED, {"q96010": Membership(penalty=2)}, [PENALTY]),
        (DesiredSeat("8001"), {"q96010": Membership(penalty=1)}, [REMOVE]),
        (DesiredSeat("8001"), {"q96010": Membership(dynamic=False)}, []),
        (OFFERED, {"q96010": Membership(penalty=1), "old": Membership()}, [REMOVE | {"Queue": "old"}]),
    ],
)
def test_the_actions_that_are_needed_and_no_more(
    desired: DesiredSeat, members: dict[str, Membership], actions: list[dict[str, str]]
) -> None:
    assert membership_actions([desired], {"8001": members}) == actions


def test_a_seat_that_nobody_wants_is_taken_out() -> None:
    assert membership_actions([], {"8001": {"q96010": Membership(penalty=1)}}) == [REMOVE]


def test_a_seat_is_held_back_from_answer_to_ready() -> None:
    queues = {"q96010": 1, "q12345": 2}
    states = [after(*TALKING), after(*TALKING, IN.TALK_ENDED), after(*TALKING, IN.TALK_ENDED, IN.WRAP_UP_ENDED)]
    assert [desired_seat("8001", state, queues).paused_for for state in states] == ["wrap-up", "wrap-up", None]
    assert desired_seat("8001", SeatState(), queues).queues == {}
