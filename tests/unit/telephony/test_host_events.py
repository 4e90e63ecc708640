"""A citizen's call that changes from one PBX to another: what each of the two tells, and how it is counted."""

from __future__ import annotations

from typing import Any

from backend.calls.measures import offered
from backend.calls.record import CallRecord, fold
from telephony import facts as f
from telephony.call import Call

from .test_state import ARRIVES, CALL, CITIZEN, GONE, JOINS, LEAVES, TALKS, Step, ended, play

SECOND = "labour-2.1"
FROM_HOST = {"Channel": "PJSIP/host-hotline-00000001", "Uniqueid": SECOND, "Linkedid": SECOND}
OVER = ("UserEvent", {**CITIZEN, "UserEvent": "HotlineHandOver", "Host": "labour", "To": "q-labour"})
BACK = ("UserEvent", {**CITIZEN, "UserEvent": "HotlineBack", "Host": "labour"})
TO_HOST = {**CITIZEN, "DestChannel": "PJSIP/host-labour-0000000b", "Context": "queues"}
TAKEN_THERE = ("DialEnd", {**TO_HOST, "DialStatus": "ANSWER"})
RUNG = ("Newchannel", {**FROM_HOST, "ChannelState": "4", "CallerIDNum": "13810000000", "Exten": "q-labour"})


def continues(**more: Any) -> Step:
    told = {"Caller": "13810000000", "Dialed": "12333", "RecFile": "/r.raw", "Continues": CALL, "Waited": "012.5"}
    return ("UserEvent", {**FROM_HOST, "UserEvent": "HotlineArrive", **told, **more})


def record_of(*facts: f.Fact, host: str = "hotline") -> CallRecord:
    record: CallRecord | None = None
    for fact in facts:
        assert isinstance(fact, f.CallFact)
        record = fold(record, fact, host=host)
    assert record is not None
    return record


def test_who_goes_on_elsewhere_is_counted_there_and_not_lost_here() -> None:
    facts = play(ARRIVES, OVER, TAKEN_THERE, GONE)
    assert [fact.kind for fact in facts] == ["call_arrived", "call_handed_over", "call_ended"]
    assert ended(ARRIVES, JOINS, LEAVES, OVER, GONE)[0] == "handed_over"
    record = record_of(*facts)
    assert (record.handed_to, record.counted, offered(record)) == ("labour", False, False)
    assert record.recording_state == "none"


def test_who_is_not_taken_there_waits_on_here_and_is_counted_here() -> None:
    facts = play(ARRIVES, OVER, BACK, JOINS, GONE)
    assert [fact.kind for fact in facts][1:4] == ["call_handed_over", "call_came_back", "call_queued"]
    record = record_of(*facts)
    assert (record.handed_to, record.counted, record.outcome) == (None, True, "failed")


def test_a_call_that_comes_from_another_host_is_the_rest_of_that_one_with_its_wait() -> None:
    arrived, recorded, went_on = play(RUNG, continues())
    assert isinstance(arrived, f.CallArrived)
    assert (arrived.caller_number, arrived.dialed_number) == ("13810000000", "12333")
    assert went_on == f.CallContinues(at=went_on.at, call_id=SECOND, first_call_id=CALL, waited_ms=12_500, talked=False)
    assert isinstance(recorded, f.RecordingStarted)
    answered = f.CallAnswered(at=arrived.at, call_id=SECOND, seat="8101", channel="x")
    record = record_of(arrived, recorded, went_on, answered, host="labour")
    assert (record.continues, record.wait_ms, record.counted) == (CALL, 12_500, True)


def test_whom_somebody_has_talked_to_is_counted_where_that_was() -> None:
    arrived, _, went_on = play(RUNG, continues(Talked="1"))
    record = record_of(arrived, went_on, host="labour")
    assert (record.waited_ms, record.counted) == (0, False)
    (began,) = play(ARRIVES)
    answered = f.CallAnswered(at=began.at, call_id=CALL, seat="8001", channel="x")
    here = record_of(began, answered, f.CallHandedOver(at=began.at, call_id=CALL, host="labour", to="8101"))
    assert here.counted


def test_a_citizen_who_is_handed_to_a_colleague_elsewhere_after_a_talk_with_both_goes_on_there() -> None:
    second = {"Channel": "PJSIP/8001-0000000c", "Uniqueid": "hotline-4.1", "Linkedid": "hotline-4.1"}
    there = "PJSIP/host-labour-0000000b"
    facts = play(
        *TALKS,
        ("Newchannel", {**second, "ChannelState": "4", "Exten": "8101"}),
        ("DialEnd", {**second, "DestChannel": there, "DialStatus": "ANSWER"}),
        (
            "AttendedTransfer",
            {
                "Result": "Success",
                "OrigTransfererChannel": "PJSIP/8001-0000000a",
                "OrigTransfererLinkedid": CALL,
                "TransfereeChannel": CITIZEN["Channel"],
                "TransferTargetChannel": there,
            },
        ),
    )
    assert [fact.kind for fact in facts][-4:] == ["consult_ended", "call_transferred", "talk_ended", "call_handed_over"]
    assert facts[-1] == f.CallHandedOver(at=facts[-1].at, call_id=CALL, host="labour", to="8101")


def test_a_colleague_who_asks_over_the_line_is_no_citizen() -> None:
    assert play(RUNG) == []
    asks = {"Channel": "PJSIP/8001-0000000a", "Linkedid": "hotline-3.1", "DestChannel": "PJSIP/host-labour-0000000b"}
    assert play(("DialBegin", {**asks, "Context": "to-away-seat", "DialString": "8101@host-labour"})) == []


def test_a_call_out_over_another_host_is_the_seats_own() -> None:
    calls = {"Channel": "PJSIP/8101-0000000a", "Linkedid": "labour-3.1", "DestChannel": "PJSIP/host-hotline-0000000b"}
    (placed,) = play(("DialBegin", {**calls, "Context": "outbound", "DialString": "13910000000@host-hotline"}))
    assert isinstance(placed, f.CallPlaced)
    assert (placed.seat, placed.number) == ("8101", "13910000000")


def test_a_restarted_process_knows_where_the_citizen_is() -> None:
    told = [fact for fact in play(ARRIVES, OVER) if isinstance(fact, f.CallFact)]
    restored = Call.from_facts(f.from_payload(fact.kind, fact.as_payload()) for fact in told)  # type: ignore[misc]
    assert restored is not None
    assert restored.handed_to == "labour"
