"""What can be wrong with an entry of a special list; each names the rule and what to do."""

from __future__ import annotations

from backend.kernel.errors import Conflict, Forbidden, HotlineError, IllegalTransition, NotFound

_KEPT = "What you typed is still on the screen."


class SpecialNotFound(NotFound):
    """There is no such entry, or not for this person."""


class SpecialInvalid(HotlineError):
    """An entry cannot be kept as it stands."""

    def __init__(self, field: str, message: str, next_step: str) -> None:
        super().__init__(message, kept=_KEPT, next_step=next_step, field=field)


class UnknownSpecialKind(SpecialInvalid):
    """There is no list of this kind in force."""


class SpecialWithoutContent(SpecialInvalid):
    """The entry does not say what is to be put right."""


class FoundInFuture(SpecialInvalid):
    """What stands on a list has been found."""


class DueInPast(SpecialInvalid):
    """A unit is given time that lies ahead."""


class UnitDoesNotRectify(SpecialInvalid):
    """Entries go to streets, communities and departments, not to those who take requests in or dispatch them."""


class SpecialCannotMove(IllegalTransition):
    """The entry does not stand where this move begins."""


class SpecialReused(Conflict):
    """An entry came again under the same id with other content; nothing was stored a second time."""


class NotResponsible(Forbidden):
    """Only the unit that an entry was assigned to, or who keeps the list, reports that it was put right."""


class RectifierCannotCheck(Forbidden):
    """The unit that put something right, and the person who said so, do not check it."""

    def __init__(self) -> None:
        super().__init__(
            "Your unit put this right, or you said so yourself, so you cannot check it.",
            kept="Nothing was changed.",
            next_step="Leave it to somebody else of the supervision centre.",
        )
