"""Which calls are reviewed, and by whom: pure functions of the calls, the quotas and a seed.

Chance is a hash of seed and call, not the state of a generator: a draw can be repeated and checked afterwards, and
whether a call is drawn does not depend on the order in which calls are looked at.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from backend.calls.hearing import LOW_SCORE
from backend.reviews.schemas import Direction, Purpose

_LONG_TALK_MS = 10 * 60_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call that can be reviewed: whose, and what speaks for looking at it.

    `survey` is the citizen's score, 1 is best; `fatal`, `major`, `minor` and `unsure` count the hits of the checks.
    """

    call_id: str
    agent_id: UUID
    agent_name: str
    direction: Direction
    arrived_at: datetime
    talk_ms: int = 0
    survey: int | None = None
    fatal: int = 0
    major: int = 0
    minor: int = 0
    unsure: int = 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """A call that was chosen, why, and the figures behind it."""

    call: Candidate
    purpose: Purpose
    why: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who reviews what, and what is left over for want of room."""

    given: Sequence[tuple[Chosen, UUID]]
    left: Sequence[Chosen]


def chance(seed: str, name: str) -> float:
    """A number strictly between 0 and 1 that only the seed and the name decide, evenly spread over names."""
    digest = hashlib.sha256(f"{seed}\x00{name}".encode()).digest()
    return (int.from_bytes(digest[:8]) + 0.5) / 2**64


def risk(call: Candidate) -> int:
    """How much speaks for looking at a call: at least 1, so that any call may be drawn."""
    weight = 1 + 12 * call.fatal + 4 * call.major + 2 * call.minor + call.unsure
    if call.survey is not None and call.survey >= LOW_SCORE:
        weight += 6
    return weight + (2 if call.talk_ms >= _LONG_TALK_MS else 0)


def all_fatal(calls: Iterable[Candidate]) -> list[Chosen]:
    """Every call with a fatal hit, the oldest first."""
    found = sorted((call for call in calls if call.fatal), key=lambda call: (call.arrived_at, call.call_id))
    return [Chosen(call, Purpose.FATAL, {"fatal": call.fatal}) for call in found]


def of_each_agent(calls: Iterable[Candidate], per_agent: int, drawn: Mapping[UUID, int], seed: str) -> list[Chosen]:
    """A random sample stratified by agent: of each so many calls, less those `drawn` of the agent already."""
    strata: dict[UUID, list[Candidate]] = {}
    for call in calls:
        strata.setdefault(call.agent_id, []).append(call)
    chosen = []
    for agent in sorted(strata, key=lambda agent: chance(seed, str(agent))):
        stratum = sorted(strata[agent], key=lambda call: chance(seed, call.call_id))
        wanted = max(0, per_agent - drawn.get(agent, 0))
        chosen += [Chosen(call, Purpose.RANDOM, {"of": len(stratum)}) for call in stratum[:wanted]]
    return chosen


def by_risk(calls: Iterable[Candidate], count: int, seed: str) -> list[Chosen]:
    """A random sample without replacement in which a call of twice the risk is drawn twice as readily.

    Each call draws the key -log(chance)/risk, and the smallest win (Efraimidis and Spirakis 2006).
    """
    ordered = sorted(calls, key=lambda call: -math.log(chance(seed, call.call_id)) / risk(call))
    return [Chosen(call, Purpose.RISK, {"risk": risk(call)}) for call in ordered[: max(0, count)]]


def choose(
    fatal: Iterable[Candidate],
    calls: Iterable[Candidate],
    *,
    per_agent: int,
    by_risk_count: int,
    drawn: Mapping[UUID, int],
    seed: str,
) -> list[Chosen]:
    """What is to be reviewed, most important first, no call twice."""
    chosen = all_fatal(fatal)
    taken = {each.call.call_id for each in chosen}
    rest = [call for call in calls if call.call_id not in taken]
    randomly = of_each_agent(rest, per_agent, drawn, f"{seed}:random")
    taken |= {each.call.call_id for each in randomly}
    risky = by_risk((call for call in rest if call.call_id not in taken), by_risk_count, f"{seed}:risk")
    return [*chosen, *randomly, *risky]


def assign(
    chosen: Iterable[Chosen], room: Mapping[UUID, int], talked: Mapping[str, frozenset[UUID]], seed: str
) -> Assignment:
    """Give each call to the reviewer with the most room who had no part in it; `room` is how many calls each may still
    be given, `talked` who talked in which call."""
    left_to = Counter(room)
    given: list[tuple[Chosen, UUID]] = []
    left: list[Chosen] = []
    for each in chosen:
        call_id = each.call.call_id
        own = talked.get(call_id, frozenset()) | {each.call.agent_id}
        free = [who for who, places in left_to.items() if places > 0 and who not in own]
        if not free:
            left.append(each)
            continue
        reviewer = _most_room(free, left_to, f"{seed}:{call_id}")
        left_to[reviewer] -= 1
        given.append((each, reviewer))
    return Assignment(given, left)


def _most_room(reviewers: Iterable[UUID], room: Mapping[UUID, int], turn: str) -> UUID:
    """The one with the most room; among equals chance decides."""
    return max(reviewers, key=lambda who: (room[who], chance(turn, str(who))))
