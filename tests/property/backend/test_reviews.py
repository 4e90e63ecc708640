"""Scores, samples and agreement, whatever comes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from asr.audio import Leg
from asr.checks.hits import Severity
from backend.kernel.config import PROJECT_ROOT
from backend.quality.schemas import HitView, RuleTitle
from backend.reviews.agreement import agreement, cohen_kappa
from backend.reviews.errors import SheetIncomplete, SheetInvalid
from backend.reviews.sampling import Candidate, assign, by_risk, chance, choose, of_each_agent, risk
from backend.reviews.schemas import Direction, FatalItem, Purpose, ScoreItem, ScoreSheet, SheetAnswers, Verdict
from backend.reviews.scoring import check_answers, check_complete, score
from backend.reviews.sheets import SCORE_SHEETS

NOW = datetime(2026, 11, 29, tzinfo=UTC)
_ENTRY = SCORE_SHEETS.content_of(PROJECT_ROOT / "configs" / "reviews" / "score_sheets.yaml").sheets[0]
SHEET = ScoreSheet(
    sheet_id=1, version="v", code=_ENTRY.code, direction=_ENTRY.direction, name=_ENTRY.name, en=_ENTRY.en,
    pass_at=_ENTRY.pass_at, levels=dict(_ENTRY.levels), unsure={str(k): v for k, v in _ENTRY.unsure.items()},
    items=[ScoreItem.model_validate(each.model_dump()) for each in _ENTRY.items],
    fatal=[FatalItem.model_validate(each.model_dump()) for each in _ENTRY.fatal],
)  # fmt: skip
CODES = [item.code for item in SHEET.items]


@st.composite
def a_hit(draw: st.DrawFn) -> HitView:
    sure = draw(st.booleans())
    return HitView(
        hit_id=draw(st.uuids()), rule_id="r", rule_version=1, title=RuleTitle(zh="", en=""), kind="k", leg=Leg.SEAT,
        from_ms=0, to_ms=1, text="", severity=draw(st.sampled_from(list(Severity))), sure=sure,
        points=draw(st.integers(0, 100)) if sure else 0,
    )  # fmt: skip


levels = st.dictionaries(st.sampled_from(CODES), st.integers(0, 5))
some_hits = st.lists(a_hit(), max_size=5, unique_by=lambda hit: hit.hit_id)


@st.composite
def a_sheet(draw: st.DrawFn) -> tuple[SheetAnswers, list[HitView]]:
    hits = draw(some_hits)
    judged = {hit.hit_id: draw(st.sampled_from(list(Verdict))) for hit in hits if draw(st.booleans())}
    fatal = draw(st.lists(st.sampled_from([each.code for each in SHEET.fatal]), max_size=1))
    return SheetAnswers(items=draw(levels), fatal=fatal, hits=judged), hits


@given(a_sheet())
def test_a_score_is_between_none_and_all_and_nothing_fatal_passes(given_: tuple[SheetAnswers, list[HitView]]) -> None:
    answers, hits = given_
    result = score(SHEET, answers, hits)
    assert 0 <= result.score <= result.earned <= 100
    taken = [hit for hit in hits if answers.hits.get(hit.hit_id) is Verdict.TAKEN]
    assert result.fatal == bool(answers.fatal or any(hit.severity is Severity.FATAL for hit in taken))
    assert result.passed == (result.score >= SHEET.pass_at and not result.fatal)
    if result.fatal:
        assert result.score == 0
    else:
        assert result.score == max(0, result.earned - result.deducted)


@given(a_sheet(), st.sampled_from(CODES))
def test_a_better_level_never_costs_points(given_: tuple[SheetAnswers, list[HitView]], code: str) -> None:
    answers, hits = given_
    level = answers.items.get(code, 0)
    assume(1 <= level < 5)
    better = answers.model_copy(update={"items": answers.items | {code: level + 1}})
    assert score(SHEET, better, hits).score >= score(SHEET, answers, hits).score


@given(a_sheet())
def test_a_hit_counts_only_when_a_person_took_it_over(given_: tuple[SheetAnswers, list[HitView]]) -> None:
    answers, hits = given_
    none_taken = answers.model_copy(update={"hits": dict.fromkeys((hit.hit_id for hit in hits), Verdict.DISMISSED)})
    assert score(SHEET, none_taken, hits).deducted == 0
    assert score(SHEET, none_taken, hits).score >= score(SHEET, answers, hits).score
    untouched = answers.model_copy(update={"hits": {}})
    assert score(SHEET, untouched, hits).score == score(SHEET, untouched, []).score


@given(st.integers(1, 5))
def test_items_without_an_occasion_leave_their_weight_to_the_others(level: int) -> None:
    everywhere = SheetAnswers(items=dict.fromkeys(CODES, level))
    once = SheetAnswers(items=dict.fromkeys(CODES, 0) | {CODES[0]: level})
    assert score(SHEET, everywhere, []).score == score(SHEET, once, []).score == SHEET.levels[level]
    assert score(SHEET, SheetAnswers(items=dict.fromkeys(CODES, 0)), []).score == 100


@given(a_sheet())
def test_only_a_sheet_that_lacks_nothing_can_be_finished(given_: tuple[SheetAnswers, list[HitView]]) -> None:
    answers, hits = given_
    check_answers(SHEET, answers, hits)
    fatal_open = any(hit.severity is Severity.FATAL and hit.hit_id not in answers.hits for hit in hits)
    result = score(SHEET, answers, hits)
    if len(answers.items) == len(CODES) and not fatal_open:
        check_complete(result)
    else:
        with pytest.raises(SheetIncomplete):
            check_complete(result)


def test_what_is_not_on_the_sheet_is_refused() -> None:
    strange = UUID(int=1)
    for answers in (
        SheetAnswers(items={"nothing": 5}),
        SheetAnswers(fatal=["nothing"]),
        SheetAnswers(hits={strange: Verdict.TAKEN}),
    ):
        with pytest.raises(SheetInvalid):
            check_answers(SHEET, answers, [])


people = st.integers(1, 5).map(lambda n: UUID(int=n))


@st.composite
def some_calls(draw: st.DrawFn) -> list[Candidate]:
    count = draw(st.integers(0, 25))
    return [
        Candidate(
            call_id=f"call-{n}", agent_id=draw(people), agent_name="", direction=Direction.INBOUND,
            arrived_at=NOW - timedelta(minutes=n), survey=draw(st.none() | st.integers(1, 4)),
            fatal=draw(st.integers(0, 1)), major=draw(st.integers(0, 3)), minor=draw(st.integers(0, 3)),
        )
        for n in range(count)
    ]  # fmt: skip


@given(
    some_calls(), st.integers(0, 3), st.integers(0, 5), st.text(max_size=5), st.dictionaries(people, st.integers(0, 3))
)
def test_all_fatal_calls_are_chosen_first_and_no_call_twice(
    calls: list[Candidate], per_agent: int, risky: int, seed: str, drawn: dict[UUID, int]
) -> None:
    fatal = [call for call in calls if call.fatal]
    chosen = choose(fatal, calls, per_agent=per_agent, by_risk_count=risky, drawn=drawn, seed=seed)
    ids = [each.call.call_id for each in chosen]
    assert len(ids) == len(set(ids))
    assert {each.call_id for each in fatal} == {each.call.call_id for each in chosen[: len(fatal)]}
    at_random = Counter(each.call.agent_id for each in chosen if each.purpose is Purpose.RANDOM)
    rest = Counter(call.agent_id for call in calls if not call.fatal)
    for agent, count in rest.items():
        assert at_random[agent] == min(count, max(0, per_agent - drawn.get(agent, 0)))
    left = len(calls) - len(fatal) - sum(at_random.values())
    assert sum(each.purpose is Purpose.RISK for each in chosen) == min(risky, left)
    shuffled = choose(fatal[::-1], calls[::-1], per_agent=per_agent, by_risk_count=risky, drawn=drawn, seed=seed)
    assert {each.call.call_id for each in shuffled} == set(ids), "chance does not ask for the order"


@given(some_calls(), st.dictionaries(people, st.integers(-1, 4)), st.data())
def test_nobody_is_given_an_own_call_or_more_than_there_is_room_for(
    calls: list[Candidate], room: dict[UUID, int], data: st.DataObject
) -> None:
    talked = {call.call_id: frozenset(data.draw(st.sets(people, max_size=2))) for call in calls}
    chosen = choose([], calls, per_agent=100, by_risk_count=0, drawn={}, seed="s")
    result = assign(chosen, room, talked, "s")
    assert len(result.given) + len(result.left) == len(chosen)
    for each, reviewer in result.given:
        assert reviewer not in talked[each.call.call_id] | {each.call.agent_id}
    used = Counter(reviewer for _, reviewer in result.given)
    assert all(count <= room[who] for who, count in used.items())
    for each in result.left:
        own = talked[each.call.call_id] | {each.call.agent_id}
        assert all(room[who] <= used[who] for who in room if who not in own), "left over only where nobody had room"


def test_chance_is_even_and_risk_is_drawn_as_it_weighs() -> None:
    fair = [Candidate(f"{n}", UUID(int=n % 2), "", Direction.INBOUND, NOW) for n in range(40)]
    drawn = Counter(of_each_agent(fair, 1, {}, str(seed))[0].call.call_id for seed in range(2000))
    assert len(drawn) == 40
    assert max(drawn.values()) < 4 * min(drawn.values())
    safe = Candidate("safe", UUID(int=1), "", Direction.INBOUND, NOW)
    risky = Candidate("risky", UUID(int=1), "", Direction.INBOUND, NOW, major=1, minor=2)
    assert (risk(safe), risk(risky)) == (1, 9)
    won = sum(by_risk([safe, risky], 1, str(seed))[0].call is risky for seed in range(2000))
    assert 1720 < won < 1880, "nine times out of ten"
    assert all(0 < chance(str(n), "x") < 1 for n in range(100))


pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=30)


@given(pairs)
def test_kappa_is_at_most_one_and_does_not_ask_who_is_first(judged: list[tuple[int, int]]) -> None:
    kappa = cohen_kappa(judged)
    mirrored = cohen_kappa([(two, one) for one, two in judged])
    if kappa is None:
        assert mirrored is None
        assert not judged or len({level for pair in judged for level in pair}) == 1
        return
    assert -1 <= kappa <= 1
    assert mirrored == pytest.approx(kappa)
    assert (kappa == 1) == all(one == two for one, two in judged)
    renamed = cohen_kappa([(f"{one}", f"{two}") for one, two in judged])
    assert renamed == pytest.approx(kappa)


def test_kappa_as_in_the_textbook() -> None:
    judged = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert cohen_kappa(judged) == pytest.approx(0.4)


@given(st.lists(st.lists(st.integers(1, 3), min_size=3, max_size=3), min_size=1, max_size=10))
def test_more_than_two_judges_are_compared_each_with_each(judged: list[list[int]]) -> None:
    found = agreement([list(zip("abc", row, strict=True)) for row in judged])
    assert found.pairs == 3 * len(judged)
    equal = sum((a == b) + (b == c) + (a == c) for a, b, c in judged)
    assert found.equal == pytest.approx(equal / found.pairs)
    assert agreement([]) == agreement([[("a", 1)]])
    assert agreement([]).kappa is None
