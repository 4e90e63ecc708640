"""Checks of what was said in a call: pure functions of its transcript, a file for each kind of rule.

    hits = check(transcript, rules, facts)

What a sure hit is stands in `asr.checks.said`; an unsure one never deducts (`asr.checks.checking`).
"""

from asr.checks.checking import check
from asr.checks.facts import CallFacts, CaseFacts, Interval
from asr.checks.hits import Hit, Severity
from asr.checks.kinds import AnyRule, read_rules

__all__ = ["AnyRule", "CallFacts", "CaseFacts", "Hit", "Interval", "Severity", "check", "read_rules"]
