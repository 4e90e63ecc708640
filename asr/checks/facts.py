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
    """Times are ms of the recording: `holds` are when the citizen was on hold, `pauses` when the recording was paused
    and holds silence in place of what was said, `others` when somebody else than the agent to whom the call counts had
    the seat's leg. `case` is the first that was filed in the call, None when there is none, and `further` are the rest.

    `ended_by` is who ended the call, "line" when neither did, empty where it is not known; `citizen_number` is the
    citizen's own, digits alone, empty where it is not known.
    """

    direction: Literal["inbound", "outbound"] = "inbound"
    holds: tuple[Interval, ...] = ()
    pauses: tuple[Interval, ...] = ()
    others: tuple[Interval, ...] = ()
    case: CaseFacts | None = None
    further: tuple[CaseFacts, ...] = ()
    ended_by: Literal["", "caller", "seat", "line"] = ""
    citizen_number: str = ""

    @property
    def cases(self) -> tuple[CaseFacts, ...]:
        """All cases that were filed in the call, in order."""
        return () if self.case is None else (self.case, *self.further)

    @property
    def dispatched(self) -> bool:
        """Whether a case was filed that the agent did not answer at once."""
        return any(not case.answered_at_once for case in self.cases)
