"""What can be wrong with an entry of the black list or with a missed caller."""

from __future__ import annotations

from backend.kernel.errors import Conflict, HotlineError, IllegalTransition, NotFound


class EntryNotFound(NotFound):
    """There is no such entry of the black list."""


class EntryInvalid(HotlineError):
    """A number cannot be put on the black list like this."""


class NumberListed(Conflict):
    """The number stands on the black list, or is asked for, already."""


class SecondPersonNeeded(Conflict):
    """Who asked for an entry cannot consent to it."""


class EntryCannotMove(IllegalTransition):
    """The entry does not stand where this move begins."""


class EntryChangedMeanwhile(Conflict):
    """Somebody else decided about the entry first."""


class LeaderUnknown(NotFound):
    """There is no such person who could answer citizens."""


class LeaderSessionNotFound(NotFound):
    """There is no such leader's session."""


class LeaderAtWork(Conflict):
    """This leader's session is open already."""


class MissedNotFound(NotFound):
    """There is no such missed caller."""


class MissedCannotMove(IllegalTransition):
    """The missed caller does not stand where this move begins."""


class MissedChangedMeanwhile(Conflict):
    """Somebody else dealt with the missed caller first."""
