"""What can go wrong when somebody looks for what was said or takes a clip of it."""

from __future__ import annotations

from backend.kernel.errors import HotlineError


class NothingToFind(HotlineError):
    """The search holds no word that somebody could have said."""


class PeriodReversed(HotlineError):
    """The last day of the search lies before the first."""


class ClipReversed(HotlineError):
    """The clip ends before it begins."""


class ClipTooLong(HotlineError):
    """So long a clip is a copy of the recording."""


class ClipOutside(HotlineError):
    """The recording ends before the clip begins."""


class ClipReasonMissing(HotlineError):
    """A clip leaves the house only for a reason that is written down."""
