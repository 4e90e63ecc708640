"""Orders to the PBX as AMI actions: what is sent for each, and what is refused before anything is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from telephony import commands as c
from telephony import facts as f
from telephony import order as o
from telephony.ami import AmiEvent
from telephony.ami.action import SafeAction
from telephony.call import Call

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ORDER_ID = "0c6b2a4e-8a0e-4a58-9d0e-6a1f5ad9a111"
DIAL = c.DialOut(seat="8001", number="13800001234", shown_number="96010", call_id="out-1")


def a_call(*more: f.CallFact) -> dict[str, Call]:
    arrived = f.CallArrived(
        at=NOW, call_id="c1", caller_number="138", caller_known=True, caller_name="", dialed_number="96010",
        channel="PJSIP/trunk-00000001",
    )  # fmt: skip
    call = Call.from_facts([arrived, *more])
    assert call is not None
    return {"c1": call}


RINGING = f.SeatRinging(at=NOW, call_id="c1", seat="8002", channel="PJSIP/8002-00000002")
TALKING = f.CallAnswered(at=NOW, call_id="c1", seat="8002", channel="PJSIP/8002-00000002")


def test_dialling_calls_the_seat_first_and_then_the_citizen() -> None:
    (action,) = c.actions_of(DIAL, ORDER_ID, {})
    assert action["Action"] == "Originate"
    assert (action["Channel"], action["Context"], action["Exten"]) == ("PJSIP/8001", "outbound", "13800001234")
    assert (action["ChannelId"], action["ActionID"], action["Async"]) == ("out-1", ORDER_ID, "true")
    assert "HOTLINE_SHOWN=96010" in action["Variable"]
    assert f"PJSIP_HEADER(add,X-Hotline-Order)={ORDER_ID}" in action["Variable"]


@pytest.mark.parametrize(
    "number", ["", "138,1", "13800001234&PJSIP/8002", "1380\r\nAction: Hangup", "${SHELL(id)}", "12"]
)
def test_what_is_no_number_is_never_dialled(number: str) -> None:
    order = c.DialOut(seat="8001", number=number, shown_number="96010", call_id="out-1")
    with pytest.raises(o.OrderUnreadable):
        c.actions_of(order, ORDER_ID, {})


@pytest.mark.parametrize("facts", [(RINGING,), (RINGING, TALKING)])
def test_a_seats_leg_is_hung_up_whether_it_rings_or_talks(facts: tuple[f.CallFact, ...]) -> None:
    (action,) = c.actions_of(c.HangUpSeat(call_id="c1", seat="8002"), ORDER_ID, a_call(*facts))
    assert action == {"Action": "Hangup", "Channel": "PJSIP/8002-00000002", "Cause": "16"}


def test_a_call_is_ended_at_the_citizens_channel() -> None:
    (action,) = c.actions_of(c.HangUpCall(call_id="c1"), ORDER_ID, a_call(RINGING, TALKING))
    assert action["Channel"] == "PJSIP/trunk-00000001"


def test_a_seat_that_waits_for_the_citizen_it_dialled_can_be_hung_up() -> None:
    placed = f.CallPlaced(
        at=NOW, call_id="out-1", seat="8001", number="138", shown_number="96010", channel="PJSIP/trunk-00000003",
        seat_channel="PJSIP/8001-00000004",
    )  # fmt: skip
    (action,) = c.actions_of(c.HangUpSeat(call_id="out-1", seat="8001"), ORDER_ID, {"out-1": Call.opened_by(placed)})
    assert action["Channel"] == "PJSIP/8001-00000004"


@pytest.mark.parametrize(
    ("order", "exten", "target"),
    [
        (c.Supervise(seat="8050", call_id="c1", agent_seat="8002", mode="whisper"), "whisper", "8002-00000002"),
        (c.TakeOver(seat="8050", call_id="c1", agent_seat="8002"), "take-over", "trunk-00000001"),
    ],
)
def test_a_supervisors_phone_is_called_once_and_then_led_on(order: o.Order, exten: str, target: str) -> None:
    (call,) = c.actions_of(order, ORDER_ID, a_call(TALKING))
    assert (call["Action"], call["Channel"], call["Context"], call["Exten"]) == (
        "Originate", "PJSIP/8050", "supervise", exten,
    )  # fmt: skip
    assert f"HOTLINE_TARGET={target}" in call["Variable"]
    there = f.SupervisionBegan(
        at=NOW, call_id="c1", seat="8002", by_seat="8050", mode=f.SpyMode.LISTEN, channel="PJSIP/8050-00000009"
    )
    *settings, redirect = c.actions_of(order, ORDER_ID, a_call(TALKING, there))
    assert {
        "Action": "Setvar",
        "Channel": "PJSIP/8050-00000009",
        "Variable": "HOTLINE_TARGET",
        "Value": target,
    } in settings
    assert (redirect["Action"], redirect["Channel"], redirect["Exten"]) == ("Redirect", "PJSIP/8050-00000009", exten)


@pytest.mark.parametrize(
    ("order", "error"),
    [
        (c.HangUpCall(call_id="gone"), o.CallGone),
        (c.HangUpSeat(call_id="gone", seat="8002"), o.CallGone),
        (c.HangUpSeat(call_id="c1", seat="8003"), o.SeatNotInCall),
        (c.Supervise(seat="8050", call_id="gone", agent_seat="8002", mode="listen"), o.CallGone),
        (c.TakeOver(seat="8050", call_id="c1", agent_seat="8003"), o.SeatNotInCall),
    ],
)
def test_what_is_over_is_said_to_be_over(order: o.Order, error: type[Exception]) -> None:
    with pytest.raises(error):
        c.actions_of(order, ORDER_ID, a_call(RINGING))


@pytest.mark.parametrize(
    "order",
    [
        DIAL,
        c.HangUpCall(call_id="c1"),
        c.HangUpSeat(call_id="c1", seat="8002"),
        c.Supervise(seat="8050", call_id="c1", agent_seat="8002", mode="barge"),
        c.TakeOver(seat="8050", call_id="c1", agent_seat="8002"),
    ],
)
def test_an_order_is_stored_and_read_again_unchanged(order: o.Order) -> None:
    assert c.from_payload(order.kind, order.as_payload()) == order


@pytest.mark.parametrize(("kind", "payload"), [("unheard_of", {}), ("order", {}), ("hang_up_call", {"who": 1})])
def test_an_order_of_another_version_is_named(kind: str, payload: dict[str, object]) -> None:
    with pytest.raises(o.OrderUnreadable):
        c.from_payload(kind, payload)


async def test_every_kind_has_its_actions_and_they_can_go_on_the_wire() -> None:
    assert set(o.KINDS.values()) == set(c._ACTIONS)
    for action in c.actions_of(DIAL, ORDER_ID, {}):
        assert str(SafeAction(action)).startswith("Action: Originate\r\nActionID: ")


@pytest.mark.parametrize(
    ("reason", "said"), [("3", "rang unanswered"), ("5", "busy"), ("1", "refused"), ("", "not told")]
)
def test_a_seat_that_does_not_answer_is_told_with_the_reason(reason: str, said: str) -> None:
    problem = c.origination_problem(AmiEvent({"Response": "Failure", "Reason": reason}))
    assert problem is not None
    assert said in problem.message
    assert c.origination_problem(AmiEvent({"Response": "Success", "Reason": "4"})) is None


def test_a_colleague_is_let_go_once_the_page_that_asked_him_is_gone() -> None:
    asks = f.ConsultBegan(at=NOW, call_id="c1", seat="8002", to="8003", channel="PJSIP/8002-00000003")
    taken_back = f.CallTakenBack(at=NOW, call_id="c1", seat="8002", channel="PJSIP/8002-00000004")
    assert c.end_left_consults(a_call(RINGING, TALKING, asks).values()) == []
    (action,) = c.end_left_consults(a_call(RINGING, TALKING, asks, taken_back).values())
    assert (action["Action"], action["Channel"]) == ("Hangup", "PJSIP/8002-00000003")


def test_a_recording_is_paused_on_both_legs_of_the_citizens_channel() -> None:
    pause, resume = c.PauseRecording(call_id="c1"), c.ResumeRecording(call_id="c1")
    (paused,) = c.actions_of(pause, ORDER_ID, a_call(RINGING, TALKING))
    assert paused == {
        "Action": "MixMonitorMute", "Channel": "PJSIP/trunk-00000001", "Direction": "both", "State": "1"
    }  # fmt: skip
    (resumed,) = c.actions_of(resume, ORDER_ID, a_call(RINGING, TALKING))
    assert resumed == {**paused, "State": "0"}
    with pytest.raises(o.CallGone):
        c.actions_of(pause, ORDER_ID, {})


@pytest.mark.parametrize(("after_s", "forgotten"), [(59, 0), (60, 1), (3600, 1)])
def test_a_pause_that_is_forgotten_ends_by_itself(after_s: int, forgotten: int) -> None:
    paused = a_call(RINGING, TALKING, f.RecordingPaused(at=NOW, call_id="c1"))
    goes_on = a_call(
        RINGING, TALKING, f.RecordingPaused(at=NOW, call_id="c1"), f.RecordingResumed(at=NOW, call_id="c1")
    )
    now, longest = NOW + timedelta(seconds=after_s), timedelta(minutes=1)
    actions = c.resume_forgotten([*paused.values(), *goes_on.values()], now, longest)
    assert [action["State"] for action in actions] == ["0"] * forgotten
