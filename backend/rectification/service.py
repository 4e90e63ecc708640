"""Special lists: entries are entered, assigned to units, put right and checked, and may become cases, each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from backend.cases.growing import Growing, grow, refuse_changed
from backend.cases.origins import Origin
from backend.cases.rules import ReferenceData
from backend.cases.schemas import GrownCaseWish, OriginKind
from backend.grid.beat import own_beat
from backend.grid.components import component_on
from backend.grid.errors import NoBeat, NotYourBeat
from backend.identity.principal import Principal
from backend.kernel.clock import beijing
from backend.kernel.database import Transaction
from backend.kernel.grams import words_of
from backend.kernel.paging import make_cursor, read_cursor
from backend.kernel.queries import insert_new
from backend.kernel.schemas import Page
from backend.rectification import repository
from backend.rectification.errors import (
    NotResponsible,
    RectifierCannotCheck,
    SpecialNotFound,
    SpecialReused,
)
from backend.rectification.models import SpecialEntry, SpecialEvent
from backend.rectification.repository import Wanted
from backend.rectification.rules import Sight, check_content, check_due, check_unit, fingerprint, put_right_by
from backend.rectification.schemas import (
    Assignment,
    SpecialCount,
    SpecialDetail,
    SpecialEntered,
    SpecialFilter,
    SpecialKind,
    SpecialLists,
    SpecialQuery,
    SpecialState,
    SpecialView,
)
from backend.rectification.states import SpecialMove, move_special
from backend.rectification.views import special_detail, special_views
from backend.units.directory import UnitDirectory

CHANGED = "special_changed"
Detail = Mapping[str, str | int | bool | None]


@dataclass(frozen=True)
class Desk:
    """Who works at the lists, with the reference data in force, at a moment."""

    who: Principal
    kinds: Mapping[str, SpecialKind]
    units: UnitDirectory
    reference: ReferenceData
    now: datetime

    @property
    def today(self) -> date:
        """The day in Beijing."""
        return beijing(self.now).date()

    def sight(self) -> Sight:
        """What the person sees."""
        if self.who.may("special.read"):
            return Sight(everything=True)
        beat = None
        if self.who.may("rounds.write"):
            try:
                beat = own_beat(self.who, self.reference.grid)
            except NoBeat:
                beat = None
        return Sight(unit=self.who.unit_code if self.who.may("tasks.handle") else None, beat=beat)


async def lists(tx: Transaction, at: Desk, asked: SpecialFilter) -> SpecialLists:
    """The kinds in force, and how many of their entries stand where."""
    anywhere = asked.model_copy(update={"kind": "", "state": None})
    found = await repository.counts(tx.session, _wanted(at, anywhere), at.today)
    counted = [
        SpecialCount(kind_code=each.kind, state=SpecialState(each.state), count=each.count, overdue=each.overdue)
        for each in found
    ]
    return SpecialLists(kinds=list(at.kinds.values()), counts=counted)


async def page(tx: Transaction, at: Desk, query: SpecialQuery) -> Page[SpecialView]:
    """Entries that the person sees, the last entered first. Raises `CursorInvalid`."""
    before = read_cursor(query.cursor, UUID) if query.cursor else None
    rows = await repository.page(tx.session, _wanted(at, query), before, query.limit + 1)
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    return Page(
        items=await special_views(tx, shown, at.today),
        next_cursor=make_cursor(shown[-1].entered_at, shown[-1].entry_id) if more else None,
    )


async def look(tx: Transaction, at: Desk, entry_id: UUID) -> SpecialDetail:
    """One entry with its history. Raises `SpecialNotFound`."""
    entry = await repository.entry_by_id(tx.session, entry_id)
    if entry is None or not at.sight().covers(entry):
        raise _not_found()
    return await _shown(tx, at, entry)


async def enter(tx: Transaction, at: Desk, said: SpecialEntered) -> SpecialDetail:
    """Enter what was found; the same again is answered as before.

    Raises what `check_content` raises, `NoBeat`, `NotYourBeat`, or `SpecialReused`.
    """
    standing = await repository.entry_by_id(tx.session, said.entry_id)
    if standing is not None:
        return await _shown(tx, at, _same(standing, at, said))
    component = await component_on(tx.session, said.component_code, at.today)
    checked = check_content(said, at.kinds, component, at.reference.grid, at.today)
    if not at.who.may("special.manage"):
        community = checked.where.community
        if not own_beat(at.who, at.reference.grid).covers(
            checked.where.street.code, community.code if community is not None else None
        ):
            raise NotYourBeat
    entry = SpecialEntry(
        entry_id=said.entry_id,
        ref=None,
        fingerprint=fingerprint(said),
        version=1,
        state=move_special(None, SpecialMove.FIND).value,
        entered_at=at.now,
        entered_by_id=at.who.user_id,
        entered_by=at.who.display_name,
        **checked.columns(),
    )
    if not await insert_new(tx.session, entry):
        standing = await repository.entry_by_id(tx.session, said.entry_id)
        assert standing is not None, "an entry without a ref meets only one of its id"
        return await _shown(tx, at, _same(standing, at, said))
    add_step(tx, entry.entry_id, SpecialMove.FIND.value, at.who, {"found_on": f"{entry.found_on}"}, at.now)
    _tell(tx, entry, at.now)
    return await _shown(tx, at, entry)


async def assign(tx: Transaction, at: Desk, entry_id: UUID, wish: Assignment) -> SpecialDetail:
    """Give the entry to a unit until a day.

    Raises `UnknownUnit`, `UnitDoesNotRectify`, `DueInPast`, or as `_moving`.
    """
    unit = check_unit(wish.unit_code, at.units)
    due_on = check_due(wish.due_on, at.today)
    entry = await _moving(tx, at, entry_id, wish.version, SpecialMove.ASSIGN)
    entry.unit_code, entry.unit_name, entry.due_on = unit.code, unit.name, due_on
    detail = {"unit": unit.name, "due_on": f"{due_on}", "note": wish.note}
    return await _moved(tx, at, entry, SpecialMove.ASSIGN, detail)


async def rectify(tx: Transaction, at: Desk, entry_id: UUID, version: int, result: str) -> SpecialDetail:
    """Say that it was put right. Raises `NotResponsible`, or as `_moving`."""
    entry = await _moving(tx, at, entry_id, version, SpecialMove.RECTIFY)
    if not at.who.may("special.manage") and entry.unit_code != at.who.unit_code:
        raise NotResponsible(
            "This entry was assigned to another unit.", kept="It is unchanged.", next_step="Leave it to that unit."
        )
    entry.rectified_by_id = at.who.user_id
    return await _moved(tx, at, entry, SpecialMove.RECTIFY, {"result": result})


async def judge(
    tx: Transaction, at: Desk, entry_id: UUID, version: int, by: SpecialMove, detail: Detail
) -> SpecialDetail:
    """Check it, or send it back. Raises `RectifierCannotCheck`, or as `_moving`."""
    entry = await _moving(tx, at, entry_id, version, by)
    if put_right_by(at.who, entry):
        raise RectifierCannotCheck
    return await _moved(tx, at, entry, by, detail)


async def end_or_reopen(
    tx: Transaction, at: Desk, entry_id: UUID, version: int, by: SpecialMove, reason: str
) -> SpecialDetail:
    """Strike it off, or find it again. Raises as `_moving`."""
    entry = await _moving(tx, at, entry_id, version, by)
    return await _moved(tx, at, entry, by, {"reason": reason})


async def make_case(tx: Transaction, at: Desk, entry_id: UUID, wish: GrownCaseWish) -> SpecialDetail:
    """File the entry as a case, once; the same request again is answered as before.

    Raises `SpecialNotFound`, `EntryIsCase`, `EntryOutdated`, or what filing raises.
    """
    entry = await _locked(tx, at, entry_id)
    kind = at.kinds.get(entry.kind_code)
    growing = Growing(
        origin=Origin(OriginKind.SPECIAL, entry_id),
        version=entry.version,
        what=f"{entry.kind_name}：{entry.what}",
        class_code=kind.class_code if kind is not None else "",
        where=entry,
    )
    case = await grow(tx, at.who, growing, wish, at.reference, at.now)
    if case is not None:
        entry.version += 1
        await tx.session.flush()
        add_step(tx, entry_id, "became_case", at.who, {"number": case.number}, at.now)
        _tell(tx, entry, at.now)
    return await _shown(tx, at, entry)


def add_step(tx: Transaction, entry_id: UUID, kind: str, who: Principal | None, detail: Detail, now: datetime) -> None:
    """Add a step to an entry's history; `who` None is whoever loads a file."""
    said = {name: value for name, value in detail.items() if value not in ("", None)}
    actor_id, actor = (who.user_id, who.display_name) if who is not None else (None, None)
    tx.session.add(SpecialEvent(entry_id=entry_id, at=now, kind=kind, actor_id=actor_id, actor=actor, detail=said))


