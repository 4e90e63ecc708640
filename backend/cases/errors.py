"""What can be wrong with a case or a draft; each names the field, the rule and what to do."""

from __future__ import annotations

from backend.cases.schemas import DraftView
from backend.kernel.errors import Conflict, HotlineError, IllegalTransition, NotFound

_KEPT = "What was typed is kept in the draft."


class CaseInvalid(HotlineError):
    """A form cannot be filed as it stands."""

    def __init__(self, field: str, message: str, next_step: str) -> None:
        super().__init__(message, kept=_KEPT, next_step=next_step, field=field)


class CaseWithoutContent(CaseInvalid):
    """The form does not say what the citizen wants."""


class CaseWithoutStreet(CaseInvalid):
    """The form names no street."""


class UnknownStreet(CaseInvalid):
    """The street is not one of the district's."""


class UnknownCommunity(CaseInvalid):
    """The community is not one of the district's."""


class CommunityNotInStreet(CaseInvalid):
    """The community belongs to another street."""


class UnknownUnitGrid(CaseInvalid):
    """The unit grid is not in force."""


class PointElsewhere(CaseInvalid):
    """The point lies in another grid, or the grid in another community, than the form says."""


class CaseWithoutClass(CaseInvalid):
    """The form names no class."""


class UnknownClass(CaseInvalid):
    """The class is not in force."""


class ClassOutOfScope(CaseInvalid):
    """Cases of this class are no matter of the hotline."""


class CaseWithoutAddress(CaseInvalid):
    """The filing condition of the class asks for an address."""


class UnknownComponent(CaseInvalid):
    """The component that the form names is not in force."""


class ComponentElsewhere(CaseInvalid):
    """The component stands in another street or community than the form says."""


class CaseWithoutCommunity(CaseInvalid):
    """The filing condition of the class asks for a community."""


class CaseWithoutCitizenName(CaseInvalid):
    """The filing condition of the class asks for the citizen's name."""


class AnsweredWithoutAnswer(CaseInvalid):
    """The form says that the question was answered at once, but not how."""


class CallNotGiven(CaseInvalid):
    """The form names a call that this case cannot belong to."""


class UnknownChannel(CaseInvalid):
    """The channel is not one of the configured ones."""


class ChannelIsOfCall(CaseInvalid):
    """A case that was told in a call came by that call and by nothing else."""


class ChannelWithoutReference(CaseInvalid):
    """A case of this channel names its source."""


class NumberIsOfCall(CaseInvalid):
    """The number of a case that was told in a call is that of the call."""


class CitizenNumberNotWhole(CaseInvalid):
    """Nobody can be called back under the number that was entered."""


class RequestReused(Conflict):
    """A request id came again with other content: nothing was stored a second time."""


class ChannelIsOfEntry(CaseInvalid):
    """Cases of this channel are made of entries of a diary, ledger or special list."""


class EntryIsCase(Conflict):
    """An entry of a diary, ledger or special list has become a case already; what is to be said now is said there."""


class EntryOutdated(Conflict):
    """Somebody changed the entry that was to become a case, or to be changed, first."""


class CaseNotFound(NotFound):
    """There is no such case."""


class CaseChangedMeanwhile(Conflict):
    """Somebody else moved the case first."""


class CaseCannotMove(IllegalTransition):
    """The case does not stand where this move begins."""


class DraftNotYours(NotFound):
    """The draft belongs to somebody else, or does not exist."""


class DraftFiled(Conflict):
    """The draft has become a case already."""


class DraftOutdated(Conflict):
    """The save builds on an older revision than the one that stands. `newest` is the draft as it stands."""

    def __init__(self, newest: DraftView) -> None:
        super().__init__(
            f"This draft was changed elsewhere meanwhile; revision {newest.revision} stands.",
            kept="What you typed is still on the screen.",
            next_step="Compare it with the newer text, then save again.",
        )
        self.newest = newest


class NumberNotWhole(HotlineError):
    """Cases were to be found by a part of a telephone number."""


class DaysReversed(HotlineError):
    """A period ends before it begins."""


class StreetNotChosen(HotlineError):
    """A map of unit grids is that of one street."""


class FilterNotYours(NotFound):
    """The saved filter belongs to somebody else, or does not exist."""


class TooManyFilters(Conflict):
    """A person keeps as many filters as one can look over."""


class ExportTooLarge(HotlineError):
    """A filter finds more cases than one export may hold."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"An export holds at most {most} cases, and the filter finds more.",
            kept="Nothing was exported.",
            next_step="Narrow the filter, for instance to a shorter period, and export in parts.",
        )


class NothingToExport(HotlineError):
    """A filter finds no case to export."""


class ReasonNotGiven(HotlineError):
    """Whole numbers were asked for without a reason."""


class ExportNotYours(NotFound):
    """The export belongs to somebody else, or does not exist."""


class ExportGone(Conflict):
    """The file of an export is not there yet, or not any more."""
