"""What no recorded trace holds: odd callers, busy and refusing phones, scores, queues that give up, calls that fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telephony import facts as f
from telephony.ami import AmiEvent, Snapshot
from telephony.call import Stage
from telephony.state import REMEMBERED_ENDINGS, PbxState

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CALL = "hotline-1.1"
CITIZEN = {"Channel": "PJSIP/trunk-00000001", "Uniqueid": CALL, "Linkedid": CALL}
ARRIVES = ("Newchannel", {**CITIZEN, "ChannelState": "4", "CallerIDNum": "13810000000", "Exten": "96010"})
JOINS = ("QueueCallerJoin", {**CITIZEN, "Queue": "q96010", "Position": "1"})
LEAVES = ("QueueCallerLeave", {**CITIZEN, "Queue": "q96010"})
CALLER_HANGS_UP = ("HangupRequest", CITIZEN)
GONE = ("Hangup", {**CITIZEN, "Cause": "16"})
Step = tuple[str, dict[str, Any]]


def leg(seat: str = "8001") -> dict[str, str]:
    return {**CITIZEN, "DestChannel": f"PJSIP/{seat}-0000000a", "DestUniqueid": f"{seat}.1", "DestLinkedid": CALL}


def seat_channel(seat: str = "8001") -> dict[str, str]:
    return {"Channel": f"PJSIP/{seat}-0000000a", "Uniqueid": f"{seat}.1", "Linkedid": CALL}


RINGS = ("AgentCalled", leg())
ANSWERS = ("DialEnd", {**leg(), "DialStatus": "ANSWER"})
TALKS = [ARRIVES, JOINS, RINGS, ANSWERS, LEAVES]


def play(*steps: Step, state: PbxState | None = None) -> list[f.Fact]:
    state = state or PbxState()
    moments = (NOON + timedelta(seconds=n) for n in range(len(steps)))
    return [
        fact
        for at, (name, headers) in zip(moments, steps, strict=True)
        for fact in state.apply(AmiEvent({"Event": name, **headers}), at)
    ]


def last(*steps: Step) -> f.Fact:
    return play(*steps)[-1]


def ended(*steps: Step) -> tuple[str, str, int | None]:
    fact = last(*steps)
    assert isinstance(fact, f.CallEnded)
    return fact.outcome, fact.hung_up_by, fact.cause


# --- who calls ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept", "known"),
    [
        ("13810000000", "13810000000", True),
        ("+8613810000000", "+8613810000000", True),
        ("anonymous", "anonymous", False),
        ("<unknown>", "", False),
        ("", "", False),
        ("138-1000 0000", "138-1000 0000", False),
        ("12", "12", False),
        ("１３８１", "１３８１", False),
        ("'; DROP TABLE calls", "'; DROP TABLE calls", False),
    ],
)
def test_a_caller_is_kept_as_sent_and_flagged(sent: str, kept: str, known: bool) -> None:
    fact = last(("Newchannel", {**ARRIVES[1], "CallerIDNum": sent}))
    assert isinstance(fact, f.CallArrived)
    assert (fact.caller_number, fact.caller_known) == (kept, known)


def test_a_call_whose_first_event_was_missed_is_opened_by_the_dialplan() -> None:
    arrive = {**CITIZEN, "UserEvent": "HotlineArrive", "Caller": "anonymous", "Dialed": "12345", "RecFile": "rec/1.raw"}
    arrived, recording = play(("UserEvent", arrive))
    assert isinstance(arrived, f.CallArrived)
    assert (arrived.caller_number, arrived.dialed_number) == ("anonymous", "12345")
    assert isinstance(recording, f.RecordingStarted)
    assert recording.file == "rec/1.raw"


@pytest.mark.parametrize(
    "channel",
    [
        {"Channel": "PJSIP/8001-00000001"},  # a seat dials
        {"Channel": "WebSocket/asr/0x7f"},  # audio for captions
        {"Channel": "Local/1@x-00000001;1"},
        {"ChannelState": "0"},  # we call out
        {"Uniqueid": "another"},  # a leg of another call
    ],
)
def test_other_channels_begin_no_call(channel: dict[str, str]) -> None:
    assert play(("Newchannel", {**ARRIVES[1], **channel})) == []


# --- how it ends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "end"),
    [
        ([ARRIVES, CALLER_HANGS_UP, GONE], ("abandoned", "caller", 16)),
        ([ARRIVES, JOINS, CALLER_HANGS_UP, LEAVES, GONE], ("abandoned", "caller", 16)),
        ([ARRIVES, JOINS, CALLER_HANGS_UP, ("QueueCallerAbandon", LEAVES[1]), GONE], ("abandoned", "caller", 16)),
        # the PBX's word for a caller whose time in one queue is over as well
        ([ARRIVES, JOINS, ("QueueCallerAbandon", LEAVES[1]), LEAVES, GONE], ("no_seat", "system", 16)),
        ([ARRIVES, JOINS, LEAVES, GONE], ("no_seat", "system", 16)),
        ([ARRIVES, GONE], ("rejected", "system", 16)),
        ([ARRIVES, JOINS, GONE], ("failed", "system", 16)),
        ([*TALKS, CALLER_HANGS_UP, GONE], ("answered", "caller", 16)),
        ([*TALKS, ("HangupRequest", seat_channel()), GONE], ("answered", "seat", 16)),
        ([*TALKS, GONE], ("answered", "system", 16)),
        ([ARRIVES, ("Hangup", {**CITIZEN, "Cause": "none"})], ("rejected", "system", None)),
    ],
)
def test_an_end_says_how_and_by_whom(steps: list[Step], end: tuple[str, str, int | None]) -> None:
    assert ended(*steps) == end


@pytest.mark.parametrize("status", ["FULL", "TIMEOUT", "JOINEMPTY"])
def test_a_queue_that_takes_nobody(status: str) -> None:
    end = ("UserEvent", {**CITIZEN, "UserEvent": "HotlineEnd", "QueueStatus": status})
    facts = play(ARRIVES, end, GONE)
    assert isinstance(facts[1], f.CallLeftQueue)
    assert facts[1].reason == status.lower()
    assert ended(ARRIVES, end, GONE) == ("no_seat", "system", 16)


def test_the_end_of_an_answered_call_says_nothing_of_the_queue() -> None:
    end = ("UserEvent", {**CITIZEN, "UserEvent": "HotlineEnd", "QueueStatus": "TIMEOUT"})
    assert [fact.kind for fact in play(*TALKS, end, GONE)][-2:] == ["talk_ended", "call_ended"]


def test_a_citizen_who_hangs_up_while_it_rings_silences_the_phone() -> None:
    kinds = [fact.kind for fact in play(ARRIVES, JOINS, RINGS, CALLER_HANGS_UP, GONE)]
    assert kinds == ["call_arrived", "call_queued", "seat_ringing", "seat_ring_ended", "call_ended"]


# --- a seat's line that dies ----------------------------------------------------------------------------------------

SILENT = ("SoftHangupRequest", {**seat_channel(), "Cause": "1"})
COMPLETED = ("AgentComplete", {**leg(), "Reason": "agent"})
SEAT_GONE = ("Hangup", {**seat_channel(), "Cause": "44"})


@pytest.mark.parametrize(
    ("sign", "loss"),
    [(SILENT, "silent"), (("HangupRequest", {**seat_channel(), "Cause": "18"}), "unreachable")],
)
def test_a_line_that_died_is_no_hang_up_and_the_citizen_waits_again(sign: Step, loss: str) -> None:
    facts = play(*TALKS, sign, COMPLETED, SEAT_GONE, JOINS, CALLER_HANGS_UP, LEAVES, GONE)[3:]
    assert [fact.kind for fact in facts] == [
        "call_answered", "leg_lost", "talk_ended", "call_queued", "call_left_queue", "call_ended",
    ]  # fmt: skip
    lost, talk, end = facts[1], facts[2], facts[-1]
    assert isinstance(lost, f.LegLost)
    assert isinstance(talk, f.TalkEnded)
    assert isinstance(end, f.CallEnded)
    assert (lost.seat, lost.loss, talk.ended_by) == ("8001", loss, "line")
    assert (end.outcome, end.hung_up_by) == ("answered", "caller")


def test_a_citizen_who_cannot_be_kept_was_cut_off_by_the_line() -> None:
    assert ended(*TALKS, SILENT, GONE) == ("answered", "line", 16)


@pytest.mark.parametrize(
    "sign",
    [
        ("SoftHangupRequest", {**seat_channel(), "Cause": "32"}),  # ordered
        ("HangupRequest", {**seat_channel(), "Cause": "16"}),
        ("SoftHangupRequest", {**CITIZEN, "Cause": "1"}),  # the citizen's own line
        ("SoftHangupRequest", {**seat_channel("8002"), "Cause": "1"}),  # no seat of this call
    ],
)
def test_other_ends_are_no_lost_lines(sign: Step) -> None:
    assert "leg_lost" not in [fact.kind for fact in play(*TALKS, sign, COMPLETED, GONE)]


def test_a_seat_that_answers_again_may_hang_up_again() -> None:
    again = ("DialEnd", {**leg(), "DestChannel": "PJSIP/8001-0000000b", "DialStatus": "ANSWER"})
    done = ("AgentComplete", {**leg(), "DestChannel": "PJSIP/8001-0000000b", "Reason": "agent"})
    facts = play(*TALKS, SILENT, COMPLETED, SEAT_GONE, JOINS, again, done)
    assert [fact.ended_by for fact in facts if isinstance(fact, f.TalkEnded)] == ["line", "seat"]


BARGES = (
    "UserEvent",
    {"UserEvent": "HotlineBarge", "Channel": "PJSIP/8050-1", "CallId": CALL, "DestChannel": "PJSIP/8001-0000000a"},
)


def test_a_supervisor_who_barged_in_goes_on_with_the_citizen_when_the_seat_hangs_up() -> None:
    facts = play(*TALKS, BARGES, COMPLETED, SEAT_GONE, CALLER_HANGS_UP, ("Hangup", {"Channel": "PJSIP/8050-1"}), GONE)
    assert [(fact.kind, getattr(fact, "seat", "")) for fact in facts[4:]] == [
        ("supervision_began", "8001"),
        ("supervision_ended", "8001"),
        ("call_transferred", ""),
        ("talk_ended", "8001"),
        ("call_answered", "8050"),
        ("talk_ended", "8050"),
        ("call_ended", ""),
    ]


@pytest.mark.parametrize(
    "end", [("BridgeLeave", {"Channel": "PJSIP/8050-1"}), ("Hangup", {"Channel": "PJSIP/8050-1"}), CALLER_HANGS_UP]
)
def test_a_supervisor_who_barged_in_is_out_with_his_leg_or_with_the_call(end: Step) -> None:
    kinds = [fact.kind for fact in play(*TALKS, BARGES, end, GONE)]
    assert (kinds.count("supervision_began"), kinds.count("supervision_ended")) == (1, 1)


# --- phones that do not answer --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "status", "outcome"),
    [
        ([], "NOANSWER", "no_answer"),
        ([], "BUSY", "busy"),
        ([], "CANCEL", "canceled"),
        ([], "CHANUNAVAIL", "unreachable"),
        ([], "CONGESTION", "unreachable"),
        ([("HangupRequest", {**seat_channel(), "Cause": "21"})], "NOANSWER", "refused"),
        ([("HangupRequest", {**seat_channel(), "Cause": "17"})], "NOANSWER", "busy"),
        ([("HangupRequest", seat_channel())], "NOANSWER", "refused"),
    ],
)
def test_why_a_phone_stopped_ringing(before: list[Step], status: str, outcome: str) -> None:
    fact = last(ARRIVES, JOINS, RINGS, *before, ("DialEnd", {**leg(), "DialStatus": status}))
    assert isinstance(fact, f.SeatRingEnded)
    assert fact.outcome == outcome


def test_the_phones_of_the_others_stop_when_one_answers() -> None:
    other = ("AgentCalled", leg("8002"))
    stopped = last(ARRIVES, JOINS, RINGS, other, ANSWERS, ("DialEnd", {**leg("8002"), "DialStatus": "CANCEL"}))
    assert isinstance(stopped, f.SeatRingEnded)
    assert (stopped.seat, stopped.outcome) == ("8002", "answered_elsewhere")


@pytest.mark.parametrize(
    "answer", [("AgentConnect", leg()), ("BridgeEnter", seat_channel()), ANSWERS], ids=lambda step: step[0]
)
def test_each_sign_of_an_answer_suffices_and_counts_once(answer: Step) -> None:
    facts = play(ARRIVES, JOINS, RINGS, answer, ANSWERS, ("AgentConnect", leg()), ("BridgeEnter", seat_channel()))
    assert [fact.kind for fact in facts].count("call_answered") == 1


def test_a_late_answer_of_a_phone_that_is_gone_counts_for_nothing() -> None:
    steps = [*TALKS, ("Hangup", seat_channel())]
    assert [fact.kind for fact in play(*steps)] == [fact.kind for fact in play(*steps, ANSWERS, RINGS)]


# --- after the talk -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "scores"), [("5", [5]), ("", []), ("*", []), ("-1", [])])
def test_a_score_lands_on_the_call_once(key: str, scores: list[int]) -> None:
    survey = ("UserEvent", {**CITIZEN, "UserEvent": "Satisfaction", "Score": key})
    facts = play(*TALKS, ("Hangup", seat_channel()), survey, survey)
    answers = [fact for fact in facts if isinstance(fact, f.SurveyAnswered)]
    assert [(answer.score, answer.seat) for answer in answers] == [(score, "8001") for score in scores]


def test_a_transfer_to_an_outside_number_leaves_the_citizen_without_a_seat() -> None:
    state = PbxState()
    transfer = {**CITIZEN, "Result": "Success", "TransfererChannel": "PJSIP/8001-0000000a", "Extension": "01087654321"}
    dial_out = ("DialBegin", {**CITIZEN, "DestChannel": "PJSIP/trunk-0000000b", "DialString": "01087654321@trunk"})
    facts = play(*TALKS, ("BlindTransfer", transfer), dial_out, state=state)
    assert [fact.kind for fact in facts][-2:] == ["call_transferred", "talk_ended"]
    assert state.calls[CALL].stage is Stage.AFTER_TALK
    assert set(state.calls) == {CALL}


@pytest.mark.parametrize("name", ["BlindTransfer", "AttendedTransfer"])
def test_a_transfer_that_failed_moves_nobody(name: str) -> None:
    failed = {**CITIZEN, "Result": "Fail", "TransfererChannel": "PJSIP/8001-0000000a"}
    failed |= {"OrigTransfererChannel": "PJSIP/8001-0000000a", "TransfereeChannel": CITIZEN["Channel"]}
    assert play(*TALKS, (name, failed)) == play(*TALKS)


# --- calls that a seat places ---------------------------------------------------------------------------------------

OUT = {"Channel": "PJSIP/8001-00000001", "Linkedid": "cb-1", "DestChannel": "PJSIP/trunk-00000002"}
DIALS = ("DialBegin", {**OUT, "CallerIDNum": "96010", "DialString": "PJSIP/13912345678@trunk"})
FAR_END_GONE = ("Hangup", {"Channel": "PJSIP/trunk-00000002", "Uniqueid": "2", "Linkedid": "cb-1", "Cause": "17"})


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("BUSY", "busy"), ("NOANSWER", "no_answer"), ("CHANUNAVAIL", "failed"), ("ANSWER", "answered")],
)
def test_how_a_call_to_a_citizen_went(status: str, outcome: str) -> None:
    steps = [DIALS, ("DialEnd", {**OUT, "DialStatus": status}), FAR_END_GONE]
    assert play(*steps)[0] == f.CallPlaced(
        at=NOON,
        call_id="cb-1",
        seat="8001",
        number="13912345678",
        shown_number="96010",
        channel="PJSIP/trunk-00000002",
        seat_channel="PJSIP/8001-00000001",
    )
    assert ended(*steps)[0] == outcome


# --- phones and queues ----------------------------------------------------------------------------------------------


def contact(uri: str, status: str) -> Step:
    return "ContactStatus", {"EndpointName": "8001", "AOR": "8001", "URI": uri, "ContactStatus": status}


def test_a_reloaded_page_does_not_unregister_the_phone() -> None:
    facts = play(contact("a", "NonQualified"), contact("b", "NonQualified"), contact("a", "Removed"))
    assert [fact.kind for fact in facts] == ["phone_registered"]
    facts = play(contact("a", "Reachable"), contact("a", "Unreachable"))
    assert [fact.kind for fact in facts] == ["phone_registered", "phone_unregistered"]


def test_a_trunk_is_no_seat() -> None:
    event = {"EndpointName": "trunk", "URI": "sip:carrier", "ContactStatus": "Reachable"}
    assert play(("ContactStatus", event)) == []


def member(name: str, queue: str, paused: str = "0", reason: str = "") -> Step:
    return name, {"Interface": "PJSIP/8001", "Queue": queue, "Paused": paused, "PausedReason": reason}


def test_a_pause_in_two_queues_is_one_pause() -> None:
    facts = play(
        member("QueueMemberAdded", "q96010"),
        member("QueueMemberAdded", "q12345"),
        member("QueueMemberPause", "q96010", "1", "休息"),
        member("QueueMemberPause", "q12345", "1", "休息"),
        member("QueueMemberPause", "q96010", "1", "用餐"),
        member("QueueMemberPause", "q96010"),
        member("QueueMemberPause", "q12345"),
        member("QueueMemberRemoved", "q96010"),
    )
    told = [(fact.kind, getattr(fact, "reason", getattr(fact, "queue", ""))) for fact in facts]
    assert told == [
        ("seat_joined_queue", "q96010"),
        ("seat_joined_queue", "q12345"),
        ("seat_paused", "休息"),
        ("seat_paused", "用餐"),
        ("seat_paused", "休息"),
        ("seat_unpaused", ""),
        ("seat_left_queue", "q96010"),
    ]


def test_the_memory_of_ended_calls_is_bounded() -> None:
    state = PbxState()
    for n in range(REMEMBERED_ENDINGS + 10):
        one = {"Channel": f"PJSIP/trunk-{n:08x}", "Uniqueid": f"c{n}", "Linkedid": f"c{n}", "ChannelState": "4"}
        play(("Newchannel", one), ("Hangup", one), state=state)
    assert state.calls == {}
    assert len(state._ended) == REMEMBERED_ENDINGS
    assert state._call_of_channel == {}


# --- a snapshot of calls never heard of -----------------------------------------------------------------------------


def listed(channel: str, uniqueid: str, state: str = "6", bridge: str = "", **more: str) -> AmiEvent:
    headers = {"Event": "CoreShowChannel", "Channel": channel, "Uniqueid": uniqueid, "Linkedid": CALL}
    return AmiEvent({**headers, "ChannelState": state, "BridgeId": bridge, **more})


CITIZEN_LISTED = {"CallerIDNum": "13810000000", "Exten": "96010"}
WAITING = AmiEvent({"Event": "QueueEntry", "Queue": "q96010", "Position": "2", "Channel": CITIZEN["Channel"]})


@pytest.mark.parametrize(
    ("channels", "waiting", "stage"),
    [
        ([listed(CITIZEN["Channel"], CALL, "4", **CITIZEN_LISTED)], [], Stage.ARRIVED),
        ([listed(CITIZEN["Channel"], CALL, "4", **CITIZEN_LISTED)], [WAITING], Stage.QUEUED),
        (
            [listed(CITIZEN["Channel"], CALL, "4", **CITIZEN_LISTED), listed("PJSIP/8001-0000000a", "8001.1", "5")],
            [WAITING],
            Stage.RINGING,
        ),
        (
            [
                listed("PJSIP/8001-0000000a", "8001.1", bridge="b"),
                listed(CITIZEN["Channel"], CALL, bridge="b", **CITIZEN_LISTED),
            ],
            [],
            Stage.TALKING,
        ),
    ],
)
def test_a_call_found_by_snapshot_is_opened_where_it_stands(
    channels: list[AmiEvent], waiting: list[AmiEvent], stage: Stage
) -> None:
    state = PbxState()
    facts = state.resynchronise(Snapshot(channels=tuple(channels), waiting=tuple(waiting)), NOON)
    assert isinstance(facts[0], f.CallArrived)
    assert (facts[0].caller_number, facts[0].dialed_number) == ("13810000000", "96010")
    assert all(fact.recovered for fact in facts)
    assert state.calls[CALL].stage is stage
    (after,) = [fact for fact in play(CALLER_HANGS_UP, GONE, state=state) if isinstance(fact, f.CallEnded)]
    assert after.hung_up_by is f.Party.CALLER


def test_an_outbound_call_is_found_and_a_listener_is_none() -> None:
    seat, far = "PJSIP/8001-00000001", "PJSIP/trunk-00000002"
    channels = (
        listed(seat, "cb-1", bridge="b", CallerIDNum="96010") | {"Linkedid": "cb-1"},
        listed(far, "2", bridge="b", CallerIDNum="13912345678") | {"Linkedid": "cb-1"},
        listed("PJSIP/8003-00000003", "3", Application="ChanSpy") | {"Linkedid": "3"},
    )
    state = PbxState()
    facts = state.resynchronise(Snapshot(channels=tuple(AmiEvent(channel) for channel in channels)), NOON)
    assert [fact.kind for fact in facts] == ["call_placed", "call_answered"]
    assert state.calls["cb-1"].talking == {"8001": seat}


def test_a_supervisor_who_left_unseen_is_found_to_be_gone() -> None:
    state = PbxState()
    play(*TALKS, state=state)
    seat, channel = next(iter(state.calls[CALL].talking.items()))
    began = AmiEvent(
        {"Event": "ChanSpyStart", "SpyerChannel": "PJSIP/8050-1", "SpyerExten": "barge", "SpyeeChannel": channel}
    )
    assert [fact.kind for fact in state.apply(began, NOON)] == ["supervision_began"]
    still = [listed(channel, "8001.1", bridge="b"), listed(CITIZEN["Channel"], CALL, bridge="b", **CITIZEN_LISTED)]
    listening = listed("PJSIP/8050-1", "s") | {"Linkedid": "s"}
    assert state.resynchronise(Snapshot(channels=(*still, AmiEvent(listening))), NOON) == []
    (gone,) = state.resynchronise(Snapshot(channels=tuple(still)), NOON)
    assert gone == f.SupervisionEnded(at=NOON, call_id=CALL, seat=seat, by_seat="8050", recovered=True)


def test_a_vanished_call_ends_as_far_as_it_was_known() -> None:
    for steps, end in (
        ([ARRIVES, JOINS, RINGS], ("abandoned", "unknown")),
        (TALKS, ("answered", "unknown")),
        ([ARRIVES, JOINS, LEAVES], ("no_seat", "unknown")),
    ):
        state = PbxState()
        play(*steps, state=state)
        (fact,) = [one for one in state.resynchronise(Snapshot(), NOON) if isinstance(one, f.CallEnded)]
        assert (fact.outcome, fact.hung_up_by) == end
