"""What a check may know of a call beside its sound: plain values, fetched by whoever asks for the check."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(_Value):
    """From one moment of the recording to another."""

    start_ms: int = Field(ge=0)
    end_ms: int = Field(ge=0)


class CaseFacts(_Value):
    """The case as it was filed for the call. `class_names` go from the major class down to the case's own;
    `secret` is whether the citizen's identity is kept from the units, `urgent` whether it is urgent or an emergency."""

    what: str = ""
    address: str = ""
    class_names: tuple[str, ...] = ()
    secret: bool = False
    urgent: bool = False
    answered_at_once: bool = False


class CallFacts(_Value):
    """`holds` are when the citizen was on hold, in ms of the recording; `case` is None when none was filed."""

    direction: Literal["inbound", "outbound"] = "inbound"
    holds: tuple[Interval, ...] = ()
    case: CaseFacts | None = None
