"""Print the JSON schema of all that the web console sends or receives: the source of its TypeScript types.

Run as `python -m agent_console.schema_export`. The output is deterministic, so that a check can tell whether
the committed types are fresh. Shapes are taken as they are serialised: a field with a default is always there.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from agent_console import schemas as console
from agent_console.messages.cases import FiledCase
from agent_console.protocol import Command, ServerMessage
from backend.attachments import schemas as attachments
from backend.boards import schemas as boards
from backend.callbacks import schemas as callbacks
from backend.calls import schemas as calls
from backend.cases import list_schemas as case_lists
from backend.cases import map_schemas as maps
from backend.cases import schemas as cases
from backend.cases import suggestion_schemas as suggestions
from backend.dispatch import desk_schemas as desks
from backend.dispatch import group_schemas as groups
from backend.dispatch import intake_schemas as intake
from backend.dispatch import schemas as dispatch
from backend.figures import schemas as figures
from backend.grid import schemas as grid
from backend.identity import schemas as identity
from backend.kernel.schemas import Page, Problem, Schema
from backend.patrols import schemas as patrols
from backend.quality import schemas as quality
from backend.queueing import schemas as queueing
from backend.recognition import schemas as recognition
from backend.rectification import schemas as special
from backend.reviews import schemas as reviews
from backend.rounds import schemas as rounds
from backend.said import schemas as said
from backend.seats import schemas as seats
from backend.units import schemas as units


class ConsoleMessages(Schema):
    """The two directions of the console's WebSocket; exists only to name both unions in one schema."""

    command: Command
    message: ServerMessage


REST_SHAPES: tuple[type[Schema], ...] = (
    Problem,
    FiledCase,
    identity.SignIn,
    identity.Me,
    identity.UserView,
    console.Options,
    console.PhoneTargets,
    console.PlatformStatus,
    console.ReconciledDay,
    seats.SeatView,
    seats.Softphone,
    seats.SkillsView,
    queueing.LeaderSessionView,
    queueing.MissedView,
    queueing.BlacklistAsk,
    queueing.BlacklistView,
    queueing.CallBlacklist,
    calls.CallRow,
    calls.CallDetail,
    quality.CallHits,
    quality.RuleList,
    quality.RuleDetail,
    quality.TrialView,
    quality.DraftText,
    quality.SwitchOn,
    quality.SwitchOff,
    quality.TrialAsked,
    quality.RecheckAsked,
    quality.RecheckView,
    calls.RevealNumber,
    calls.RevealedNumber,
    said.ClipAsked,
    recognition.RecognitionStatus,
    recognition.RetryDone,
    cases.CaseSummary,
    case_lists.CaseCounts,
    case_lists.CaseFilterContent,
    case_lists.FilterKept,
    case_lists.SavedFilterView,
    case_lists.ExportAsked,
    case_lists.ExportView,
    cases.CaseDetail,
    maps.CaseMap,
    cases.ColleagueNotes,
    cases.GrownCaseWish,
    rounds.RoundView,
    rounds.RoundDetail,
    rounds.RoundWritten,
    rounds.RoundAmended,
    rounds.RoundFilter,
    rounds.RoundCounts,
    special.SpecialLists,
    special.SpecialView,
    special.SpecialDetail,
    special.SpecialEntered,
    special.SpecialFilter,
    grid.PlaceCandidate,
    grid.ComponentOffer,
    callbacks.CallbackView,
    callbacks.AttemptView,
    callbacks.CurrentAttempt,
    callbacks.Answers,
    callbacks.AnswersView,
    suggestions.SuggestionsAsked,
    suggestions.Suggestions,
    intake.OutlookAsked,
    intake.Outlook,
    intake.AdditionAsked,
    intake.AdditionMade,
    groups.JoinWish,
    groups.GroupView,
    dispatch.LoopView,
    desks.DeskQueue,
    desks.BatchWish,
    desks.BatchDone,
    dispatch.LoopLedger,
    dispatch.DispatchWish,
    dispatch.UnitTask,
    dispatch.UnitTaskDetail,
    dispatch.CitizenNumber,
    attachments.AttachmentView,
    attachments.AttachmentRules,
    patrols.PatrolTask,
    patrols.PatrolDetail,
    patrols.PatrolResult,
    patrols.PatrolReport,
    patrols.Beat,
    patrols.CasePatrols,
    patrols.PlanWish,
    patrols.ReportedCase,
    grid.GridLocation,
    units.UnitView,
    calls.PeaksView,
    calls.EarlierText,
    reviews.ReviewQueue,
    reviews.ReviewDetail,
    reviews.SheetWish,
    reviews.SheetSaved,
    reviews.DrawDone,
    reviews.AppealVerdict,
    reviews.CoachingWish,
    reviews.CoachingView,
    reviews.ReviewerView,
    reviews.Assignments,
    reviews.AssignWish,
    reviews.CalibrationWish,
    reviews.CalibrationView,
    reviews.Calibrations,
    figures.FiguresView,
    boards.Board,
    boards.BoardChoices,
    boards.AgentTrend,
    Page[calls.CallRow],
    Page[said.FoundCall],
    Page[cases.CaseSummary],
    Page[callbacks.CallbackView],
    Page[rounds.RoundView],
    Page[special.SpecialView],
    Page[reviews.ReviewView],
    Page[boards.BoardHit],
    Page[boards.BoardCall],
    Page[boards.BoardReview],
)


class EveryFieldPresent(GenerateJsonSchema):
    """Requires every field: what is serialised holds its defaults too, and the console sends whole messages."""

    def field_is_required(self, *_: Any, **__: Any) -> bool:
        return True


def export() -> dict[str, Any]:
    """One JSON schema whose `$defs` hold every shape, each under its name."""
    models = [(model, "serialization") for model in (ConsoleMessages, *REST_SHAPES)]
    _, schema = models_json_schema(models, schema_generator=EveryFieldPresent)  # type: ignore[arg-type]
    definitions = {name: _without_titles(shape) for name, shape in sorted(schema["$defs"].items())}
    return {"title": "ConsoleSchema", "type": "object", "$defs": definitions}


def _without_titles(shape: Any) -> Any:
    # Pydantic titles each property; a generator would turn each title into a type of its own.
    if isinstance(shape, list):
        return [_without_titles(part) for part in shape]
    if not isinstance(shape, dict):
        return shape
    return {
        key: {name: _without_titles(part) for name, part in value.items()}
        if key == "properties"
        else _without_titles(value)
        for key, value in shape.items()
        if key != "title" or not isinstance(value, str)
    }


if __name__ == "__main__":
    json.dump(export(), sys.stdout, ensure_ascii=False, indent=1, sort_keys=True)
    sys.stdout.write("\n")
