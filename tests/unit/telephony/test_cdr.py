from __future__ import annotations

from datetime import UTC, datetime

from telephony.cdr import COLUMNS, calls_from_rows, count, legs_from_rows, parse

# As Asterisk 22.10 wrote them: one call answered by the second seat that rang, one abandoned while ringing, one
# abandoned before any seat was free, and a call between two seats.
RANG_THEN_ANSWERED = [
    (
        '"hotline-1795363497.0","hotline-1795363497.0","PJSIP/trunk-00000000","PJSIP/8007-00000001",'
        '"13800000000","96010","inbound","Queue","NO ANSWER","1795363497.350421","0.000000",'
        '"1795363502.120000","0.000000","96010","/rec/0.raw"'
    ),
    (
        '"hotline-1795363497.0","hotline-1795363497.0","PJSIP/trunk-00000000","PJSIP/8003-00000002",'
        '"13800000000","96010","inbound","Queue","ANSWERED","1795363502.120000","1795363504.861828",'
        '"1795363525.670216","20.808388","96010","/rec/0.raw"'
    ),
]
ABANDONED_RINGING = [
    (
        '"hotline-1795363498.4","hotline-1795363498.4","PJSIP/trunk-00000004","PJSIP/8002-00000005",'
        '"13800000002","12345","inbound","Queue","NO ANSWER","1795363498.850011","0.000000",'
        '"1795363499.655020","0.000000","12345","/rec/4.raw"'
    ),
]
ABANDONED_WAITING = [
    (
        '"hotline-1795363499.6","hotline-1795363499.6","PJSIP/trunk-00000006","","anonymous","96010",'
        '"inbound","Queue","NO ANSWER","1795363499.100000","0.000000","1795363511.405850","0.000000",'
        '"96010","/rec/6.raw"'
    ),
]
BETWEEN_SEATS = [
    (
        '"hotline-1795363500.8","hotline-1795363500.8","PJSIP/8001-00000008","PJSIP/8002-00000009","8001",'
        '"8002","from-seat","Dial","ANSWERED","1795363500.000000","1795363501.000000","1795363502.000000",'
        '"1.000000","",""'
    ),
]
# A call to a citizen who answered, and one to a citizen who was busy; the PBX was ordered to call, so both begin at the
# seat's phone. Then two legs of a seat that consults: a colleague, and somebody outside.
TO_A_CITIZEN = [
    (
        '"out-3dcc09","out-3dcc09","PJSIP/8001-00000000","PJSIP/trunk-00000001","96010","13800001234","outbound",'
        '"Dial","ANSWERED","1795387247.130731","1795387247.188779","1795387249.506118","2.317339","","/rec/1.raw",'
        '"13800001234","1795387247.190213","1795387247.498484"'
    ),
]
TO_A_BUSY_CITIZEN = [
    (
        '"out-6a096e","out-6a096e","PJSIP/8001-00000000","PJSIP/trunk-00000001","96010","13800000001","outbound",'
        '"Dial","BUSY","1795387251.061102","1795387251.117804","1795387251.123147","0.005343","","/rec/2.raw",'
        '"13800000001","1795387251.118335",""'
    ),
    (
        '"out-6a096e","out-6a096e","PJSIP/8001-00000000","","96010","13800000001","outbound","Hangup","ANSWERED",'
        '"1795387251.123289","1795387251.123289","1795387251.123704","0.000415","","/rec/2.raw","13800000001",'
        '"1795387251.118335",""'
    ),
]
CONSULTS = [
    (
        '"hotline-1795387300.2","hotline-1795387300.2","PJSIP/8001-00000012","PJSIP/trunk-00000013","96010",'
        '"13900005678","to-outside","Dial","ANSWERED","1795387300.000000","1795387301.000000","1795387309.000000",'
        '"8.0","","","","",""'
    ),
]
ALL = [*RANG_THEN_ANSWERED, *ABANDONED_RINGING, *ABANDONED_WAITING, *BETWEEN_SEATS]


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_a_call_goes_to_the_seat_that_answered_not_to_the_one_that_rang_first() -> None:
    rows, damaged = parse(RANG_THEN_ANSWERED)
    (call,) = calls_from_rows(rows)
    assert damaged == []
    assert (call.outcome, call.seat) == ("answered", "8003")
    assert (call.call_id, call.caller_number, call.dialed_number) == ("hotline-1795363497.0", "13800000000", "96010")
    assert call.arrived_at == moment(1795363497.350421)
    assert call.answered_at == moment(1795363504.861828)
    assert call.ended_at == moment(1795363525.670216)
    assert call.recording == "/rec/0.raw"


