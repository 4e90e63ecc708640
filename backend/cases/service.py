"""Looking at cases: what a pop-up, a call and a case's own page show; the list stands in `listing`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from backend.calls.leading import leaders_of_calls
from backend.calls.service import call_for_case
from backend.cases import group_repository, repository
from backend.cases.errors import CaseChangedMeanwhile, CaseNotFound
from backend.cases.models import Case, CaseEvent
from backend.cases.origins import origin_of
from backend.cases.schemas import CaseDetail, CaseSummary, ColleagueNotes
from backend.cases.states import CaseMove
from backend.cases.views import case_detail, case_summary, draft_view
from backend.identity import audit
from backend.identity.principal import Principal
from backend.identity.repository import display_names
from backend.kernel.database import Transaction

READERS = "permission:cases.read"
_MOVES = frozenset(CaseMove)
POP_UP_CASES = 20
"""How many earlier cases of a number a pop-up shows."""


async def find_case(tx: Transaction, case_id: UUID) -> Case:
    """The case; raises `CaseNotFound`."""
    case = await repository.case_by_id(tx.session, case_id)
    if case is None:
        raise CaseNotFound("There is no such case.", next_step="Look for it in the list.")
    return case


def tell_changed(tx: Transaction, case: Case, now: datetime) -> None:
    """Everybody who reads cases hears how this one stands."""
    summary = case_summary(case).model_dump(mode="json")
    tx.emit("case_changed", entity=str(case.case_id), audience=[READERS], payload=summary, at=now)


async def changed_meanwhile(tx: Transaction, case: Case) -> CaseChangedMeanwhile:
    """The error for who moves a case that somebody else moved first: it tells who did what when."""
    facts = await last_act(tx, case.case_id, lambda event: event.kind in _MOVES)
    last = f" ({facts['kind']} by {facts['who'] or 'the platform'})" if facts else ""
    return CaseChangedMeanwhile(
        f"Somebody else changed the case {case.number} first{last}.",
        kept="What you typed is still on the screen.",
        next_step="Load the case anew and decide again.",
        facts=facts,
    )


async def last_act(tx: Transaction, case_id: UUID, of: Callable[[CaseEvent], bool]) -> dict[str, str]:
    """Who did what when, as the time line tells it of the newest entry that counts; nothing when there is none."""
    events = await repository.events_of(tx.session, case_id)
    found = next((event for event in reversed(events) if of(event)), None)
    if found is None:
        return {}
    return {"who": found.actor or "", "kind": found.kind, "at": found.at.isoformat()}


async def look_at_case(tx: Transaction, principal: Principal, case_id: UUID, now: datetime) -> CaseDetail:
    """Everything about one case; that this person looked goes to the audit log. Raises `CaseNotFound`."""
    case = await find_case(tx, case_id)
    await audit.record(tx, principal, "case_read", "case", case_id, {"number": case.number}, at=now)
    leaders = await leaders_of_cases(tx, [case])
    group = await group_repository.mark_of(tx.session, case_id)
    events, linked = await repository.events_of(tx.session, case_id), await repository.links_of(tx.session, case)
    detail = case_detail(case, events, leaders.get(case.call_id), group, linked)
    return detail.model_copy(update={"origin": await origin_of(tx, case_id)})


async def cases_of_number(tx: Transaction, e164: str, limit: int = POP_UP_CASES) -> list[CaseSummary]:
    """The cases of one telephone number: open ones first, then the newest."""
    return (await cases_of_numbers(tx, [e164], limit)).get(e164, [])


async def cases_of_numbers(
    tx: Transaction, numbers: Collection[str], limit: int = POP_UP_CASES
) -> dict[str, list[CaseSummary]]:
    """The same for many numbers in one query; a number without cases is left out."""
    found: dict[str, list[CaseSummary]] = {}
    for case in await repository.cases_of_numbers(tx.session, numbers, limit):
        found.setdefault(str(case.caller_e164), []).append(case_summary(case))
    return found


async def cases_of_call(tx: Transaction, call_id: str) -> list[CaseSummary]:
    """The cases filed in one call, in the order of filing."""
    leader = (await leaders_of_calls(tx, [call_id])).get(call_id)
    return [case_summary(case, leader) for case in await repository.cases_of_calls(tx.session, [call_id])]


async def notes_of_colleagues(tx: Transaction, who: Principal, call_id: str, now: datetime) -> list[ColleagueNotes]:
    """What others took down in a call that this person was given, the last saved first; the look is audited.

    Raises `CallUnknown` for who has no part in the call.
    """
    await call_for_case(tx, who, call_id)
    drafts = [
        draft for draft in await repository.drafts_of_calls(tx.session, [call_id]) if draft.user_id != who.user_id
    ]
    names = await display_names(tx.session, {draft.user_id for draft in drafts})
    if drafts:
        await audit.record(tx, who, "notes_read", "call", call_id, {"of": sorted(names.values())}, at=now)
    return [
        ColleagueNotes(agent_name=names[each.user_id], content=draft_view(each).content, saved_at=each.saved_at)
        for each in drafts
    ]


async def case_numbers_of_calls(tx: Transaction, call_ids: Collection[str]) -> dict[str, list[str]]:
    """The numbers of the cases filed in these calls; a call without cases is left out."""
    found: dict[str, list[str]] = {}
    for case in await repository.cases_of_calls(tx.session, call_ids):
        found.setdefault(str(case.call_id), []).append(case.number)
    return found


async def numbers_of_cases(tx: Transaction, case_ids: Collection[UUID]) -> dict[UUID, str | None]:
    """The whole numbers under which the citizens of these cases called; never for a screen."""
    return await repository.caller_numbers(tx.session, case_ids)


async def leaders_of_cases(tx: Transaction, cases: Sequence[Case]) -> Mapping[str | None, str]:
    """The leader who answered the call of each of these cases, by call."""
    leaders = await leaders_of_calls(tx, [case.call_id for case in cases if case.call_id is not None])
    return dict(leaders.items())
