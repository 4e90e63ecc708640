"""What the dialplan of a hardware phone tells of its steps, read as facts of the citizen's call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from telephony import facts as f
from telephony.ami import AmiEvent
from telephony.state import PbxState

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CITIZEN, PHONE, COLLEAGUE = "PJSIP/trunk-00000001", "PJSIP/8001-0000000a", "PJSIP/8002-0000000b"
FAR, NEAR = "Local/aside@seat-phone-00000001;1", "Local/aside@seat-phone-00000001;2"
Step = tuple[str, dict[str, Any]]


def talking() -> PbxState:
    arrived = f.CallArrived(
        at=NOON,
        call_id="c1",
        caller_number="138",
        caller_known=True,
        caller_name="",
        dialed_number="96010",
        channel=CITIZEN,
    )
    return PbxState.restore([arrived, f.CallAnswered(at=NOON, call_id="c1", seat="8001", channel=PHONE)])


def step(name: str, channel: str, **more: str) -> Step:
    return "UserEvent", {
        "UserEvent": "HotlineStep", "Step": name, "Channel": channel, "DestChannel": CITIZEN, "Seat": "8001", **more,
    }  # fmt: skip


BEGAN = step("began", FAR, To="8002")
ASIDE = step("aside", NEAR)
RINGS = ("DialBegin", {"Channel": FAR, "DestChannel": COLLEAGUE})
ANSWERS = ("DialEnd", {"Channel": FAR, "DestChannel": COLLEAGUE, "DialStatus": "ANSWER"})
CONSULTS = [BEGAN, ASIDE, RINGS, ANSWERS]
GONE = ("Hangup", {"Channel": FAR, "Cause": "16"})


def told(*steps: Step) -> list[str]:
    """The facts that these steps make, one each second."""
    state = talking()
    found: list[f.Fact] = []
    for n, (name, headers) in enumerate(steps):
        found += state.apply(AmiEvent({"Event": name, **headers}), NOON + timedelta(seconds=n))
    return [fact.kind for fact in found]


def test_a_consultation_holds_the_citizen_and_its_end_brings_him_back() -> None:
    assert told(*CONSULTS, GONE, step("back", PHONE)) == [
        "consult_began", "call_held", "seat_ringing", "consult_answered", "consult_ended", "call_resumed",
    ]  # fmt: skip


def test_taking_turns_and_talking_together_is_told_of_both_sides() -> None:
    turns = [step("apart", NEAR), step("back", PHONE), step("together", NEAR), step("aside", NEAR)]
    assert told(*CONSULTS, *turns)[4:] == [
        "consult_held", "call_resumed", "consult_resumed", "call_held",
    ]  # fmt: skip


def test_who_was_asked_takes_the_citizen() -> None:
    handed = step("handed", COLLEAGUE)
    facts = told(*CONSULTS, handed, GONE, ("Hangup", {"Channel": PHONE, "Cause": "16"}))
    assert facts[4:] == ["consult_ended", "call_transferred", "talk_ended", "call_answered"]


def test_a_phone_that_hangs_up_while_three_talk_leaves_the_citizen_to_the_colleague() -> None:
    together = [step("back", PHONE), step("together", NEAR)]
    facts = told(*CONSULTS, *together, ("Hangup", {"Channel": PHONE, "Cause": "16"}))
    assert facts[4:] == ["call_resumed", "consult_ended", "call_transferred", "talk_ended", "call_answered"]
    completed = ("AgentComplete", {"Channel": CITIZEN, "DestChannel": PHONE, "Reason": "agent"})
    assert told(*CONSULTS, *together, completed)[4:] == facts[4:], "the queue tells of it first"


def test_the_hold_key_of_the_phone_says_nothing_of_a_citizen_whom_the_pbx_keeps_waiting() -> None:
    unhold = ("Unhold", {"Channel": PHONE})
    assert told(*CONSULTS, ("Hold", {"Channel": PHONE}), unhold)[4:] == []
    held_before = [("Hold", {"Channel": PHONE}), BEGAN, unhold, ASIDE]
    assert told(*held_before) == ["call_held", "consult_began", "call_resumed", "call_held"]


def test_a_blind_transfer_ends_the_talk_of_the_seat() -> None:
    over = ("Hangup", {"Channel": PHONE, "Cause": "16"})
    assert told(step("transferred", NEAR, To="8002"), over) == ["call_transferred", "talk_ended"]


def test_a_mute_is_told_once_and_an_unknown_step_not_at_all() -> None:
    on = ("UserEvent", {"UserEvent": "HotlineMuted", "Channel": PHONE, "State": "on"})
    off = ("UserEvent", {"UserEvent": "HotlineMuted", "Channel": PHONE, "State": "off"})
    assert told(on, on, off, off, step("unheard_of", NEAR)) == ["seat_muted", "seat_unmuted"]


def test_a_talk_that_is_ended_at_the_console_was_ended_by_the_seat() -> None:
    state = talking()
    for headers in (
        {"Event": "UserEvent", "UserEvent": "HotlineHangsUp", "Channel": PHONE},
        {"Event": "AgentComplete", "Channel": CITIZEN, "DestChannel": PHONE, "Reason": "caller"},
    ):
        facts = state.apply(AmiEvent(headers), NOON)
    (ended,) = facts
    assert isinstance(ended, f.TalkEnded)
    assert ended.ended_by is f.Party.SEAT