async def _locked(tx: Transaction, at: Desk, entry_id: UUID) -> SpecialEntry:
    entry = await repository.lock_entry(tx.session, entry_id)
    if entry is None or not at.sight().covers(entry):
        raise _not_found()
    return entry


async def _moving(tx: Transaction, at: Desk, entry_id: UUID, version: int, by: SpecialMove) -> SpecialEntry:
    """The entry, locked, and moved; raises `SpecialNotFound`, `EntryOutdated`, `SpecialCannotMove`."""
    entry = await _locked(tx, at, entry_id)
    refuse_changed(entry.version, version, await _last_step(tx, entry_id) if entry.version != version else None)
    entry.state = move_special(SpecialState(entry.state), by).value
    return entry


async def _last_step(tx: Transaction, entry_id: UUID) -> dict[str, str]:
    """Who did what when last."""
    step = (await repository.steps_of(tx.session, entry_id))[-1]
    return {"who": step.actor or "", "kind": step.kind, "at": step.at.isoformat()}


async def _moved(tx: Transaction, at: Desk, entry: SpecialEntry, by: SpecialMove, detail: Detail) -> SpecialDetail:
    entry.version += 1
    await tx.session.flush()
    add_step(tx, entry.entry_id, by.value, at.who, detail, at.now)
    _tell(tx, entry, at.now)
    return await _shown(tx, at, entry)


