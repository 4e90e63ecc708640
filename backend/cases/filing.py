"""Filing: a form becomes a case, once, with its number, its time line and everything that hangs on it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend.calls.outcomes import CHECK_CALL, check_key
from backend.cases import drafts, repository, timeline
from backend.cases.errors import CallNotGiven, RequestReused
from backend.cases.models import Case
from backend.cases.numbering import case_number, day_of, prefix_of
from backend.cases.origins import Origin, keep_origin
from backend.cases.recurrence import earlier_case, tell_both
from backend.cases.rules import CallFacts, CheckedForm, ReferenceData, check_form, fingerprint
from backend.cases.schemas import CaseForm, CaseStatus, CaseSummary
from backend.cases.search import keep_findable
from backend.cases.service import READERS, changed_meanwhile, find_case
from backend.cases.sources import Source, check_source
from backend.cases.states import CaseMove, move
from backend.cases.views import case_summary
from backend.cases.where import component_columns
from backend.citizens import service as citizens
from backend.deadlines import service as deadlines
from backend.deadlines.kept import ClockKey, begin
from backend.deadlines.schemas import ClockName
from backend.grid.components import component_on
from backend.identity.principal import Principal
from backend.kernel.clock import beijing
from backend.kernel.database import Transaction
from backend.kernel.ids import new_id

PATROL = "patrol"
"""The channel of what supervisors on patrol 城管监督员 see and report."""


async def file_case(
    tx: Transaction,
    principal: Principal,
    form: CaseForm,
    came_from: CallFacts | Origin | None,
    reference: ReferenceData,
    now: datetime,
    recurs: Case | None = None,
) -> CaseSummary:
    """File the case and delete its draft.

    The same request files once, however often it comes; with other content it raises `RequestReused`. Raises
    `CaseInvalid` for what is wrong with the form. `came_from` are the facts of the call that the form names, or the
    entry of a diary, ledger or list that becomes a case; `recurs` is the case of which a patrol says that it came back.
    """
    call = came_from if isinstance(came_from, CallFacts) else None
    origin = came_from if isinstance(came_from, Origin) else None
    await repository.serialise_request(tx.session, form.request_id)
    filed = await repository.case_by_request(tx.session, form.request_id)
    if filed is not None:
        return case_summary(_same_request(filed, principal, fingerprint(form, origin)))
    if form.call_id != (call.call_id if call is not None else None):
        raise CallNotGiven("call_id", "The call of this case is not known.", "File it from the call, or without one.")
    standing = await component_on(tx.session, form.component_code, beijing(now).date())
    checked = check_form(form, reference, standing, by_citizen=form.channel != PATROL)
    source = check_source(form, came_from, reference.channels)
    if source.caller is not None and not form.identity_secret:
        await citizens.remember_name(tx, source.caller, checked.citizen_name, now)
    if form.draft_id is not None:
        await drafts.discard_draft(tx, principal, form.draft_id)
    version = reference.taxonomy.version_of(checked.case_class)
    case = await _insert(tx, principal, form, source, checked, version, now)
    await _mark_recurrence(tx, principal, case, checked, recurs, reference, now)
    if form.answered_at_once:
        case = await move_case(tx, principal, case.case_id, case.version, CaseMove.ANSWER_AT_ONCE, now)
    else:
        limit = reference.time.dispatch_limit(case.urgency, case.class_code)
        started = begin({}, ClockKey(ClockName.DISPATCH), limit, now)
        await deadlines.store(tx, case.case_id, {}, started, reference.time, now)
    summary = case_summary(case)
    tx.emit(
        "case_filed",
        entity=str(case.case_id),
        audience=[READERS, f"user:{principal.user_id}"],
        payload=summary.model_dump(mode="json"),
        at=now,
    )
    return summary


async def move_case(
    tx: Transaction, principal: Principal, case_id: UUID, version: int, by: CaseMove, now: datetime
) -> Case:
    """Make one move, unless somebody else moved the case since `version`.

    Raises `CaseNotFound`, `CaseCannotMove`, or `CaseChangedMeanwhile` that tells who did what.
    """
    case = await find_case(tx, case_id)
    if case.version != version:
        raise await changed_meanwhile(tx, case)
    after = move(CaseStatus(case.status), by)
    closed_at = now if after is CaseStatus.CLOSED else None
    moved = await repository.set_status(tx.session, case_id, version, after, closed_at)
    if moved is None:
        raise await changed_meanwhile(tx, case)
    timeline.add_entry(tx, case_id, by.value, principal, {}, now)
    return moved


async def _mark_recurrence(
    tx: Transaction,
    principal: Principal,
    case: Case,
    checked: CheckedForm,
    recurs: Case | None,
    reference: ReferenceData,
    now: datetime,
) -> None:
    """Mark the case as a recurrence: of the case that a patrol names, or of one that the rule finds."""
    earlier, who = recurs, principal if recurs is not None else None
    if earlier is None and not case.answered_at_once:
        earlier = await earlier_case(tx, checked, reference.grid, reference.recurrence, now)
    if earlier is None:
        return
    case.recurs_id = earlier.case_id
    tell_both(tx, who, case, earlier, now)


def _same_request(filed: Case, principal: Principal, said: str) -> Case:
    if filed.filed_by_id != principal.user_id or filed.fingerprint != said:
        raise RequestReused(
            f"This request was filed as {filed.number} already, with other content.",
            kept=f"The case {filed.number} stands as it was filed first.",
            next_step="Open that case; file anything further as a new one.",
        )
    return filed


async def _insert(
    tx: Transaction,
    principal: Principal,
    form: CaseForm,
    source: Source,
    checked: CheckedForm,
    taxonomy_version: str,
    now: datetime,
) -> Case:
    call = source.call
    prefix, day = prefix_of(call.dialed_number if call else None), day_of(now)
    # last of all that waits for others: whoever files next waits from here to our commit
    count = await repository.next_count(tx.session, prefix, day)
    case = Case(
        case_id=new_id(),
        number=case_number(prefix, day, count),
        request_id=form.request_id,
        fingerprint=fingerprint(form, source.origin),
        draft_id=form.draft_id,
        version=1,
        status=move(None, CaseMove.FILE).value,
        channel=source.channel.code,
        source_reference=source.reference,
        call_id=call.call_id if call else None,
        dialed_number=call.dialed_number if call else None,
        caller_number=source.caller.raw if source.caller else None,
        caller_e164=source.caller.e164 if source.caller else None,
        citizen_name=checked.citizen_name,
        identity_secret=form.identity_secret,
        what=checked.what,
        address=checked.address,
        street_code=checked.street.code,
        street_name=checked.street.name,
        community_code=checked.community.code if checked.community else None,
        community_name=checked.community.name if checked.community else None,
        **(checked.place.model_dump() if checked.place else {}),
        **component_columns(checked.component),
        class_code=checked.case_class.code,
        class_name=checked.case_class.name,
        class_path=checked.case_class.path,
        taxonomy_version=taxonomy_version,
        limit_kind=checked.case_class.limit_kind.value,
        limit_amount=checked.case_class.limit_amount,
        duty=checked.case_class.duty,
        urgency=form.urgency.value,
        answered_at_once=form.answered_at_once,
        answer=checked.answer,
        filed_at=now,
        filed_by_id=principal.user_id,
        filed_by=principal.display_name,
        closed_at=None,
    )
    tx.session.add(case)
    await tx.session.flush()
    await keep_findable(tx.session, case)
    if source.origin is not None:
        keep_origin(tx, case.case_id, source.origin)
    detail: timeline.Detail = {
        "number": case.number,
        "call_id": case.call_id,
        "intake": source.channel.title,
        "source": source.reference or None,
        "street": case.street_name,
        "unit_grid": case.unit_grid_code,
        "component": f"{case.component_name} {case.component_code}" if case.component_code else None,
        "class": " / ".join(case.class_path),
        "urgency": case.urgency,
    }
    timeline.add_entry(tx, case.case_id, CaseMove.FILE.value, principal, detail, now)
    if case.call_id is not None:
        # what was checked before there was a case is to be compared with it
        await tx.enqueue(CHECK_CALL, {"call_id": case.call_id}, dedupe_key=check_key(case.call_id, case.number))
    return case
