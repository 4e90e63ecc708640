"""What a check says: who said or did it, from when to when, and whether it is sure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from asr.audio import Leg


class Severity(StrEnum):
    """How much a hit weighs; praise is what the citizen or the rule thinks well of."""

    FATAL = "fatal"
    MAJOR = "major"
    MINOR = "minor"
    PRAISE = "praise"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found at one place. `text` is what was said there, or what is missing, or how much it was."""

    leg: Leg
    from_ms: int
    to_ms: int
    text: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding with the rule that made it. `points` are deducted, 0 when the hit is unsure."""

    rule_id: str
    rule_version: int
    kind: str
    leg: Leg
    from_ms: int
    to_ms: int
    text: str
    severity: Severity
    sure: bool
    points: int
