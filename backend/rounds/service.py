"""Diary and ledger: entries are written once, amended by who wrote them, searched, and become cases with one act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.cases.errors import DaysReversed
from backend.cases.growing import Growing, grow, refuse_changed, refuse_grown
from backend.cases.origins import Origin
from backend.cases.rules import ReferenceData
from backend.cases.schemas import GrownCaseWish, OriginKind
from backend.cases.where import component_columns
from backend.grid.beat import Beat, own_beat
from backend.grid.components import component_on
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.clock import beijing, day_begins, day_ends
from backend.kernel.database import Transaction
from backend.kernel.grams import searchable, words_of
from backend.kernel.paging import make_cursor, read_cursor
from backend.kernel.queries import insert_new
from backend.kernel.schemas import Page
from backend.rounds import repository
from backend.rounds.errors import OnlyWriterAmends, RoundEntryNotFound, RoundEntryReused
from backend.rounds.models import RoundEntry
from backend.rounds.repository import Wanted
from backend.rounds.rules import CheckedEntry, Held, check_entry, fingerprint
from backend.rounds.schemas import (
    CountedBy,
    Journal,
    RoundAmended,
    RoundContent,
    RoundCount,
    RoundCountQuery,
    RoundCounts,
    RoundDetail,
    RoundFilter,
    RoundQuery,
    RoundView,
    RoundWritten,
)
from backend.rounds.views import round_detail, round_views

CHANGED = "round_changed"
READ_ALL = "rounds.read"
_AUDITED = ("at", "kind", "class_code", "what", "result", "address", "component_code")
"""What of an entry the audit log keeps when it is made to read otherwise."""


@dataclass(frozen=True)
class Desk:
    """Who works at one of the two journals, with the reference data in force, at a moment."""

    journal: Journal
    who: Principal
    reference: ReferenceData
    now: datetime

    @property
    def kind(self) -> OriginKind:
        """What a case is said to have grown out of."""
        return OriginKind(self.journal.value)

    def may_read(self) -> Beat:
        """What the person may read; raises `NoBeat`."""
        return Beat() if self.who.may(READ_ALL) else own_beat(self.who, self.reference.grid)


async def write(tx: Transaction, at: Desk, said: RoundWritten) -> RoundDetail:
    """Write a new entry; the same one again is answered as before.

    Raises `NoBeat`, what `check_entry` raises, or `RoundEntryReused`.
    """
    standing = await repository.entry_by_id(tx.session, at.journal, said.entry_id)
    if standing is not None:
        return await round_detail(tx, at.who, _same(standing, at, said))
    checked = check_entry(at.journal, said, await _held(tx, at, said), at.now, at.now)
    entry = RoundEntry(
        entry_id=said.entry_id,
        journal=at.journal.value,
        version=1,
        fingerprint=fingerprint(at.journal, said),
        written_at=at.now,
        written_by_id=at.who.user_id,
        written_by=at.who.display_name,
        **_columns(checked),
    )
    if not await insert_new(tx.session, entry):
        # the other journal, or a twin of this request
        standing = await repository.entry_by_id(tx.session, at.journal, said.entry_id)
        if standing is None:
            raise _reused()
        return await round_detail(tx, at.who, _same(standing, at, said))
    _tell(tx, entry, at.now)
    return await round_detail(tx, at.who, entry)


async def amend(tx: Transaction, at: Desk, entry_id: UUID, said: RoundAmended) -> RoundDetail:
    """Let an entry read otherwise; what it said before goes to the audit log.

    Raises `RoundEntryNotFound`, `OnlyWriterAmends`, `EntryIsCase`, `EntryOutdated`, or what
    `check_entry` raises.
    """
    entry = await _locked(tx, at, entry_id)
    if entry.written_by_id != at.who.user_id:
        raise OnlyWriterAmends(
            f"This entry is {entry.written_by}'s.", kept="It is unchanged.", next_step="Write an entry of your own."
        )
    await refuse_grown(tx, Origin(at.kind, entry_id))
    refuse_changed(entry.version, said.version)
    checked = check_entry(at.journal, said, await _held(tx, at, said), at.now, entry.written_at)
    before = {name: getattr(entry, name) for name in _AUDITED}
    for name, value in _columns(checked).items():
        setattr(entry, name, value)
    entry.version += 1
    entry.amended_at = at.now
    await tx.session.flush()
    detail = {name: f"{value}" for name, value in before.items() if value != getattr(entry, name)}
    await audit.record(tx, at.who, "round_amended", at.journal.value, entry_id, detail, at=at.now)
    _tell(tx, entry, at.now)
    return await round_detail(tx, at.who, entry)


async def look(tx: Transaction, at: Desk, entry_id: UUID) -> RoundDetail:
    """One entry of the person's beat; the look is audited. Raises `RoundEntryNotFound`, `NoBeat`."""
    entry = await repository.entry_by_id(tx.session, at.journal, entry_id)
    beat = at.may_read()
    if entry is None or not beat.covers(entry.street_code, entry.community_code):
        raise _not_found()
    await audit.record(tx, at.who, "round_read", at.journal.value, entry_id, at=at.now)
    return await round_detail(tx, at.who, entry)


