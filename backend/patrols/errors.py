"""What can be wrong with a patrol."""

from __future__ import annotations

from backend.kernel.errors import Conflict, HotlineError, IllegalTransition, NotFound

_KEPT = "Your photos and what you typed are kept."


class PatrolRefused(HotlineError):
    """A patrol cannot end like this."""

    def __init__(self, message: str, next_step: str, field: str | None = None) -> None:
        super().__init__(message, kept=_KEPT, next_step=next_step, field=field)


class PatrolNotFound(NotFound):
    """There is no such patrol."""


class PatrolCannotMove(IllegalTransition):
    """The patrol does not stand where this move begins: it was done, missed or cancelled."""


class PatrolTooEarly(PatrolRefused):
    """The patrol is not open yet: two a day are two visits, not one."""


class PatrolWithoutPhoto(PatrolRefused):
    """The patrol asks for a photo of the place."""


class PatrolWithoutNote(PatrolRefused):
    """What came back must be said."""


class PatrolMoot(PatrolRefused):
    """The case is open again, so that nothing is followed up."""

    http_status = 409


class PatrolResultReused(Conflict):
    """A request that ended one patrol came again with something else."""


class PatrolPlanInvalid(PatrolRefused):
    """Patrols cannot be set like this."""


class PatrolsNotFollowable(PatrolRefused):
    """A case that no unit handled has nothing to be followed up."""

    http_status = 409


class UnknownBeat(PatrolRefused):
    """The street of a beat is not one of the district's."""


class ReportNotYours(NotFound):
    """The case was reported by somebody else, or on no patrol."""
