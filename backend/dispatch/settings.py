"""What a district sets of the loop's rules for itself (configs/dispatch.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from backend.deadlines.rules import Timekeeping
from backend.kernel.config import load


class Escalation(BaseModel):
    """How many of a month's cases a street may escalate: `free` ones, beyond them `most_percent` of what it got."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    free: int = Field(ge=0)
    most_percent: int = Field(ge=0, le=100)


class DispatchSettings(BaseModel):
    """What a district sets for itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(min_length=1)
    escalation: Escalation


@dataclass(frozen=True)
class LoopRules:
    """All that moves in the loop go by: the calendar and the limits, and what the district set for itself."""

    time: Timekeeping
    settings: DispatchSettings


def load_settings(path: Path) -> DispatchSettings:
    """Read the settings; raises `ConfigurationInvalid`."""
    return load(DispatchSettings, path)
