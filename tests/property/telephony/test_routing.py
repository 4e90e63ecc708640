"""Which seat rings: never an unskilled one, best level first, longest idle in it; widening only opens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backend.citizens.numbers import read_number
from telephony.pbx.parts import part_of
from telephony.pbx.settings import OWN_SEAT_QUEUE, PbxSettings, QueueSettings
from telephony.routing import (
    SeatNow,
    caller_key,
    choose,
    number_of_key,
    open_level,
    places_of,
    skills_at,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SKILLS = ["general", "labour", "foreign"]
SETTINGS = PbxSettings.model_validate(
    {
        "numbers": [{"number": "96010", "queue": "general"}],
        "queues": [
            {"name": "general", "skill": "general"},
            {"name": "labour", "skill": "labour", "sites": ["centre"]},
            {"name": "foreign", "skill": "foreign"},
        ],
        "skills": [{"name": name, "title": name} for name in SKILLS],
        "sites": [{"name": "centre", "title": "分中心", "skills": {"labour": 1}}],
        "seat_ranges": [{"first": 8001, "last": 8009}, {"first": 8005, "last": 8009, "site": "centre"}],
        "trunk": {"host": "127.0.0.1"},
        "own_seat_seconds": 10,
    }
)
skills = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 9))
widenings = st.lists(st.integers(1, 100), unique=True, max_size=4).map(sorted)


@st.composite
def halls(draw: st.DrawFn) -> list[SeatNow]:
    return [
        SeatNow(
            str(8001 + place),
            draw(skills),
            draw(st.booleans()),
            NOON - timedelta(seconds=draw(st.integers(0, 50))),
        )
        for place in range(draw(st.integers(0, 6)))
    ]


def queue(widen_after: list[int]) -> QueueSettings:
    return QueueSettings(name="general", widen_after=tuple(widen_after))


@given(halls(), widenings, st.floats(0, 200))
def test_who_rings_is_free_skilled_of_the_best_level_and_longest_idle(
    hall: list[SeatNow], widen_after: list[int], waited: float
) -> None:
    asked = queue(widen_after)
    chosen = choose(asked, hall, waited)
    assert chosen.why
    able = [
        seat
        for seat in hall
        if seat.free and "general" in seat.places and seat.places["general"] <= open_level(asked, waited)
    ]
    if chosen.seat is None:
        assert not able
        return
    rings = next(seat for seat in able if seat.seat == chosen.seat)
    assert rings.places["general"] == min(seat.places["general"] for seat in able)
    same = [seat for seat in able if seat.places["general"] == rings.places["general"]]
    assert rings.idle_since == min(seat.idle_since for seat in same)


@given(widenings, st.floats(0, 200), st.floats(0, 200))
def test_waiting_longer_never_closes_a_level_and_in_the_end_all_are_open(
    widen_after: list[int], one: float, other: float
) -> None:
    asked = queue(widen_after)
    assert open_level(asked, min(one, other)) <= open_level(asked, max(one, other))
    assert open_level(asked, max([0, *widen_after])) >= 9
    assert open_level(asked, 0) >= 1


@given(halls(), widenings, st.floats(0, 200), st.floats(0, 200))
def test_a_seat_found_early_is_still_found_by_who_waited_longer(
    hall: list[SeatNow], widen_after: list[int], one: float, other: float
) -> None:
    asked = queue(widen_after)
    assert choose(asked, hall, max(one, other)).seat or not choose(asked, hall, min(one, other)).seat


@given(skills, st.sampled_from([None, "centre", "gone"]), st.integers(8001, 8009))
def test_a_seat_serves_the_queues_of_its_skills_and_of_its_site_alone(
    own: dict[str, int], site: str, seat: int
) -> None:
    held = skills_at(SETTINGS, own, site)
    places = places_of(part_of(SETTINGS), str(seat), held, site)
    own_place = places.pop(OWN_SEAT_QUEUE)
    assert own_place == seat - 8000
    for name, level in places.items():
        assert held[name] == level
        assert name != "labour" or site == "centre"
    assert set(places) == set(held) - (set() if site == "centre" else {"labour"})


def test_who_has_no_skills_of_their_own_has_those_of_the_place() -> None:
    assert skills_at(SETTINGS, {}, None) == {"general": 1}
    assert skills_at(SETTINGS, {}, "centre") == {"labour": 1}
    assert skills_at(SETTINGS, {"foreign": 3}, "centre") == {"foreign": 3}


@given(st.sampled_from(["+8613812345678", "+861065251234", "+8637165251234", "+14155550123", "+85221234567"]))
def test_a_key_leads_back_to_its_number(e164: str) -> None:
    assert number_of_key(caller_key(e164)) == e164


def test_a_number_has_the_key_that_the_dialplan_makes_of_it() -> None:
    assert caller_key(read_number("65251234").e164 or "") == "1065251234"
    assert caller_key(read_number("013812345678").e164 or "+8613812345678") == "13812345678"
