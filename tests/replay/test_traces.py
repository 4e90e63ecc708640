"""What the recorded scenarios tell, fact by fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import pytest

from telephony.ami import AmiEvent, AmiParser
from telephony.facts import CallFact, ConsultEnded, Fact, SeatFact
from telephony.state import WANTED, PbxState

ReadTrace = Callable[[str], list[tuple[datetime, AmiEvent]]]
HIDDEN = {"together_ms", "at", "recovered", "call_id", "channel", "seat_channel", "contact", "caller_name"}


def told(fact: Fact) -> str:
    """A fact in one line: its kind and what a reader would ask for."""
    words = [str(value) for name, value in fact.as_payload().items() if name not in HIDDEN and value != ""]
    return " ".join([fact.kind, *words])


def reduced(trace: Iterable[tuple[datetime, AmiEvent]]) -> list[Fact]:
    state = PbxState()
    facts = [fact for at, event in trace for fact in state.apply(event, at)]
    assert state.calls == {}
    return facts


def of_call(facts: list[Fact], call_id: str) -> list[str]:
    return [told(fact) for fact in facts if isinstance(fact, CallFact) and fact.call_id.endswith(call_id)]


ARRIVED = "call_arrived 13810000000 True 12399"
QUEUED = ["call_queued qrna 1", "seat_ringing 8101"]
SPIED = [
    *QUEUED,
    "call_answered 8101",
    "talk_ended 8101 caller",
    "call_ended answered caller 16",
]
SCENARIOS = {
    "702.8827": [  # the seat hangs up, the citizen is asked for a score and gives none
        *QUEUED,
        "call_answered 8101",
        "talk_ended 8101 seat",
        "call_ended answered seat 16",
    ],
    "727.8831": ["call_left_queue joinempty", "call_ended no_seat system 16"],  # everyone is paused
    "729.8833": [  # it rings twice in vain, then the citizen gives up
        *QUEUED,
        "seat_ring_ended 8101 no_answer",
        "seat_ringing 8101",
        "seat_ring_ended 8101 refused",
        "call_left_queue qrna abandoned",
        "call_ended abandoned caller 0",
    ],
    "737.8838": [
        *QUEUED,
        "call_answered 8101",
        "call_held 8101",
        "call_resumed 8101",
        "talk_ended 8101 caller",
        "call_ended answered caller 16",
    ],
    "743.8841": [  # a spurious Unhold precedes the transfer and tells nothing
        *QUEUED,
        "call_answered 8101",
        "call_transferred 8101 8102 blind",
        "talk_ended 8101 transfer",
        "seat_ringing 8102",
        "call_answered 8102",
        "talk_ended 8102 caller",
        "call_ended answered caller 16",
    ],
    "750.8846": [
        *QUEUED,
        "call_answered 8101",
        "call_held 8101",
        "consult_began 8101 8102",
        "seat_ringing 8102 8101",
        "consult_answered 8102 8101",
        "call_resumed 8101",
        "consult_ended 8102 8101 transferred",
        "call_transferred 8101 8102 attended",
        "talk_ended 8101 transfer",
        "call_answered 8102",
        "talk_ended 8102 caller",
        "call_ended answered caller 16",
    ],
    "765.8857": SPIED,  # listened to
    "772.8862": SPIED,  # whispered to
    "778.8867": SPIED,  # barged in
    "785.8872": SPIED,  # listened to by a supervisor whose phone was rung
    "791.8877": SPIED,
}


def test_one_call_is_told_as_seven_facts(read_trace: ReadTrace) -> None:
    facts = reduced(read_trace("one-call"))
    assert [told(fact) for fact in facts] == [
        "call_arrived 13810000000 True 96010",
        "recording_started /var/lib/hotline-pbx/rec/q96010-hotline-1795322342.6",
        "call_queued q96010 1",
        "seat_ringing 8010",
        "call_answered 8010",
        "talk_ended 8010 caller",
        "call_ended answered caller 16",
    ]
    assert {fact.call_id for fact in facts if isinstance(fact, CallFact)} == {"hotline-1795322342.6"}


@pytest.mark.parametrize("call_id", SCENARIOS)
def test_a_scenario_is_told_in_full(read_trace: ReadTrace, call_id: str) -> None:
    facts = of_call(reduced(read_trace("scenarios")), call_id)
    recording = f"recording_started /var/lib/hotline-pbx/rec/qrna-hotline-1795322{call_id}"
    assert facts == [ARRIVED, recording, *SCENARIOS[call_id]]


TAKEN = ["call_queued q96010 1", "seat_ringing 8001", "call_answered 8001"]
ASKED = ["call_held 8001", "consult_began 8001 8002", "seat_ringing 8002 8001"]
AT_THE_DESK = {
    "750.0": [  # they take turns, then three talk together, then the colleague leaves
        *TAKEN, *ASKED,
        "consult_answered 8002 8001",
        "consult_held 8002 8001",
        "call_resumed 8001",
        "consult_resumed 8002 8001",
        "consult_ended 8002 8001 over",
        "talk_ended 8001 seat",
        "call_ended answered seat 26",
    ],
    "755.6": [  # the colleague does not want to be asked, nor to take the citizen, who goes back to the queue
        *TAKEN, *ASKED,
        "seat_ring_ended 8002 refused",
        "consult_ended 8001 unanswered",
        "call_resumed 8001",
        "call_transferred 8001 8002 blind",
        "talk_ended 8001 transfer",
        "seat_ringing 8002",
        "seat_ring_ended 8002 refused",
        "call_queued q96010 1",
        "seat_ringing 8002",
        "call_answered 8002",
        "talk_ended 8002 seat",
        "call_ended answered seat 19",
    ],
    "761.17": [  # the page is loaded anew in between
        *TAKEN,
        "call_taken_back 8001",
        *ASKED,
        "consult_answered 8002 8001",
        "call_resumed 8001",
        "consult_ended 8002 8001 transferred",
        "call_transferred 8001 8002 attended",
        "talk_ended 8001 transfer",
        "call_answered 8002",
        "talk_ended 8002 seat",
        "call_ended answered seat 16",
    ],
}  # fmt: skip


@pytest.mark.parametrize("call_id", AT_THE_DESK)
def test_what_seats_do_with_a_call_is_told_in_full(read_trace: ReadTrace, call_id: str) -> None:
    facts = of_call(reduced(read_trace("softphone")), call_id)
    assert facts[2:] == AT_THE_DESK[call_id]


def test_how_long_three_talked_together(read_trace: ReadTrace) -> None:
    """The holds of taking turns and those that the PBX lifts in the instant of a transfer count for nothing."""
    ends = [fact for fact in reduced(read_trace("softphone")) if isinstance(fact, ConsultEnded)]
    assert [fact.together_ms > 0 for fact in ends] == [True, False, False]


def test_a_callback_is_an_outbound_call(read_trace: ReadTrace) -> None:
    assert of_call(reduced(read_trace("scenarios")), "cb-001") == [
        "call_placed 8101 13912345678 96010",
        "call_answered 8101",
        "talk_ended 8101 seat",
        "call_ended answered seat 16",
    ]


def test_nothing_else_counts_as_a_call(read_trace: ReadTrace) -> None:
    """Neither spying, nor the consultation leg, nor a phone that is rung to listen."""
    calls = {fact.call_id for fact in reduced(read_trace("scenarios")) if isinstance(fact, CallFact)}
    assert {call_id.removeprefix("hotline-1795322") for call_id in calls} == {*SCENARIOS, "cb-001"}


def test_phones_and_pauses(read_trace: ReadTrace) -> None:
    facts = [fact for fact in reduced(read_trace("scenarios")) if isinstance(fact, SeatFact)]
    assert [told(fact) for fact in facts] == [
        "phone_registered 8101",
        "phone_registered 8102",
        "phone_registered 8103",
        "seat_joined_queue 8101 qrna",
        "seat_paused 8101 休息",
        "seat_unpaused 8101",
        "phone_unregistered 8101",
        "phone_registered 8101",
        "phone_unregistered 8101",
        "phone_registered 8101",
        "phone_unregistered 8103",
        "phone_unregistered 8101",
    ]


@pytest.mark.parametrize("name", ["one-call", "scenarios", "softphone"])
def test_the_same_facts_come_out_of_bytes(read_trace: ReadTrace, name: str) -> None:
    """As bytes, through the parser and its filter: dropping the unwanted events changes nothing."""
    trace = read_trace(name)
    parser = AmiParser(WANTED)
    parser.feed(b"Asterisk Call Manager/11.0.0\r\n")
    through_bytes: list[tuple[datetime, AmiEvent]] = []
    for at, event in trace:
        block = "".join(f"{key}: {value}\r\n" for key, value in event.items() if key != "content") + "\r\n"
        through_bytes += [(at, message) for message in parser.feed(block.encode()) if isinstance(message, AmiEvent)]
    assert len(through_bytes) < len(trace)
    assert reduced(through_bytes) == reduced(trace)
