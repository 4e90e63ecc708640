"""What can go wrong with the record of a call."""

from __future__ import annotations

from backend.kernel.errors import Conflict, HotlineError, NotFound, Unavailable


class TextUnknown(NotFound):
    """The call had no such text before."""


class CallUnknown(NotFound):
    """There is no such call, or not for this person."""


class RecordingStillWritten(Unavailable):
    """The PBX still writes the raw file."""


class StoreIncomplete(Unavailable):
    """The store did not take the whole file."""


class RecordingNotStored(NotFound):
    """There is nothing to play: the call was not answered, or its recording is on its way or was given up."""


class NoNumberSent(Conflict):
    """The network sent nothing as the caller's number, so there is nothing to reveal."""


class ReasonMissing(HotlineError):
    """A whole number is shown only for a reason that is written down."""


class TooFewDigits(HotlineError):
    """So few digits would match too many citizens."""


class SeatNotTalking(Conflict):
    """The seat does not talk in the call that a supervisor wanted to take part in."""


class OwnPhoneBusy(Conflict):
    """The supervisor's own phone is in a call."""


class OnAnotherPbx(Conflict):
    """The supervisor's own phone is registered at another PBX than the call's."""


class PhoneNotControlled(Conflict):
    """The seat's phone is the browser itself, so there is nothing to order of it."""


class NotInThisCall(Conflict):
    """The person's seat neither rings nor talks in the call that something was ordered for."""


class TargetMissing(HotlineError):
    """It was not said whom to call, or which key to press."""


class ListensToItself(HotlineError):
    """A supervisor chose the seat that is the supervisor's own."""
