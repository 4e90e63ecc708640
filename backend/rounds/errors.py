"""What can be wrong with an entry of diary or ledger; each names the field, the rule and what to do."""

from __future__ import annotations

from backend.kernel.errors import Conflict, Forbidden, HotlineError, NotFound

_KEPT = "What you typed is still on the screen."


class RoundEntryNotFound(NotFound):
    """There is no such entry, or it is another community's."""


class RoundInvalid(HotlineError):
    """An entry cannot be kept as it stands."""

    def __init__(self, field: str, message: str, next_step: str) -> None:
        super().__init__(message, kept=_KEPT, next_step=next_step, field=field)


class EntryWithoutContent(RoundInvalid):
    """The entry does not say what was heard, seen or done."""


class EntryWithoutKind(RoundInvalid):
    """An entry of the diary says whether it was heard, seen or done."""


class EntryWithoutClass(RoundInvalid):
    """An event of the ledger has a class of social management."""


class NotSocialClass(RoundInvalid):
    """The class is not one of social management."""


class EntryInFuture(RoundInvalid):
    """An entry tells what has happened."""


class EntryTooOld(RoundInvalid):
    """What happened long ago is not entered any more."""


class RoundEntryReused(Conflict):
    """An entry came again under the same id with other content; nothing was stored a second time."""


class OnlyWriterAmends(Forbidden):
    """An entry is amended by who wrote it."""
