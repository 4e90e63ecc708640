"""What a form must hold to become a case: pure, and in the order in which the form is read."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from backend.cases.channels import HOTLINE_ONLY, Channels
from backend.cases.conditions import FilingConditions
from backend.cases.errors import (
    AnsweredWithoutAnswer,
    CaseInvalid,
    CaseWithoutAddress,
    CaseWithoutCitizenName,
    CaseWithoutClass,
    CaseWithoutCommunity,
    CaseWithoutContent,
    ClassOutOfScope,
    UnknownClass,
)
from backend.cases.origins import Origin
from backend.cases.schemas import CaseComponent, CaseForm, CasePlace, ConditionView, Need
from backend.cases.where import check_spot
from backend.citizens.numbers import CallerNumber
from backend.deadlines.rules import Timekeeping
from backend.grid.area import Area
from backend.grid.components import StandingComponent
from backend.grid.grid import Grid
from backend.taxonomy.schemas import CaseClass
from backend.taxonomy.taxonomy import Taxonomy


class RecurrenceRule(BaseModel):
    """How near in days, metres and classes a case must have been closed for a new one to be its recurrence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int = Field(default=30, ge=1, le=3650)
    metres: float = Field(default=50, ge=0, le=5000)
    levels: int = Field(default=2, ge=1, le=4)


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """The streets, classes, limits, filing conditions and channels in force when a case is filed."""

    grid: Grid
    taxonomy: Taxonomy
    time: Timekeeping
    conditions: FilingConditions = field(default_factory=FilingConditions)
    channels: Channels = HOTLINE_ONLY
    recurrence: RecurrenceRule = field(default_factory=RecurrenceRule)


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What a case takes over from the call in which it was told."""

    call_id: str
    dialed_number: str
    caller: CallerNumber


@dataclass(frozen=True, slots=True)
class CheckedForm:
    """A form that holds all it needs, its texts trimmed and free of control characters."""

    what: str
    citizen_name: str
    address: str
    answer: str
    street: Area
    community: Area | None
    place: CasePlace | None
    component: CaseComponent | None
    case_class: CaseClass


def check_form(
    form: CaseForm, reference: ReferenceData, standing: StandingComponent | None = None, *, by_citizen: bool = True
) -> CheckedForm:
    """Raises the first of the rules that the form breaks, as a `CaseInvalid` that names the field.

    `standing` is the component in force under the code that the form names. What no citizen told has no citizen's name
    to ask for.
    """
    what, answer = clean_text(form.what), clean_text(form.answer)
    if not what:
        raise CaseWithoutContent("what", "The case does not say what the citizen wants.", "Write it down, then file.")
    areas = (form.street_code, form.community_code or "")
    where, component = check_spot(areas, form.place, form.component_code, standing, reference.grid)
    case_class = _case_class(form.class_code.strip(), reference.taxonomy)
    if form.answered_at_once and not answer:
        raise AnsweredWithoutAnswer(
            "answer", "A case that was answered at once must hold the answer.", "Write the answer, or untick the box."
        )
    checked = CheckedForm(
        what=what,
        citizen_name=clean_line(form.citizen_name),
        address=clean_line(form.address),
        answer=answer,
        street=where.street,
        community=where.community,
        place=where.place,
        component=component,
        case_class=case_class,
    )
    condition = reference.conditions.of_class(case_class.code)
    if condition is not None and not form.answered_at_once:
        _keep(condition, checked, by_citizen=by_citizen)
    return checked


_LACKS: dict[Need, tuple[type[CaseInvalid], str, str]] = {
    Need.ADDRESS: (CaseWithoutAddress, "the address", "Ask for the house or the nearest crossing, and write it down."),
    Need.COMMUNITY: (CaseWithoutCommunity, "the community", "Choose the community of the place."),
    Need.CITIZEN_NAME: (CaseWithoutCitizenName, "the citizen's name", "Ask for the name; secrecy can be promised."),
}


def _keep(condition: ConditionView, form: CheckedForm, *, by_citizen: bool) -> None:
    """Refuse what the filing condition of the class refuses; what was answered at once is closed and needs nothing."""
    if condition.redirect_to:
        raise ClassOutOfScope(
            "class_code",
            f"{form.case_class.name} is no matter of the hotline but of {condition.redirect_to}: {condition.reason}",
            "Tell the citizen whom to turn to, write that as the answer, and file it as answered at once.",
        )
    said = {
        Need.ADDRESS: form.address,
        Need.COMMUNITY: form.community,
        Need.CITIZEN_NAME: form.citizen_name or not by_citizen,
    }
    for need in condition.needs:
        if not said[need]:
            error, what, next_step = _LACKS[need]
            raise error(need.value, f"The filing condition of {form.case_class.name} asks for {what}.", next_step)


def _case_class(code: str, taxonomy: Taxonomy) -> CaseClass:
    if not code:
        raise CaseWithoutClass("class_code", "The case has no class.", "Choose one; type a word or its initials.")
    case_class = taxonomy.case_class(code)
    if case_class is None:
        raise UnknownClass("class_code", f"There is no class {code[:20]} in force.", "Choose one from the list.")
    return case_class


def clean_text(text: str) -> str:
    """Several lines of text without control and format characters, trimmed; every other character is kept.

    Rare characters of names, private-use ones included, are somebody's name and stay.
    """
    return "".join(_cleaned(each) for each in text.replace("\r\n", "\n")).strip()


def _cleaned(character: str) -> str:
    if character in "\n\t":
        return character
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in {"Cc", "Cf", "Cs"} else character


def clean_line(text: str) -> str:
    """One line of text: as `clean_text`, with every run of white space made one space."""
    return " ".join(clean_text(text).split())


def fingerprint(form: CaseForm, origin: Origin | None = None) -> str:
    """Tells whether two forms say the same of the same entry, if of one, whatever request or draft they come from."""
    # what forms did not have at first stays out while it is empty, so that an older one that comes again is the same
    new = {
        name for name in ("channel", "source_reference", "citizen_number", "component_code") if not getattr(form, name)
    }
    said = form.model_dump_json(exclude={"request_id", "draft_id", *new})
    if origin is not None:
        said += f"{origin.kind}:{origin.entry_id}"
    return hashlib.sha256(said.encode()).hexdigest()
