"""All rules over one call, in the order in which they lean on each other; nothing unsure deducts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from asr.audio import Leg
from asr.checks.facts import CallFacts
from asr.checks.hits import Finding, Hit, Severity
from asr.checks.kinds import AnyRule
from asr.checks.talk import Talk
from asr.transcript import Transcript


def check(transcript: Transcript, rules: Iterable[AnyRule], facts: CallFacts | None = None) -> tuple[Hit, ...]:
    """What these rules find in a call, by time. The same input gives the same hits."""
    talk = Talk(transcript, facts or CallFacts())
    found: dict[str, Sequence[Finding]] = {}
    hits: list[Hit] = []
    for rule in in_order(rules):
        if not rule.applies(talk):
            continue
        windows = rule.place.windows(talk, found)
        findings = _within(rule.find(talk, windows), talk.duration_ms) if windows else iter(())
        found[rule.id] = [_own(each, talk) for each in findings]
        hits += [_hit(rule, finding) for finding in found[rule.id]]
    return tuple(sorted(set(hits), key=lambda hit: (hit.from_ms, hit.to_ms, hit.rule_id, hit.leg, hit.text)))


def in_order(rules: Iterable[AnyRule]) -> list[AnyRule]:
    """Each rule behind the one that it is anchored to; raises `CycleError` of rules that wait for each other."""
    by_id = {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.id)}
    graph = {each.id: {each.place.after.rule} if each.place.after else set() for each in by_id.values()}
    return [by_id[name] for name in TopologicalSorter(graph).static_order() if name in by_id]


def circle(rules: Iterable[AnyRule]) -> Sequence[str]:
    """The ids of rules that are anchored to each other in a circle, none when all is well."""
    try:
        in_order(rules)
    except CycleError as error:
        return sorted(set(error.args[1]))
    return ()


def _within(findings: Iterator[Finding], duration_ms: int) -> Iterator[Finding]:
    for each in findings:
        start = min(max(0, each.from_ms), duration_ms)
        yield replace(each, from_ms=start, to_ms=min(max(start, each.to_ms), duration_ms))


def _own(finding: Finding, talk: Talk) -> Finding:
    """What somebody else did at the seat's leg is never surely a fault of the agent to whom the call counts."""
    others = finding.leg is Leg.SEAT and any(
        each.start_ms <= finding.from_ms < each.end_ms for each in talk.facts.others
    )
    return replace(finding, sure=False) if others else finding


def _hit(rule: AnyRule, finding: Finding) -> Hit:
    deducts = finding.sure and rule.severity is not Severity.PRAISE
    return Hit(
        rule_id=rule.id,
        rule_version=rule.version,
        kind=rule.kind,
        leg=finding.leg,
        from_ms=finding.from_ms,
        to_ms=finding.to_ms,
        text=finding.text,
        severity=rule.severity,
        sure=finding.sure,
        points=rule.points if deducts else 0,
    )
