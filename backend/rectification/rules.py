"""What an entry of a special list must hold, and who sees and moves it: pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.cases.rules import clean_line, clean_text
from backend.cases.schemas import CaseComponent
from backend.cases.where import Where, check_spot, component_columns
from backend.grid.beat import Beat
from backend.grid.components import StandingComponent
from backend.grid.grid import Grid
from backend.identity.principal import Principal
from backend.kernel.grams import searchable
from backend.rectification.errors import (
    DueInPast,
    FoundInFuture,
    SpecialWithoutContent,
    UnitDoesNotRectify,
    UnknownSpecialKind,
)
from backend.rectification.models import SpecialEntry
from backend.rectification.schemas import SpecialContent, SpecialKind, SpecialState
from backend.rectification.states import TRANSITIONS, SpecialMove
from backend.units.directory import UnitDirectory
from backend.units.errors import UnknownUnit
from backend.units.schemas import UnitKind, UnitView

_WORKS = frozenset({UnitKind.STREET, UnitKind.COMMUNITY, UnitKind.DEPARTMENT})


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees of the lists: all of it, what was assigned to a unit, what lies in a beat."""

    everything: bool = False
    unit: str | None = None
    beat: Beat | None = None

    def covers(self, entry: SpecialEntry) -> bool:
        """Whether the person sees this entry."""
        if self.everything or (self.unit is not None and self.unit == entry.unit_code):
            return True
        return self.beat is not None and self.beat.covers(entry.street_code, entry.community_code)


@dataclass(frozen=True, slots=True)
class CheckedContent:
    """What an entry says, its texts trimmed and free of control characters."""

    kind: SpecialKind
    what: str
    address: str
    where: Where
    component: CaseComponent | None
    found_on: date

    def columns(self) -> dict[str, Any]:
        """The columns of its row."""
        where = self.where
        community = where.community
        about = component_columns(self.component)
        names = (self.kind.name, where.street.name, community.name if community else None, *about.values())
        found_by = searchable((self.what, self.address, *names))
        return {
            "kind_code": self.kind.code,
            "kind_name": self.kind.name,
            "what": self.what,
            "address": self.address,
            **where.columns(),
            **about,
            "found_on": self.found_on,
            "document": found_by.document,
            "grams": found_by.grams,
        }


def check_content(
    said: SpecialContent,
    kinds: Mapping[str, SpecialKind],
    standing: StandingComponent | None,
    grid: Grid,
    today: date,
) -> CheckedContent:
    """Raises the first of the rules that the entry breaks; each names its field. `standing` is the component in force
    under the code that it names."""
    kind = kinds.get(said.kind_code.strip())
    if kind is None:
        raise UnknownSpecialKind(
            "kind_code", f"There is no list {said.kind_code[:20]} in force.", "Choose one of those that there are."
        )
    what = clean_text(said.what)
    if not what:
        raise SpecialWithoutContent("what", "The entry does not say what is to be put right.", "Write it down.")
    if said.found_on > today:
        raise FoundInFuture("found_on", "The day on which it was found lies ahead.", "Enter today or an earlier day.")
    areas = (said.street_code, said.community_code)
    where, component = check_spot(areas, said.place, said.component_code, standing, grid)
    return CheckedContent(kind, what, clean_line(said.address), where, component, said.found_on)


def check_unit(code: str, units: UnitDirectory) -> UnitView:
    """The unit that is to put something right; raises `UnknownUnit` or `UnitDoesNotRectify`."""
    unit = units.unit(code.strip())
    if unit is None:
        raise UnknownUnit(code)
    if unit.kind not in _WORKS:
        raise UnitDoesNotRectify("unit_code", f"{unit.name} puts nothing right.", "Choose a street or a department.")
    return unit


def check_due(due_on: date, today: date) -> date:
    """The last day that a unit is given; raises `DueInPast`."""
    if due_on < today:
        raise DueInPast("due_on", f"{due_on} has passed.", "Choose today or a later day.")
    return due_on


def open_moves(who: Principal, entry: SpecialEntry) -> list[SpecialMove]:
    """What this person may do with the entry as it stands."""
    keeps, checks = who.may("special.manage"), who.may("special.check")
    responsible = who.may("tasks.handle") and who.unit_code is not None and who.unit_code == entry.unit_code
    may = {
        SpecialMove.ASSIGN: keeps,
        SpecialMove.RECTIFY: keeps or responsible,
        SpecialMove.CHECK: checks and not put_right_by(who, entry),
        SpecialMove.SEND_BACK: checks and not put_right_by(who, entry),
        SpecialMove.FIND_AGAIN: keeps or checks or who.may("rounds.write"),
        SpecialMove.STRIKE_OFF: keeps,
    }
    state = SpecialState(entry.state)
    return [move for (before, move) in TRANSITIONS if before is state and may.get(move, False)]


def put_right_by(who: Principal, entry: SpecialEntry) -> bool:
    """Whether this person, or the person's unit, said that it was put right."""
    same_unit = who.unit_code is not None and who.unit_code == entry.unit_code
    return same_unit or entry.rectified_by_id == who.user_id


def fingerprint(said: SpecialContent) -> str:
    """Tells whether two entries say the same. One that names no component says what it said before there were any."""
    content = SpecialContent.model_validate(said.model_dump(include=set(SpecialContent.model_fields)))
    said_so = content.model_dump_json(exclude=None if said.component_code else {"component_code"})
    return hashlib.sha256(said_so.encode()).hexdigest()
