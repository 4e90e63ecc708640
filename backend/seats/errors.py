"""Why a seat cannot do what was asked."""

from __future__ import annotations

from backend.kernel.errors import Conflict, HotlineError, NotFound


class SeatUnknown(NotFound):
    """The configuration holds no such seat."""


class SeatTaken(Conflict):
    """Somebody else sits there."""


class AtNoSeat(Conflict):
    """This person sits at no seat."""


class NobodyAtSeat(Conflict):
    """Nobody sits there whose seat could be moved."""


class InCallElsewhere(Conflict):
    """This person has a call at another seat."""


class NotInWrapUp(Conflict):
    """There is no wrap-up that could be made longer."""


class PauseReasonReserved(HotlineError):
    """The platform gives this reason itself; a person chooses another."""


class SeatChangedMeanwhile(Conflict):
    """Somebody else moved the seat between reading and writing; nothing was overwritten."""


class SkillUnknown(HotlineError):
    """The configuration holds no such skill."""


class PersonUnknown(NotFound):
    """There is no such person."""


class SeatInCall(Conflict):
    """A seat that rings or talks places no call."""