async def page(tx: Transaction, at: Desk, query: RoundQuery) -> Page[RoundView]:
    """Entries of the person's beat, the latest first. Raises `NoBeat`, `CursorInvalid`, `DaysReversed`."""
    before = read_cursor(query.cursor, UUID) if query.cursor else None
    rows = await repository.page(tx.session, _wanted(at, query), before, query.limit + 1)
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    return Page(
        items=await round_views(tx, at.journal, shown),
        next_cursor=make_cursor(shown[-1].at, shown[-1].entry_id) if more else None,
    )


async def count(tx: Transaction, at: Desk, query: RoundCountQuery) -> RoundCounts:
    """How many entries of the filter there are by what is asked, whichever of these it names. Raises as `page`."""
    left_open: dict[CountedBy, dict[str, Any]] = {CountedBy.KIND: {"kind": None}, CountedBy.CLASS: {"class_code": ""}}
    wanted = _wanted(at, query.model_copy(update=left_open.get(query.by)))
    found, more = await repository.counts(tx.session, wanted, query.by)
    counted = [RoundCount(key=each.key, name=each.name, count=each.count, cases=each.cases) for each in found]
    return RoundCounts(counts=counted, total=sum(each.count for each in found), more=more)


async def make_case(tx: Transaction, at: Desk, entry_id: UUID, wish: GrownCaseWish) -> RoundDetail:
    """File the entry as a case, once; the same request again is answered as before.

    Raises `RoundEntryNotFound`, `EntryIsCase`, `EntryOutdated`, or what filing raises.
    """
    entry = await _locked(tx, at, entry_id)
    growing = Growing(
        origin=Origin(at.kind, entry_id),
        version=entry.version,
        what="\n".join(part for part in (entry.what, entry.result) if part),
        class_code=entry.class_code or "",
        where=entry,
    )
    if await grow(tx, at.who, growing, wish, at.reference, at.now) is not None:
        entry.version += 1
        await tx.session.flush()
        _tell(tx, entry, at.now)
    return await round_detail(tx, at.who, entry)


async def _held(tx: Transaction, at: Desk, said: RoundContent) -> Held:
    """What an entry of this person is held against; raises `NoBeat`."""
    beat = own_beat(at.who, at.reference.grid)
    standing = await component_on(tx.session, said.component_code, beijing(at.now).date())
    return Held(beat, at.reference, standing)


def _columns(checked: CheckedEntry) -> dict[str, Any]:
    where, case_class = checked.where, checked.case_class
    assert where.community is not None, "an entry names its community"
    class_name = case_class.name if case_class is not None else None
    about = component_columns(checked.component)
    names = (class_name, where.street.name, where.community.name, *about.values())
    found_by = searchable((checked.what, checked.result, checked.address, *names))
    return {
        "at": checked.at,
        "kind": checked.kind,
        "class_code": case_class.code if case_class is not None else None,
        "class_name": class_name,
        "what": checked.what,
        "result": checked.result,
        "address": checked.address,
        **where.columns(),
        **about,
        "document": found_by.document,
        "grams": found_by.grams,
    }


def _wanted(at: Desk, asked: RoundFilter) -> Wanted:
    if asked.from_day and asked.to_day and asked.to_day < asked.from_day:
        raise DaysReversed("The period ends before it begins.", next_step="Exchange the days.", field="to_day")
    return Wanted(
        journal=at.journal,
        beat=at.may_read(),
        words=words_of(asked.q),
        street=asked.street,
        community=asked.community,
        kind=asked.kind,
        class_code=asked.class_code,
        since=day_begins(asked.from_day) if asked.from_day else None,
        before=day_ends(asked.to_day) if asked.to_day else None,
        with_case=asked.with_case,
        written_by=at.who.user_id if asked.mine else None,
    )


async def _locked(tx: Transaction, at: Desk, entry_id: UUID) -> RoundEntry:
    entry = await repository.lock_entry(tx.session, at.journal, entry_id)
    beat = at.may_read()
    if entry is None or not beat.covers(entry.street_code, entry.community_code):
        raise _not_found()
    return entry


def _same(standing: RoundEntry, at: Desk, said: RoundWritten) -> RoundEntry:
    if standing.written_by_id != at.who.user_id or standing.fingerprint != fingerprint(at.journal, said):
        raise _reused()
    return standing


def _reused() -> RoundEntryReused:
    return RoundEntryReused(
        "An entry of this id was written already, with other content.",
        kept="That entry stands as it was written first.",
        next_step="Load the list anew; write what is new as another entry.",
        field="entry_id",
    )


def _not_found() -> RoundEntryNotFound:
    return RoundEntryNotFound("There is no such entry in your community.", next_step="Look for it in the list.")


def _tell(tx: Transaction, entry: RoundEntry, now: datetime) -> None:
    """Nothing that was written is in the event: who hears of it asks for what they may see."""
    audience = ["permission:rounds.read", f"unit:{entry.street_code}", f"unit:{entry.community_code}"]
    payload = {"journal": entry.journal, "entry_id": str(entry.entry_id)}
    tx.emit(CHANGED, entity=str(entry.entry_id), audience=audience, payload=payload, at=now)
