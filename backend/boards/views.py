"""Counts as a board shows them: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asr.checks.hits import Severity
from backend.boards import schemas as s
from backend.boards.period import Period
from backend.boards.tally import Cell, RuleCell, Tally, by, rate
from backend.calls import measures
from backend.figures.schemas import ShareView
from backend.quality.schemas import RuleTitle


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted in one period."""

    period: Period
    cells: Sequence[Cell]
    rules: Sequence[RuleCell]

    @property
    def total(self) -> Tally:
        """All of it."""
        return Tally.sum(cell.tally for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Names:
    """What people, queues and rules are called; `praised` is when each agent was praised for the first time."""

    people: Mapping[UUID, tuple[str, str | None]]
    queues: Mapping[str, str]
    rules: Mapping[str, tuple[str, dict[str, str]]]
    praised: Mapping[UUID, datetime]

    def team(self, agent: UUID | None) -> str | None:
        """The group of an agent."""
        return self.people[agent][1] if agent is not None and agent in self.people else None


def board(now: Counted, before: Counted, names: Names) -> s.Board:
    """A board of a period beside the one before it."""
    return s.Board(
        first=now.period.first,
        last=now.period.last,
        before_first=before.period.first,
        before_last=before.period.last,
        total=figures(now.total),
        before=figures(before.total),
        rules=_rules(now, before, names),
        agents=_agents(now, before, names),
        teams=_groups(now, before, lambda cell: names.team(cell.agent), {}),
        queues=_groups(now, before, lambda cell: cell.queue, names.queues),
        parts=parts(now),
    )


def figures(tally: Tally) -> s.BoardFigures:
    """One tally with its rates."""
    return s.BoardFigures(
        calls=tally.calls,
        calls_hit=tally.calls_hit,
        calls_fatal=tally.calls_fatal,
        calls_praised=tally.calls_praised,
        hits=tally.hits,
        unsure=tally.unsure,
        praise=tally.praise,
        per_100=tally.per_100,
        few=tally.few,
        reviews=tally.reviews,
        reviewed=tally.reviewed,
        mean_score=tally.mean_score,
        passed=_share(tally.passed, tally.reviews),
        appeals=tally.appeals,
        granted=_share(tally.granted, tally.decided),
    )


def parts(now: Counted) -> list[s.BoardPart]:
    """The curve: each day or week of the period, also those without a call."""
    tallies = by(now.cells, lambda cell: now.period.part_of(cell.day))
    return [
        s.BoardPart(first=part.first, last=part.last, figures=figures(tallies.get(n, Tally())))
        for n, part in enumerate(now.period.parts)
    ]


def title_of(rules: Mapping[str, tuple[str, dict[str, str]]], rule_id: str) -> RuleTitle:
    """What a rule is called; one that never stood in the tables by its id."""
    _, title = rules.get(rule_id, ("", {"zh": rule_id, "en": rule_id}))
    return RuleTitle.model_validate(title)


def _share(part: int, whole: int) -> ShareView:
    return ShareView(part=part, whole=whole, share=measures.share(part, whole))


def _rules(now: Counted, before: Counted, names: Names) -> list[s.BoardRule]:
    """The most hits first; a rule that found nothing now but before stands too."""
    earlier = {rule: cell.hits for rule, cell in _by_rule(before.rules).items()}
    calls, calls_before = now.total.calls, before.total.calls
    found = _by_rule(now.rules)
    shown = [
        s.BoardRule(
            rule_id=rule,
            title=title_of(names.rules, rule),
            severity=Severity(cell.severity),
            hits=cell.hits,
            unsure=cell.unsure,
            calls=cell.calls,
            per_100=rate(cell.hits, calls),
            before=rate(earlier.get(rule, 0), calls_before),
        )
        for rule, cell in found.items()
    ]
    gone = [
        _gone(rule, hits, calls, calls_before, names) for rule, hits in earlier.items() if rule not in found and hits
    ]
    return sorted([*shown, *gone], key=lambda each: (-each.hits, -each.unsure, each.rule_id))


def _gone(rule: str, hits: int, calls: int, calls_before: int, names: Names) -> s.BoardRule:
    severity, _ = names.rules.get(rule, ("minor", {}))
    return s.BoardRule(
        rule_id=rule,
        title=title_of(names.rules, rule),
        severity=Severity(severity),
        hits=0,
        unsure=0,
        calls=0,
        per_100=rate(0, calls),
        before=rate(hits, calls_before),
    )


def _by_rule(cells: Iterable[RuleCell]) -> dict[str, RuleCell]:
    """Versions of a rule together, as heavy as the last of them."""
    whole: dict[str, RuleCell] = {}
    for cell in sorted(cells, key=lambda each: (each.rule, each.version)):
        had = whole.get(cell.rule, cell._replace(hits=0, unsure=0, calls=0))
        whole[cell.rule] = cell._replace(
            hits=cell.hits + had.hits, unsure=cell.unsure + had.unsure, calls=cell.calls + had.calls
        )
    return whole


def _agents(now: Counted, before: Counted, names: Names) -> list[s.BoardAgent]:
    earlier = by(before.cells, lambda cell: cell.agent)
    by_part = by(now.cells, lambda cell: (cell.agent, now.period.part_of(cell.day)))
    count = len(now.period.parts)

    def view(agent: UUID | None, tally: Tally) -> s.BoardAgent:
        name, team = names.people.get(agent, ("", None)) if agent is not None else ("", None)
        praised = names.praised.get(agent) if agent is not None else None
        return s.BoardAgent(
            agent_id=agent,
            agent=name,
            team=team,
            figures=figures(tally),
            before=earlier.get(agent, Tally()).per_100,
            trend=[by_part.get((agent, n), Tally()).per_100 for n in range(count)],
            first_praise_at=praised,
            first_now=praised is not None and now.period.since <= praised < now.period.until,
        )

    shown = [view(agent, tally) for agent, tally in by(now.cells, lambda cell: cell.agent).items()]
    return sorted(shown, key=lambda each: (each.agent_id is None, each.team or "", each.agent, str(each.agent_id)))


def _groups(
    now: Counted, before: Counted, key: Callable[[Cell], str | None], titles: Mapping[str, str]
) -> list[s.BoardGroup]:
    earlier = by(before.cells, key)
    return [
        s.BoardGroup(
            name=name,
            title=titles.get(name or "", name or ""),
            figures=figures(tally),
            before=earlier.get(name, Tally()).per_100,
        )
        for name, tally in sorted(by(now.cells, key).items(), key=lambda item: (item[0] is None, item[0] or ""))
    ]
