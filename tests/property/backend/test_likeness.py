"""Likeness of matters, whatever is compared: bounded, the same both ways, and more agreement is never less likeness."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from backend.cases.schemas import SimilarReason
from backend.cases.similar import MOST_OFFERED, Likeness, Matter, best_first, likeness, words_in

TEXTS = st.text("电梯坏了楼道灯不亮垃圾没人清理物业公司三天", max_size=30)
POINTS = st.tuples(st.floats(116.39, 116.45), st.floats(39.86, 39.97))
MATTERS = st.builds(
    Matter,
    words=TEXTS.map(words_in),
    address=st.sampled_from(["", "忠实里西区3号楼", "前门东大街2号楼"]),
    e164=st.sampled_from([None, "+8613812341234", "+8613900001111"]),
    street=st.sampled_from(["", "110101013", "110101014"]),
    community=st.sampled_from(["", "110101013007"]),
    unit_grid=st.sampled_from(["", "110101013007003", "110101013007004"]),
    point=st.none() | POINTS,
    class_code=st.sampled_from(["", "0101", "0102", "0401"]),
)


@given(MATTERS, MATTERS)
def test_likeness_is_a_share_and_the_same_both_ways(one: Matter, other: Matter) -> None:
    found = likeness(one, other)
    assert 0 <= found.share <= 1
    assert found == likeness(other, one)


@given(MATTERS, MATTERS)
def test_a_case_of_the_same_caller_is_always_offered_and_makes_more_likeness(one: Matter, other: Matter) -> None:
    ours = replace(one, e164="+8613700000000"), replace(other, e164="+8613700000000")
    theirs = replace(one, e164=None), other
    assert likeness(*ours).worth_offering
    assert likeness(*ours).share >= likeness(*theirs).share


@given(MATTERS, MATTERS)
def test_agreeing_in_class_is_never_less_like(one: Matter, other: Matter) -> None:
    assert likeness(replace(one, class_code=other.class_code), other).share >= likeness(one, other).share - (
        0 if other.class_code else 1
    )


@given(MATTERS)
def test_the_same_matter_at_the_same_place_is_offered(matter: Matter) -> None:
    said = replace(matter, words=words_in("电梯坏了三天没人来修理"), street="110101013", address="忠实里西区3号楼")
    found = likeness(said, replace(said, e164=None))
    assert found.worth_offering
    assert SimilarReason.SAME_ADDRESS in found.reasons


@given(TEXTS, TEXTS)
def test_words_alone_bring_nobody_together(one: str, other: str) -> None:
    found = likeness(Matter(words=words_in(one), street="110101013"), Matter(words=words_in(other), street="110101014"))
    assert not found.worth_offering


@given(st.lists(st.builds(Likeness, st.floats(0, 1), st.just(()), st.none()), max_size=20))
def test_the_most_like_come_first_and_never_too_many(found: list[Likeness]) -> None:
    offered = [found[place] for place in best_first(found)]
    assert len(offered) <= MOST_OFFERED
    assert all(each.worth_offering for each in offered)
    assert [each.share for each in offered] == sorted((each.share for each in offered), reverse=True)
