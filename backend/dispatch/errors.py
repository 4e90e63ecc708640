"""What can be wrong with a move in the loop. Each rule of the loop has its own error, which names the rule."""

from __future__ import annotations

from backend.kernel.errors import Conflict, Forbidden, HotlineError, IllegalTransition, NotFound


class TaskNotFound(NotFound):
    """There is no such task, or it is another unit's."""


class ExtensionNotFound(NotFound):
    """There is no such request for more time, or it is another unit's."""


class TaskCannotMove(IllegalTransition):
    """The task does not stand where this move begins."""


class ExtensionCannotMove(IllegalTransition):
    """The request for more time does not stand where this move begins."""


class AppealNotFound(NotFound):
    """There is no appeal for this case."""


class AppealCannotMove(IllegalTransition):
    """The appeal does not stand where this move begins."""


class AppealChangedMeanwhile(Conflict):
    """Another reviewer decided on the appeal first."""


class TaskChangedMeanwhile(Conflict):
    """Somebody else moved the task first."""


class RuleBroken(Conflict):
    """A rule of the loop stands against this move; nothing was changed."""

    def __init__(self, message: str, next_step: str = "", *, field: str | None = None) -> None:
        super().__init__(message, kept="Nothing was changed.", next_step=next_step, field=field)


class HandlerCannotJudge(Forbidden):
    """The unit that handled a case neither verifies it nor calls back on it."""

    def __init__(self) -> None:
        super().__init__(
            "Your unit handled this case, so it can neither verify it nor call back on it.",
            kept="Nothing was changed.",
            next_step="Leave it to the supervision centre.",
        )


class WorkerCannotJudge(Forbidden):
    """Who worked on a case for a unit neither verifies it nor calls back on it, wherever they work today."""

    def __init__(self) -> None:
        super().__init__(
            "You worked on this case for the unit that handled it, so you can neither verify it nor call back on it.",
            kept="Nothing was changed.",
            next_step="Leave it to somebody else of the supervision centre.",
        )


class SenderCannotVerify(Forbidden):
    """Command and supervision are two sides: who dispatched a case does not verify it."""

    def __init__(self) -> None:
        super().__init__(
            "You dispatched this case yourself, so you cannot verify it.",
            kept="Nothing was changed.",
            next_step="Leave it to somebody else of the supervision centre.",
        )


class NotBeingHandled(RuleBroken):
    """Units act on a case only while it is being handled."""


class AddedToClosed(RuleBroken):
    """Only what is still open is added to."""


class AdditionWithoutContent(HotlineError):
    """An addition says nothing new and does not urge either."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing was written that could be added.",
            kept="The case is unchanged.",
            next_step="Write down what the citizen said, or mark it as an urging.",
            field="content.what",
        )


# ---- dispatch 派遣 ----


class LeadNotClear(RuleBroken):
    """Exactly one unit leads."""


class UnitNamedTwice(RuleBroken):
    """A unit has one part in a case."""


class UnitDoesNotHandle(RuleBroken):
    """Cases go to streets, communities and departments, not to those who take them in or dispatch them."""


class NeverDownAgain(RuleBroken):
    """A case that came up from the small loop, or a hard one, is never sent down to it."""


class HardBefore(RuleBroken):
    """A case is declared hard once, for good."""


class RefusedBefore(RuleBroken):
    """A unit that refused a case gets it again only by the decision of the coordination."""


class NoDirectDispatch(RuleBroken):
    """Street and class do not make it plain where the case belongs."""


class DispatchedBefore(RuleBroken):
    """A case that a unit was asked to handle is not out of scope any more."""


# ---- refusal 退回, escalation 请办, whistle 吹哨 ----


class DecisionBinds(RuleBroken):
    """What the coordination decided cannot be refused."""


class FirstUnitKeepsReply(RuleBroken):
    """首接负责: the unit that was asked first keeps the reply to the citizen."""


class WhistledMustReport(RuleBroken):
    """吹哨报到: who is called to a site must report there."""


class OnlyStreetsEscalate(RuleBroken):
    """Only the street that leads a case of the small loop escalates it."""


class EscalatedBefore(RuleBroken):
    """A case comes up from the small loop once."""


class EscalationShareUsedUp(RuleBroken):
    """A street may escalate only a part of the cases it gets in a month."""


class OnlyStreetsWhistle(RuleBroken):
    """Only the street that leads a case calls departments to a site."""


class OnlyDepartmentsAreWhistled(RuleBroken):
    """A street calls departments to a site, nobody else."""


# ---- report back 反馈 ----


class OthersAtWork(RuleBroken):
    """Who answers for others reports after them."""


class CitizenNotContacted(RuleBroken):
    """The citizen is contacted before the report, and before more time is asked for."""


class CitizenNotReachable(RuleBroken):
    """The citizen wants to stay unknown, or left no number: the handling unit does not call."""


class AgreedTimeTooFar(RuleBroken):
    """What is agreed with the citizen lies within a year."""


# ---- extension 延期, suspension 挂账 ----


class OnlyLeadAsks(RuleBroken):
    """The unit that leads asks for more time."""


class ExtensionsUsedUp(RuleBroken):
    """More time is granted twice at most."""


class ExtensionTooLong(RuleBroken):
    """Each extension is at most as long as the original limit."""


class ExtensionUndecided(RuleBroken):
    """One request for more time at a time."""


class TooLateToExtend(RuleBroken):
    """More time is asked for before the limit has passed."""


class AgreedTimePassed(RuleBroken):
    """More time is asked for with a time that was agreed with the citizen and lies ahead."""


class SecondPersonDecides(RuleBroken):
    """Whoever asked, or agreed on the first level, does not decide on the next."""


class SuspendedBefore(RuleBroken):
    """A case is suspended once."""


class SuspensionTooLong(RuleBroken):
    """A suspension ends within a year."""


class SuspensionEndsInPast(RuleBroken):
    """A suspension ends in the future."""


# ---- groups 群诉 ----


class OwnParent(RuleBroken):
    """No case goes on under itself."""


class HasParentAlready(RuleBroken):
    """A case goes on under one parent."""


class HasNoParent(RuleBroken):
    """Only a case that goes on under a parent can leave it."""


class ParentIsChild(RuleBroken):
    """A parent goes on under nobody: a group has two levels."""


class ChildIsParent(RuleBroken):
    """A case with children of its own goes on under nobody: a group has two levels."""


class ParentNotOpen(RuleBroken):
    """Nothing joins, or leaves, a group whose parent has ended."""


class ChildTooFar(RuleBroken):
    """Only what waits for its dispatch or is being handled goes on under another case."""


class ChildrenWait(RuleBroken):
    """A parent is neither withdrawn nor out of scope while the end of its children hangs on it."""


class ParentStillOpen(RuleBroken):
    """A child ends by its own callback once its parent is closed, never before."""


# ---- time-out appeal 申诉 ----


class AppealBeforeClosing(RuleBroken):
    """A unit appeals after the case was closed."""


class AppealedBefore(RuleBroken):
    """There is one appeal a case."""


class NoClockRanOut(RuleBroken):
    """Only the unit whose clock ran out appeals."""


class AppealTooLate(RuleBroken):
    """The days in which a unit may appeal are over."""


# ---- batch dispatch ----


class BatchReused(RuleBroken):
    """A request id came again with another dispatch."""
