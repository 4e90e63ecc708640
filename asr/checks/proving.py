"""Whether a rule finds in its examples what they say, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from asr.checks.checking import check
from asr.checks.example import Example, Expected
from asr.checks.hits import Hit
from asr.checks.kinds import AnyRule

_TOLERATED_MS = 60


@dataclass(frozen=True, slots=True)
class Proof:
    """How one example of a rule came out; `index` is its place in the rule, `found` what the rule found in it, and
    `near_ms` how far from its second a finding may lie."""

    rule: AnyRule
    index: int
    example: Example
    found: tuple[Hit, ...]
    near_ms: int = _TOLERATED_MS

    @property
    def holds(self) -> bool:
        """Whether the rule found exactly what the example says."""
        wanted = self.example.finds
        return len(wanted) == len(self.found) and all(
            _as_expected(*each, self.near_ms) for each in zip(wanted, self.found, strict=True)
        )

    @property
    def facts(self) -> dict[str, Any]:
        """The same as facts, for whoever says it in another language than `said`."""
        return {
            "name": self.example.name,
            "expected": len(self.example.finds),
            "given": len(self.found),
            "found": [
                {"leg": hit.leg.value, "from_ms": hit.from_ms, "to_ms": hit.to_ms, "text": hit.text, "sure": hit.sure}
                for hit in self.found
            ],
        }

    @property
    def said(self) -> str:
        """What was found instead, in words."""
        found = "; ".join(f"{hit.leg} {hit.from_ms / 1000:.2f}-{hit.to_ms / 1000:.2f} s {hit.text}"
                          f"{'' if hit.sure else ' (unsure)'}" for hit in self.found)  # fmt: skip
        return f"it expects {len(self.example.finds)} hits and gives {len(self.found)}{f': {found}' if found else ''}"


def prove(rule: AnyRule, others: tuple[AnyRule, ...] = ()) -> Iterator[Proof]:
    """Run the examples of a rule, together with the rules that it is anchored to among `others`."""
    needed = anchors_of(rule, others)
    for index, example in enumerate(rule.examples):
        hits = check(example.transcript(), (rule, *needed), example.facts)
        yield Proof(rule, index, example, tuple(hit for hit in hits if hit.rule_id == rule.id))


def anchors_of(rule: AnyRule, others: Sequence[AnyRule]) -> list[AnyRule]:
    """The rules among others that this one is anchored to, directly or through each other."""
    by_id = {each.id: each for each in others}
    needed: dict[str, AnyRule] = {}
    after = rule.place.after
    while after is not None and after.rule in by_id and after.rule not in needed and after.rule != rule.id:
        needed[after.rule] = by_id[after.rule]
        after = by_id[after.rule].place.after
    return list(needed.values())


def _as_expected(wanted: Expected, hit: Hit, near_ms: int) -> bool:
    return (
        wanted.sure == hit.sure
        and (wanted.text is None or wanted.text == hit.text)
        and (wanted.leg is None or wanted.leg is hit.leg)
        and _near(wanted.from_s, hit.from_ms, near_ms)
        and _near(wanted.to_s, hit.to_ms, near_ms)
    )


def _near(wanted_s: float | None, ms: int, near_ms: int) -> bool:
    return wanted_s is None or abs(wanted_s * 1000 - ms) <= near_ms