def test_an_abandoned_call_has_no_seat_even_when_one_rang() -> None:
    rows, _ = parse([*ABANDONED_RINGING, *ABANDONED_WAITING])
    calls = calls_from_rows(rows)
    assert [(call.outcome, call.seat, call.answered_at) for call in calls] == [("abandoned", None, None)] * 2
    assert calls[1].caller_number == "anonymous"


def test_calls_between_seats_are_not_citizens_calls() -> None:
    rows, _ = parse(ALL)
    assert count(calls_from_rows(rows)) == {"offered": 3, "answered": 1, "abandoned": 2}


def test_a_call_to_a_citizen_has_the_times_of_the_citizen_and_not_those_of_the_seats_phone() -> None:
    rows, damaged = parse([*TO_A_CITIZEN, *TO_A_BUSY_CITIZEN])
    reached, busy = calls_from_rows(rows)
    assert damaged == []
    assert (reached.direction, reached.caller_number, reached.dialed_number) == ("outbound", "13800001234", "96010")
    assert (reached.outcome, reached.seat, reached.recording) == ("answered", "8001", "/rec/1.raw")
    assert (reached.arrived_at, reached.answered_at) == (moment(1795387247.190213), moment(1795387247.498484))
    assert (busy.outcome, busy.answered_at, busy.recording) == ("busy", None, "")
    assert busy.ended_at == moment(1795387251.123704)
    assert count([reached, busy]) == {"offered": 0, "answered": 0, "abandoned": 0}


def test_the_further_legs_of_seats_are_told_apart_by_where_they_lead() -> None:
    rows, _ = parse([*BETWEEN_SEATS, *CONSULTS, *TO_A_CITIZEN, *RANG_THEN_ANSWERED])
    assert [(leg.channel, leg.to, leg.outside) for leg in legs_from_rows(rows)] == [
        ("PJSIP/8001-00000008", "8002", False),
        ("PJSIP/8001-00000012", "13900005678", True),
    ]
    assert calls_from_rows(parse(CONSULTS)[0]) == []


def test_no_calls_are_counted_as_none() -> None:
    assert count([]) == {"offered": 0, "answered": 0, "abandoned": 0}


def test_the_order_of_the_rows_does_not_matter() -> None:
    forward, backward = parse(ALL)[0], parse(ALL[::-1])[0]
    assert calls_from_rows(forward) == calls_from_rows(backward)


def test_lines_that_are_no_rows_are_handed_back() -> None:
    short, wrong_time = '"a","b"', RANG_THEN_ANSWERED[0].replace("1795363497.350421", "yesterday")
    rows, damaged = parse([short, RANG_THEN_ANSWERED[0], wrong_time, ""])
    assert len(rows) == 1
    assert damaged == [short, wrong_time]


def test_quotes_and_commas_within_a_field_are_kept() -> None:
    line = RANG_THEN_ANSWERED[0].replace('"13800000000"', '"1,""2"""')
    (row,), _ = parse([line])
    assert row.src == '1,"2"'


def test_every_column_that_is_read_is_written() -> None:
    assert all(expression.startswith("${CDR(") for expression in COLUMNS.values())
    assert len(parse(ALL)[0]) == len(ALL)
