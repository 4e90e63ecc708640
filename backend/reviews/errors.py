"""What can be wrong with a review; each names the rule and what to do."""

from __future__ import annotations

from backend.kernel.errors import Conflict, Forbidden, HotlineError, IllegalTransition, NotFound

KEPT = "What you filled in is still on the screen."


class ReviewNotFound(NotFound):
    """There is no such review, or not for this person."""


class CallNotReviewable(Conflict):
    """The call has no agent or no stored recording, so there is nothing to judge."""


class DrawnBefore(Conflict):
    """The call was drawn before for the same purpose."""


class OwnCall(Forbidden):
    """Nobody judges a call in which they talked themselves."""

    def __init__(self) -> None:
        super().__init__(
            "This person talked in the call, so they cannot judge it.",
            kept="Nothing was changed.",
            next_step="Leave it to another reviewer.",
        )


class NotYourReview(Forbidden):
    """The review was drawn for somebody else."""


class StillBlind(Forbidden):
    """Sheets of a calibration stay hidden until everybody has finished theirs."""


class SheetInvalid(HotlineError):
    """The answers name something that is not on the sheet, or not among the hits."""


class SheetIncomplete(HotlineError):
    """Items or fatal hits are yet to be judged."""


class ReviewCannotMove(IllegalTransition):
    """The review does not stand where this move begins."""


class ReviewChangedMeanwhile(Conflict):
    """The review was saved or moved in another place first."""


class GivenReviewChanged(Conflict):
    """A review that was to be given to somebody else was saved by its reviewer, or given away, first."""


class ReviewAppealTooLate(Conflict):
    """The time for an appeal is over."""


class DecidesOwnReview(Forbidden):
    """An appeal is decided by another reviewer than the one who scored."""


class CoachingNotFound(NotFound):
    """There is no such coaching task, or it is somebody else's."""


class CoachingReused(Conflict):
    """A coaching task of this id was given already, with other content."""


class CalibrationReused(Conflict):
    """A calibration of this id was made already, with other calls or reviewers."""


class NotAReviewer(HotlineError):
    """Somebody who is to judge is no reviewer, or is named twice."""


class CalibrationStays(Conflict):
    """The sheet of a calibration stays with its reviewer."""

    def __init__(self) -> None:
        super().__init__(
            "This call belongs to a calibration, in which each reviewer judges it.",
            kept="It stays with who has it.",
            next_step="Leave it, or let the reviewer say that the call cannot be judged.",
        )


class NothingToCalibrate(Conflict):
    """There is no call that all of these reviewers could judge."""
