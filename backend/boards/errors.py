"""What can be wrong with what a board is asked."""

from __future__ import annotations

from backend.kernel.errors import Forbidden, HotlineError, NotFound


class PeriodInvalid(HotlineError):
    """The days are none, too many, or yet to come."""


class NotYourGroup(Forbidden):
    """A shift leader asks for another group than the own one."""

    def __init__(self) -> None:
        super().__init__(
            "You see the quality of your own group only.",
            kept="Nothing was changed.",
            next_step="Choose your own group, or ask QA.",
        )


class AgentUnknown(NotFound):
    """There is no such person, or not in a group that this person sees."""

    def __init__(self) -> None:
        super().__init__("There is no such agent, or not in your group.", next_step="Choose one from the board.")
