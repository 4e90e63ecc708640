"""What an entry of diary or ledger must hold: pure, and in the order in which the form is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.cases.errors import UnknownClass, UnknownCommunity
from backend.cases.rules import ReferenceData, clean_line, clean_text
from backend.cases.schemas import CaseComponent
from backend.cases.where import Where, check_spot
from backend.grid.beat import Beat
from backend.grid.components import StandingComponent
from backend.grid.errors import NotYourBeat
from backend.rounds.errors import (
    EntryInFuture,
    EntryTooOld,
    EntryWithoutClass,
    EntryWithoutContent,
    EntryWithoutKind,
    NotSocialClass,
)
from backend.rounds.schemas import Journal, RoundContent
from backend.taxonomy.schemas import CaseClass
from backend.taxonomy.taxonomy import Taxonomy

SOCIAL = "social"
FAST_CLOCK = timedelta(minutes=5)
"""So far ahead of ours the clock of a telephone may be."""
OLDEST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class CheckedEntry:
    """An entry that holds all it needs, its texts trimmed and free of control characters."""

    at: datetime
    kind: str | None
    case_class: CaseClass | None
    what: str
    result: str
    address: str
    where: Where
    component: CaseComponent | None


@dataclass(frozen=True, slots=True)
class Held:
    """What an entry is held against: the writer's beat, what is in force, and of it the component that it names."""

    beat: Beat
    reference: ReferenceData
    standing: StandingComponent | None = None


def check_entry(journal: Journal, said: RoundContent, held: Held, now: datetime, written_at: datetime) -> CheckedEntry:
    """Raises the first of the rules that the entry breaks; each names its field. How long ago something may have been
    is counted from when it was first written."""
    if journal is Journal.DIARY and said.kind is None:
        raise EntryWithoutKind("kind", "The entry does not say where it comes from.", "Choose: heard, seen or done.")
    what = clean_text(said.what)
    if not what:
        raise EntryWithoutContent("what", "The entry says nothing.", "Write what was heard, seen or done.")
    case_class = _case_class(journal, said.class_code.strip(), held.reference.taxonomy)
    if said.at > now + FAST_CLOCK:
        raise EntryInFuture("at", "The entry lies in the future.", "Enter when it happened.")
    if said.at < written_at - OLDEST:
        raise EntryTooOld(
            "at", f"Entries are made within {OLDEST.days} days.", "File it as a case, if it still is one."
        )
    where, component = _where(said, held)
    return CheckedEntry(
        at=min(said.at, now),
        kind=said.kind.value if journal is Journal.DIARY and said.kind is not None else None,
        case_class=case_class,
        what=what,
        result=clean_text(said.result),
        address=clean_line(said.address),
        where=where,
        component=component,
    )


def _where(said: RoundContent, held: Held) -> tuple[Where, CaseComponent | None]:
    code, grid = said.community_code.strip(), held.reference.grid
    street = grid.street_of(code)
    if street is None or grid.community(code) is None:
        raise UnknownCommunity("community_code", f"There is no community {code[:20]}.", "Choose one from the list.")
    if not held.beat.covers(street.code, code):
        raise NotYourBeat
    return check_spot((street.code, code), said.place, said.component_code, held.standing, grid)


def _case_class(journal: Journal, code: str, taxonomy: Taxonomy) -> CaseClass | None:
    if not code:
        if journal is Journal.LEDGER:
            raise EntryWithoutClass("class_code", "An event of the ledger has a class.", "Choose one.")
        return None
    found = taxonomy.case_class(code)
    if found is None:
        raise UnknownClass("class_code", f"There is no class {code[:20]} in force.", "Choose one from the list.")
    if journal is Journal.LEDGER and found.scheme != SOCIAL:
        raise NotSocialClass("class_code", f"{found.name} is no class of social management.", "Choose one of those.")
    return found


def fingerprint(journal: Journal, said: RoundContent) -> str:
    """Tells whether two entries say the same. One that names no component says what it said before there were any."""
    content = RoundContent.model_validate(said.model_dump(include=set(RoundContent.model_fields)))
    text = content.model_dump_json(exclude=None if said.component_code else {"component_code"})
    return hashlib.sha256(f"{journal}:{text}".encode()).hexdigest()
