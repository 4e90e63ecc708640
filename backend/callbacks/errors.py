"""What can be wrong with a callback visit; each names the field, the rule and what to do."""

from __future__ import annotations

from backend.kernel.errors import Conflict, HotlineError, IllegalTransition, NotFound


class CallbackInvalid(HotlineError):
    """A callback visit cannot be promised as wished."""

    def __init__(self, field: str, message: str, next_step: str) -> None:
        super().__init__(message, kept="What was typed is kept.", next_step=next_step, field=field)


class CallbackInThePast(CallbackInvalid):
    """The time wished for has passed."""


class CallbackTooFar(CallbackInvalid):
    """The time wished for is further away than anybody can promise."""


class CallbackTimeUnclear(CallbackInvalid):
    """The time wished for names no time zone."""


class VisitWithoutAddress(CallbackInvalid):
    """A visit in person needs to know where."""


class CancelWithoutReason(CallbackInvalid):
    """Taking a promise back needs a reason."""


class CallbackNotFound(NotFound):
    """There is no such callback visit."""


class CallbackRequestReused(Conflict):
    """A request id came again with another wish: nothing was promised a second time."""


class CallbackCannotMove(IllegalTransition):
    """The callback visit does not stand where this move begins."""


class CallbackChangedMeanwhile(Conflict):
    """Somebody else moved the callback visit first."""


class CannotDial(Conflict):
    """The seat cannot place a call now; nobody was called."""


class StillDialling(CannotDial):
    """The call that this person or another one is making for this must end first."""


class ResultOwing(CannotDial):
    """The result of the last call is to be filed before the next one is made."""


class TooSoonToDial(CannotDial):
    """Attempts are spaced, so that nobody is pestered."""


class NotByPhone(CannotDial):
    """A visit in person is not made by telephone."""


class NoNumberToDial(CannotDial):
    """The case has no number under which the citizen could be called."""


class AttemptNotFound(NotFound):
    """There is no such call, or it is somebody else's."""


class NothingToFile(Conflict):
    """The call is not over, or nobody was called: there is no result to file."""


class ResultFiled(Conflict):
    """The result of this call was filed already."""


class AnswersFiled(Conflict):
    """The citizen's answers were filed already, with other content."""