async def _shown(tx: Transaction, at: Desk, entry: SpecialEntry) -> SpecialDetail:
    await tx.session.flush()
    kind = at.kinds.get(entry.kind_code)
    return await special_detail(tx, at.who, entry, kind.class_code if kind is not None else None, at.today)


def _wanted(at: Desk, asked: SpecialFilter) -> Wanted:
    return Wanted(
        sight=at.sight(),
        words=words_of(asked.q),
        kind=asked.kind,
        state=asked.state,
        street=asked.street,
        community=asked.community,
        unit=asked.unit,
        late_on=at.today if asked.overdue else None,
    )


def _same(standing: SpecialEntry, at: Desk, said: SpecialEntered) -> SpecialEntry:
    if standing.entered_by_id != at.who.user_id or standing.fingerprint != fingerprint(said):
        raise SpecialReused(
            "An entry of this id was made already, with other content.",
            kept="That entry stands as it was entered first.",
            next_step="Load the list anew; enter what is new as another entry.",
            field="entry_id",
        )
    return standing


def _not_found() -> SpecialNotFound:
    return SpecialNotFound("There is no such entry, or not for you.", next_step="Look for it in the list.")


def _tell(tx: Transaction, entry: SpecialEntry, now: datetime) -> None:
    """Nothing that was written is in the event: who hears of it asks for what they may see."""
    codes = {entry.street_code, entry.community_code, entry.unit_code} - {None}
    audience = ["permission:special.read", *sorted(f"unit:{code}" for code in codes)]
    tx.emit(CHANGED, entity=str(entry.entry_id), audience=audience, payload={"entry_id": str(entry.entry_id)}, at=now)
