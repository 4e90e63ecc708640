"""What is ordered of a hardware phone, as AMI actions: which leg each of them goes to, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from telephony import facts as f
from telephony import phone_commands as p
from telephony.ami.action import SafeAction
from telephony.call import Call
from telephony.commands import actions_of, from_payload
from telephony.order import Action, CallGone, Order, OrderUnreadable, SeatNotInCall

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ORDER_ID = "0c6b2a4e-8a0e-4a58-9d0e-6a1f5ad9a111"
OURS: Any = {"call_id": "c1", "seat": "8001"}
AT: Any = {"at": NOW, "call_id": "c1"}
PHONE, COLLEAGUE = "PJSIP/8001-0000000a", "PJSIP/8002-0000000b"
FAR, NEAR = "Local/aside@seat-phone-00000001;1", "Local/aside@seat-phone-00000001;2"
RINGS = f.SeatRinging(**AT, seat="8001", channel=PHONE)
TALKS = f.CallAnswered(**AT, seat="8001", channel=PHONE)
ASKS = f.ConsultBegan(**AT, seat="8001", to="8002", channel=FAR)
WAITS = f.CallHeld(**AT, seat="8001")
ASKED = f.ConsultAnswered(**AT, seat="8002", asked_by="8001", channel=COLLEAGUE)
EVERY = [
    p.AnswerPhone(**OURS),
    p.HoldPhone(**OURS),
    p.ResumePhone(**OURS),
    p.HangUpPhone(seat="8001"),
    p.MutePhone(**OURS, muted=True),
    p.SendTone(**OURS, tone="5"),
    p.TransferBlind(**OURS, to="8003"),
    p.ConsultFromPhone(**OURS, to="8003"),
    p.MoveConsult(**OURS, hearing=p.Hearing.BOTH),
    p.EndConsult(**OURS),
    p.TransferConsulted(**OURS),
]


def a_call(*more: f.CallFact) -> dict[str, Call]:
    arrived = f.CallArrived(
        **AT,
        caller_number="138",
        caller_known=True,
        caller_name="",
        dialed_number="96010",
        channel="PJSIP/trunk-00000001",
    )
    call = Call.from_facts([arrived, *more])
    assert call is not None
    return {"c1": call}


def sent(order: Order, *facts: f.CallFact) -> list[Action]:
    return actions_of(order, ORDER_ID, a_call(*facts))


@pytest.mark.parametrize("order", EVERY, ids=lambda order: order.kind)
def test_an_order_is_stored_and_read_again_unchanged(order: Order) -> None:
    assert from_payload(order.kind, order.as_payload()) == order


async def test_every_order_can_go_on_the_wire() -> None:
    before: dict[type[Order], tuple[f.CallFact, ...]] = {
        p.AnswerPhone: (RINGS,), p.ConsultFromPhone: (TALKS,), p.TransferBlind: (TALKS,),
    }  # fmt: skip
    for order in EVERY:
        for action in sent(order, *before.get(type(order), (TALKS, ASKS, WAITS, ASKED))):
            assert str(SafeAction(action)).startswith(f"Action: {action['Action']}\r\n")


def test_a_phone_is_told_to_talk_and_to_hold_inside_its_own_dialog() -> None:
    (answer,) = sent(p.AnswerPhone(**OURS), RINGS)
    (hold,) = sent(p.HoldPhone(**OURS), TALKS)
    (resume,) = sent(p.ResumePhone(**OURS), TALKS, WAITS)
    assert [action["Channel"] for action in (answer, hold, resume)] == [PHONE] * 3
    assert [action["Variable"][0] for action in (answer, hold, resume)] == ["Event=talk", "Event=hold", "Event=talk"]


def test_the_phone_is_hung_up_whatever_it_is_in_and_no_other() -> None:
    (action,) = actions_of(p.HangUpPhone(seat="8001"), ORDER_ID, {})
    assert action["Channel"] == "/^PJSIP/8001-[0-9a-f]+$/"


def test_a_mute_is_told_only_once_it_is_done() -> None:
    mute, tell = sent(p.MutePhone(**OURS, muted=True), TALKS)
    assert (mute["Action"], mute["Channel"], mute["Direction"], mute["State"]) == ("MuteAudio", PHONE, "in", "on")
    assert (tell["Action"], tell["UserEvent"], tell["Channel"]) == ("UserEvent", "HotlineMuted", PHONE)


def test_a_key_goes_to_whom_the_agent_hears() -> None:
    tone = p.SendTone(**OURS, tone="#")
    assert sent(tone, TALKS)[0]["Channel"] == "PJSIP/trunk-00000001"
    assert sent(tone, TALKS, ASKS, WAITS, ASKED)[0]["Channel"] == COLLEAGUE
    assert (
        sent(tone, TALKS, ASKS, WAITS, ASKED, f.CallResumed(**AT, seat="8001"))[0]["Channel"] == "PJSIP/trunk-00000001"
    )


def test_a_consultation_knows_the_legs_that_it_moves() -> None:
    *settings, originate = sent(p.ConsultFromPhone(**OURS, to="8002"), TALKS)
    legs = {"HOTLINE_CITIZEN": "trunk-00000001", "HOTLINE_PHONE": "8001-0000000a", "HOTLINE_SEAT": "8001"}
    assert {str(one["Variable"]): one["Value"] for one in settings} == legs
    assert {one["Channel"] for one in settings} == {PHONE}
    assert originate["Variable"] == [f"{name}={value}" for name, value in {**legs, "HOTLINE_TO": "8002"}.items()]
    assert (originate["Context"], originate["Exten"], originate["ActionID"]) == ("consulted", "8002", ORDER_ID)


def test_a_blind_transfer_is_a_step_with_a_target_that_must_exist() -> None:
    (originate,) = sent(p.TransferBlind(**OURS, to="8003"), TALKS)
    assert (originate["Channel"], originate["Context"], originate["Exten"]) == (
        "Local/transfer@seat-phone/n", "transferred", "8003",
    )  # fmt: skip
    assert "HOTLINE_TO=8003" in originate["Variable"]


def test_each_step_of_a_consultation_goes_to_its_leg() -> None:
    consulting = (TALKS, ASKS, WAITS, ASKED)
    (moved,) = sent(p.MoveConsult(**OURS, hearing="apart"), *consulting)
    assert (moved["Channel"], moved["Exten"]) == (NEAR, "apart")
    assert sent(p.EndConsult(**OURS), TALKS, ASKS)[0]["Channel"] == FAR
    citizen, seat, leave = sent(p.TransferConsulted(**OURS), *consulting)
    assert (citizen["Channel"], citizen["Value"], seat["Value"]) == (COLLEAGUE, "trunk-00000001", "8001")
    assert (leave["Channel"], leave["Context"], leave["Exten"], leave["Priority"]) == (
        FAR,
        "consulted",
        "8002",
        "leave",
    )


@pytest.mark.parametrize(
    ("order", "facts", "error"),
    [
        (p.AnswerPhone(**OURS), (TALKS,), SeatNotInCall),
        (p.AnswerPhone(call_id="gone", seat="8001"), (RINGS,), CallGone),
        (p.HoldPhone(call_id="c1", seat="8003"), (TALKS,), SeatNotInCall),
        (p.TransferConsulted(**OURS), (TALKS, ASKS), p.NobodyConsulted),
        (p.TransferBlind(call_id="c1", seat="8002", to="8003"), (TALKS, ASKS, WAITS, ASKED), SeatNotInCall),
        (p.ConsultFromPhone(call_id="c1", seat="8002", to="8003"), (TALKS, ASKS, WAITS, ASKED), SeatNotInCall),
        (p.MoveConsult(**OURS, hearing="together"), (TALKS, ASKS), p.NobodyConsulted),
        (p.EndConsult(**OURS), (TALKS,), p.NobodyConsulted),
        (p.ConsultFromPhone(**OURS, to="8003"), (TALKS, ASKS), p.ConsultsAlready),
        (p.ConsultFromPhone(**OURS, to="8003,1"), (TALKS,), OrderUnreadable),
        (p.TransferBlind(**OURS, to="${SHELL(id)}"), (TALKS,), OrderUnreadable),
        (p.SendTone(**OURS, tone="55"), (TALKS,), OrderUnreadable),
        (p.HangUpPhone(seat="8.*"), (TALKS,), OrderUnreadable),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    order: Order, facts: tuple[f.CallFact, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        sent(order, *facts)
