"""Whether a citizen is on hold, folded from any facts of a call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backend.calls.live import FactSeen, held_since

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
KINDS = ["call_held", "call_resumed", "talk_ended", "call_answered", "seat_ringing"]
STORIES = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(["8001", "8002"])), max_size=12)


def facts(story: list[tuple[str, str]]) -> list[FactSeen]:
    return [FactSeen(kind, seat, NOON + timedelta(seconds=n)) for n, (kind, seat) in enumerate(story)]


@given(STORIES)
def test_a_citizen_is_on_hold_since_the_first_hold_after_the_last_talk(story: list[tuple[str, str]]) -> None:
    own = [fact for fact in facts(story) if fact.seat == "8001" and fact.kind in KINDS[:3]]
    since = held_since(facts(story), "8001")
    if not own or own[-1].kind != "call_held":
        assert since is None
    else:
        ended = max((n for n, fact in enumerate(own) if fact.kind != "call_held"), default=-1)
        assert since == own[ended + 1].at


@given(STORIES, STORIES)
def test_what_another_seat_does_changes_nothing(first: list[tuple[str, str]], second: list[tuple[str, str]]) -> None:
    both = facts(first + second)
    assert held_since(both, "8001") == held_since([fact for fact in both if fact.seat == "8001"], "8001")
