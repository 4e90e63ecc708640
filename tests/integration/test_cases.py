"""Drafts and cases on a real PostgreSQL: nothing typed is lost, nothing is filed twice, numbers have no gaps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import func, select

from backend.cases import drafts, errors, filing, service
from backend.cases.drafts import DraftSave
from backend.cases.endpoints import router
from backend.cases.filing import file_case
from backend.cases.list_endpoints import router as list_router
from backend.cases.models import Case, CaseEvent, Draft
from backend.cases.rules import CallFacts, ReferenceData
from backend.cases.schemas import CaseForm, CaseStatus, CaseSummary, DraftContent
from backend.cases.states import CaseMove
from backend.citizens import service as citizens
from backend.citizens.numbers import read_number
from backend.deadlines.rules import load_timekeeping
from backend.grid.file import GridFile
from backend.grid.grid import Grid
from backend.identity import sessions, users
from backend.identity.access import COOKIE
from backend.identity.models import AuditEntry, User
from backend.identity.permissions import load_roles
from backend.identity.principal import Principal
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.database import Database, Transaction, events_table
from backend.kernel.datafile import load_data
from backend.kernel.errors import HotlineError
from backend.taxonomy.schemas import Urgency
from backend.taxonomy.taxonomy import load_taxonomy

pytestmark = pytest.mark.integration

CONFIGS = PROJECT_ROOT / "configs"
ROLES = load_roles(CONFIGS / "roles.yaml")
REFERENCE = ReferenceData(
    Grid(load_data(GridFile, CONFIGS / "grid" / "district.yaml").areas),
    load_taxonomy(CONFIGS / "taxonomy" / "hotline.yaml"),
    load_timekeeping(CONFIGS / "calendar.yaml", CONFIGS / "deadlines.yaml"),
)
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CALL = CallFacts("hotline-1795322342.6", "96010", read_number("13812341234"))


@dataclass(frozen=True)
class Hall:
    """Two agents and the database they work on."""

    database: Database
    wang: Principal
    li: Principal


async def a_user(tx: Transaction, username: str, name: str, role: str) -> Principal:
    """A user, and a principal as a session would give it."""
    user_id, roles = uuid4(), [role]
    user = User(
        user_id=user_id,
        username=username,
        display_name=name,
        password_hash="",
        roles=roles,
        active=True,
        created_at=NOW,
    )
    tx.session.add(user)
    await tx.session.flush()
    return Principal(user_id, username, name, (role,), ROLES.permissions_of(roles), uuid4(), NOW)


@pytest.fixture
async def hall(database: Database) -> Hall:
    async with database.transaction() as tx:
        wang = await a_user(tx, "wang", "王芳", "agent")
        li = await a_user(tx, "li", "李强", "agent")
    return Hall(database, wang, li)


def a_form(**changes: Any) -> CaseForm:
    right = {
        "request_id": uuid4(),
        "call_id": CALL.call_id,
        "what": "小区电梯已坏3天，物业公司无人处理。",
        "citizen_name": "王女士",
        "address": "忠实里西区3号楼",
        "street_code": "110101013",
        "community_code": "110101013007",
        "class_code": "0101",
    }
    return CaseForm.model_validate({**right, **changes})


async def file(
    hall: Hall, form: CaseForm, call: CallFacts | None = CALL, who: Principal | None = None, now: datetime = NOW
) -> CaseSummary:
    async with hall.database.transaction() as tx:
        return await file_case(tx, who or hall.wang, form, call, REFERENCE, now)


async def count(database: Database, table: type) -> int:
    async with database.transaction() as tx:
        return (await tx.session.execute(select(func.count()).select_from(table))).scalar_one()


async def events(database: Database, topic: str) -> list[Any]:
    async with database.transaction() as tx:
        query = select(events_table).where(events_table.c.topic == topic).order_by(events_table.c.seq)
        return list((await tx.session.execute(query)).all())


# ---- drafts ---------------------------------------------------------------------------------------------------------


def a_save(draft_id: UUID, revision: int, what: str, call_id: str | None = CALL.call_id) -> DraftSave:
    return DraftSave(draft_id, call_id, revision, DraftContent(what=what))


async def save(hall: Hall, each: DraftSave, who: Principal | None = None, now: datetime = NOW) -> Any:
    async with hall.database.transaction() as tx:
        return await drafts.save_draft(tx, who or hall.wang, each, now)


async def test_a_draft_is_saved_as_typed_and_found_again(hall: Hall) -> None:
    draft_id = uuid4()
    first = await save(hall, a_save(draft_id, 0, "  电梯"))
    second = await save(hall, a_save(draft_id, first.revision, "  电梯坏了\n"), now=NOW + timedelta(seconds=1))
    assert (first.revision, second.revision) == (1, 2)
    async with hall.database.transaction() as tx:
        assert await drafts.open_drafts(tx, hall.wang.user_id) == [second]
        assert await drafts.open_drafts(tx, hall.li.user_id) == []
        assert await drafts.draft_for_call(tx, hall.wang.user_id, CALL.call_id) == second
        assert await drafts.draft_for_call(tx, hall.li.user_id, CALL.call_id) is None
    assert second.content.what == "  电梯坏了\n"


async def test_a_save_that_comes_again_after_its_answer_was_lost_is_answered_as_before(hall: Hall) -> None:
    draft_id = uuid4()
    once = [await save(hall, a_save(draft_id, revision, f"text {revision}")) for revision in range(3)]
    assert await save(hall, a_save(draft_id, 2, "text 2")) == once[-1]
    assert len(await events(hall.database, "draft_saved")) == 3


async def test_an_older_copy_never_writes_over_a_newer_one_and_learns_what_stands(hall: Hall) -> None:
    draft_id = uuid4()
    for revision in range(3):
        await save(hall, a_save(draft_id, revision, f"text {revision}"))
    with pytest.raises(errors.DraftOutdated) as caught:
        await save(hall, a_save(draft_id, 1, "from an old tab"))
    assert (caught.value.newest.revision, caught.value.newest.content.what) == (3, "text 2")
    async with hall.database.transaction() as tx:
        assert (await drafts.open_drafts(tx, hall.wang.user_id))[0].content.what == "text 2"


async def test_of_two_tabs_that_save_at_once_one_wins_and_the_other_is_told(hall: Hall) -> None:
    draft_id = uuid4()
    await save(hall, a_save(draft_id, 0, "start"))
    outcomes = await asyncio.gather(
        *(save(hall, a_save(draft_id, 1, f"tab {n}")) for n in range(4)), return_exceptions=True
    )
    assert sum(isinstance(outcome, errors.DraftOutdated) for outcome in outcomes) == 3
    won = next(outcome for outcome in outcomes if not isinstance(outcome, BaseException))
    assert won.revision == 2


async def test_the_first_save_sent_twice_at_once_makes_one_draft(hall: Hall) -> None:
    draft_id = uuid4()
    views = await asyncio.gather(*(save(hall, a_save(draft_id, 0, "the same words")) for _ in range(4)))
    assert {view.revision for view in views} == {1}
    assert await count(hall.database, Draft) == 1


async def test_a_draft_belongs_to_one_person(hall: Hall) -> None:
    draft_id = uuid4()
    await save(hall, a_save(draft_id, 0, "mine"))
    with pytest.raises(errors.DraftNotYours):
        await save(hall, a_save(draft_id, 1, "not mine"), who=hall.li)
    with pytest.raises(errors.DraftNotYours):
        async with hall.database.transaction() as tx:
            await drafts.discard_draft(tx, hall.li, draft_id)
    assert await count(hall.database, Draft) == 1


async def test_discarding_is_told_and_may_be_repeated_and_later_words_come_back(hall: Hall) -> None:
    draft_id = uuid4()
    await save(hall, a_save(draft_id, 0, "gone"))
    for _ in range(2):
        async with hall.database.transaction() as tx:
            await drafts.discard_draft(tx, hall.wang, draft_id)
    told = [event.payload["discarded"] for event in await events(hall.database, "draft_saved")]
    assert told == [False, True]
    assert (await save(hall, a_save(draft_id, 1, "typed in another tab"))).revision == 2


async def test_the_other_tabs_hear_of_a_save_and_nobody_else_does(hall: Hall) -> None:
    view = await save(hall, a_save(uuid4(), 0, "words"))
    (event,) = await events(hall.database, "draft_saved")
    assert event.audience == [f"user:{hall.wang.user_id}"]
    assert event.payload["draft"] == view.model_dump(mode="json")


async def test_a_draft_may_hold_any_text(hall: Hall) -> None:
    view = await save(hall, a_save(uuid4(), 0, "\x00 nul, 'quote', \\slash, 𬀩, \u202e"))
    assert view.content.what == " nul, 'quote', \\slash, 𬀩, \u202e"


# ---- filing ---------------------------------------------------------------------------------------------------------


async def test_a_call_becomes_a_case_with_all_that_hangs_on_it(hall: Hall) -> None:
    draft = await save(hall, a_save(uuid4(), 0, "电梯坏了"))
    filed = await file(hall, a_form(draft_id=draft.draft_id))
    assert filed.number == "96010-20261122-000001"
    assert (filed.status, filed.open, filed.call_id) == (CaseStatus.FILED, True, CALL.call_id)
    assert (filed.street_name, filed.community_name, filed.class_name) == ("东花市街道", "忠实里社区", "电梯故障")
    assert filed.filed_by == "王芳"
    assert await count(hall.database, Draft) == 0
    async with hall.database.transaction() as tx:
        detail = await service.look_at_case(tx, hall.li, filed.case_id, NOW)
        assert await citizens.name_of(tx, CALL.caller) == "王女士"
        assert await service.cases_of_number(tx, "+8613812341234") == [filed]
        assert await service.cases_of_call(tx, CALL.call_id) == [filed]
        assert await service.case_numbers_of_calls(tx, [CALL.call_id, "x"]) == {CALL.call_id: [filed.number]}
    assert detail.case == filed
    assert detail.caller is not None
    assert (detail.caller.number, detail.caller.name) == ("138****1234", "王女士")
    assert [(event.kind, event.actor) for event in detail.events] == [("filed", "王芳")]
    assert detail.events[0].detail["call_id"] == CALL.call_id


async def test_everybody_who_reads_cases_hears_of_it_and_the_event_tells_no_number_and_no_name(hall: Hall) -> None:
    filed = await file(hall, a_form())
    (event,) = await events(hall.database, "case_filed")
    assert event.audience == sorted(["permission:cases.read", f"user:{hall.wang.user_id}"])
    assert CaseSummary.model_validate(event.payload) == filed
    assert "13812341234" not in str(event.payload)
    assert "王女士" not in str(event.payload)


async def test_the_same_request_files_once_however_often_and_at_once_it_comes(hall: Hall) -> None:
    form = a_form(draft_id=(await save(hall, a_save(uuid4(), 0, "电梯坏了"))).draft_id)
    filed = await asyncio.gather(*(file(hall, form, now=NOW + timedelta(seconds=n)) for n in range(6)))
    assert {each.case_id for each in filed} == {filed[0].case_id}
    assert await count(hall.database, Case) == 1
    assert await count(hall.database, CaseEvent) == 1
    assert len(await events(hall.database, "case_filed")) == 1
    assert (await file(hall, a_form())).number.endswith("-000002"), "a repetition uses up no number"


async def test_a_request_id_with_other_content_or_from_somebody_else_is_refused(hall: Hall) -> None:
    form = a_form()
    filed = await file(hall, form)
    with pytest.raises(errors.RequestReused, match=filed.number):
        await file(hall, form.model_copy(update={"what": "另一件事"}))
    with pytest.raises(errors.RequestReused):
        await file(hall, form, who=hall.li)
    assert await count(hall.database, Case) == 1


async def test_a_case_answered_at_once_is_closed_with_both_steps_in_its_time_line(hall: Hall) -> None:
    filed = await file(hall, a_form(answered_at_once=True, answer="已告知报修电话。"))
    assert (filed.status, filed.open) == (CaseStatus.CLOSED, False)
    async with hall.database.transaction() as tx:
        detail = await service.look_at_case(tx, hall.wang, filed.case_id, NOW)
        case = await service.find_case(tx, filed.case_id)
    assert [event.kind for event in detail.events] == ["filed", "answered_at_once"]
    assert detail.answer == "已告知报修电话。"
    assert (case.version, case.closed_at) == (2, NOW)


async def test_a_refused_form_leaves_nothing_behind_and_keeps_the_draft(hall: Hall) -> None:
    draft = await save(hall, a_save(uuid4(), 0, "电梯坏了"))
    with pytest.raises(errors.CaseWithoutClass) as caught:
        await file(hall, a_form(draft_id=draft.draft_id, class_code=""))
    assert caught.value.field == "class_code"
    assert await count(hall.database, Case) == 0
    async with hall.database.transaction() as tx:
        assert await drafts.open_drafts(tx, hall.wang.user_id) == [draft]
        assert await citizens.name_of(tx, CALL.caller) is None
    assert await events(hall.database, "case_filed") == []
    assert (await file(hall, a_form())).number.endswith("-000001"), "a refused form uses up no number"


async def test_numbers_have_no_gap_when_many_file_at_once_and_some_fail(hall: Hall) -> None:
    async def one(n: int) -> str | None:
        dialed = "96010" if n % 2 else "12345"
        try:
            async with hall.database.transaction() as tx:
                filed = await file_case(tx, hall.wang, a_form(), replace(CALL, dialed_number=dialed), REFERENCE, NOW)
                if n % 5 == 0:
                    raise RuntimeError("the process dies before the commit")
                return filed.number
        except RuntimeError:
            return None

    numbers = [number for number in await asyncio.gather(*(one(n) for n in range(30))) if number is not None]
    assert len(numbers) == 24
    for prefix in ("96010", "12345"):
        mine = sorted(number for number in numbers if number.startswith(prefix))
        assert mine == [f"{prefix}-20261122-{n:06d}" for n in range(1, len(mine) + 1)]


async def test_the_count_begins_anew_at_midnight_in_beijing(hall: Hall) -> None:
    before = datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)
    numbers = [(await file(hall, a_form(), now=at)).number for at in (before, before, before + timedelta(seconds=1))]
    assert numbers == ["96010-20261122-000001", "96010-20261122-000002", "96010-20261123-000001"]


async def test_a_case_without_a_call_is_a_case_of_the_district(hall: Hall) -> None:
    filed = await file(hall, a_form(call_id=None), call=None)
    assert filed.number == "96010-20261122-000001"
    async with hall.database.transaction() as tx:
        assert (await service.look_at_case(tx, hall.wang, filed.case_id, NOW)).caller is None


@pytest.mark.parametrize(("call_id", "call"), [(CALL.call_id, None), ("another", CALL), (None, CALL)])
async def test_a_case_never_hangs_on_another_call_than_its_form_names(
    hall: Hall, call_id: str | None, call: CallFacts | None
) -> None:
    with pytest.raises(errors.CallNotGiven):
        await file(hall, a_form(call_id=call_id), call=call)


@pytest.mark.parametrize("raw", ["", "anonymous", "8001", "call 13812341234", "\x00\x1b"])
async def test_a_caller_without_a_usable_number_gets_a_case_all_the_same(hall: Hall, raw: str) -> None:
    filed = await file(hall, a_form(), call=replace(CALL, caller=read_number(raw)))
    async with hall.database.transaction() as tx:
        detail = await service.look_at_case(tx, hall.wang, filed.case_id, NOW)
    assert detail.caller is not None
    assert not detail.caller.usable
    assert detail.caller.name == "王女士"


async def test_who_wants_secrecy_is_not_remembered_by_name(hall: Hall) -> None:
    filed = await file(hall, a_form(identity_secret=True))
    async with hall.database.transaction() as tx:
        assert await citizens.name_of(tx, CALL.caller) is None
        assert (await service.look_at_case(tx, hall.wang, filed.case_id, NOW)).identity_secret


async def test_the_name_of_the_latest_case_is_remembered_and_an_empty_one_is_not(hall: Hall) -> None:
    for name, at in (("王女士", 0), ("王小姐", 2), ("", 3), ("旧名", 1)):
        await file(hall, a_form(citizen_name=name), now=NOW + timedelta(seconds=at))
    async with hall.database.transaction() as tx:
        assert await citizens.names_of(tx, ["+8613812341234", "+8613900000000"]) == {"+8613812341234": "王小姐"}


async def test_a_late_save_of_a_filed_draft_is_refused_and_told_its_number(hall: Hall) -> None:
    draft = await save(hall, a_save(uuid4(), 0, "电梯坏了"))
    filed = await file(hall, a_form(draft_id=draft.draft_id))
    with pytest.raises(errors.DraftFiled, match=filed.number):
        await save(hall, a_save(draft.draft_id, 1, "typed while it was filed"))
    assert await count(hall.database, Draft) == 0


async def test_nobody_moves_a_case_that_somebody_else_moved_first(hall: Hall) -> None:
    filed = await file(hall, a_form())
    async with hall.database.transaction() as tx:
        await filing.move_case(tx, hall.wang, filed.case_id, 1, CaseMove.ANSWER_AT_ONCE, NOW)
    with pytest.raises(errors.CaseChangedMeanwhile, match="answered_at_once by 王芳"):
        async with hall.database.transaction() as tx:
            await filing.move_case(tx, hall.li, filed.case_id, 1, CaseMove.ANSWER_AT_ONCE, NOW)
    with pytest.raises(errors.CaseCannotMove):
        async with hall.database.transaction() as tx:
            await filing.move_case(tx, hall.li, filed.case_id, 2, CaseMove.ANSWER_AT_ONCE, NOW)


async def test_of_many_who_move_a_case_at_once_one_wins(hall: Hall) -> None:
    filed = await file(hall, a_form())

    async def one(who: Principal) -> None:
        async with hall.database.transaction() as tx:
            await filing.move_case(tx, who, filed.case_id, 1, CaseMove.ANSWER_AT_ONCE, NOW)

    outcomes = await asyncio.gather(*(one(who) for who in [hall.wang, hall.li] * 4), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, errors.CaseChangedMeanwhile) for outcome in outcomes) == 7
    async with hall.database.transaction() as tx:
        assert len((await service.look_at_case(tx, hall.wang, filed.case_id, NOW)).events) == 2


# ---- reading --------------------------------------------------------------------------------------------------------


async def test_earlier_cases_of_a_number_come_open_first_then_newest(hall: Hall) -> None:
    closed = {"answered_at_once": True, "answer": "已答复"}
    made = [
        (await file(hall, a_form(**(closed if n % 2 else {})), now=NOW + timedelta(minutes=n))).number for n in range(6)
    ]
    other = await file(hall, a_form(), call=replace(CALL, caller=read_number("01065120001")))
    async with hall.database.transaction() as tx:
        found = await service.cases_of_numbers(tx, ["+8613812341234", "+861065120001", "+8613900000000"])
        few = await service.cases_of_number(tx, "+8613812341234", limit=4)
    numbers = [case.number for case in found["+8613812341234"]]
    assert numbers == [made[4], made[2], made[0], made[5], made[3], made[1]]
    assert [case.number for case in few] == numbers[:4]
    assert found["+861065120001"] == [other]
    assert "+8613900000000" not in found


@pytest.fixture
async def client(hall: Hall) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.database, app.state.roles = hall.database, ROLES
    app.include_router(list_router)
    app.include_router(router)

    @app.exception_handler(HotlineError)
    async def problem(_: Request, error: HotlineError) -> JSONResponse:
        return JSONResponse(error.as_dict(), status_code=error.http_status)

    password, now = "a long enough password", datetime.now(UTC)
    async with hall.database.transaction() as tx:
        await users.set_password(tx, "wang", password, now, None)
    signed = await sessions.sign_in(hall.database, ROLES, "wang", password, sessions.Origin("::1"), now)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://desk.test", cookies={COOKIE: signed.token}
    ) as one:
        yield one


async def listed(client: httpx.AsyncClient, **query: Any) -> list[str]:
    """The numbers on all pages of a list."""
    numbers, cursor = [], None
    while True:
        answer = await client.get("/api/cases", params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        numbers += [case["number"] for case in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return numbers


async def test_pages_hold_every_case_once_also_of_the_same_moment(hall: Hall, client: httpx.AsyncClient) -> None:
    made = {(await file(hall, a_form(), now=NOW + timedelta(seconds=n // 4))).number for n in range(17)}
    numbers = await listed(client, limit=5)
    assert len(numbers) == 17
    assert set(numbers) == made
    assert numbers[0] == "96010-20261122-000017"
    # a case that is filed while somebody leafs through the list does not shift the pages
    first = (await client.get("/api/cases", params={"limit": 5})).json()
    await file(hall, a_form(), now=NOW + timedelta(minutes=1))
    second = (await client.get("/api/cases", params={"limit": 5, "cursor": first["next_cursor"]})).json()
    assert not {case["number"] for case in first["items"]} & {case["number"] for case in second["items"]}


async def test_a_list_is_filtered(hall: Hall, client: httpx.AsyncClient) -> None:
    roof = {"what": "屋顶漏水100%湿", "class_code": "0104", "street_code": "110101002", "community_code": None}
    asked = {
        "what": "咨询",
        "class_code": "0103",
        "answered_at_once": True,
        "answer": "已答复",
        "urgency": Urgency.URGENT,
    }
    lift = (await file(hall, a_form(), now=NOW)).number
    leak = (await file(hall, a_form(**roof), who=hall.li, now=NOW + timedelta(seconds=1))).number
    answered = (await file(hall, a_form(**asked), now=NOW + timedelta(seconds=2))).number
    assert await listed(client) == [answered, leak, lift]
    assert await listed(client, q="电梯") == [lift]
    assert await listed(client, q="西区3号") == [answered, leak, lift]
    assert await listed(client, q=lift[-6:]) == [lift]
    assert await listed(client, q="100%") == [leak]
    assert await listed(client, q="%") == [leak], "a wildcard is an ordinary character"
    assert await listed(client, q="_") == []
    assert await listed(client, street="110101002") == [leak]
    assert await listed(client, status="closed") == [answered]
    assert await listed(client, mine=True) == [answered, lift]
    assert await listed(client, mine=True, status="filed", q="电梯") == [lift]


async def test_each_look_at_a_case_stands_in_the_audit_log(hall: Hall, client: httpx.AsyncClient) -> None:
    filed = await file(hall, a_form())
    answer = await client.get(f"/api/cases/{filed.case_id}")
    assert answer.json()["case"]["number"] == filed.number
    assert "13812341234" not in answer.text
    async with hall.database.transaction() as tx:
        looks = (await tx.session.execute(select(AuditEntry).where(AuditEntry.action == "case_read"))).scalars().all()
    assert [(look.username, look.object_id) for look in looks] == [("wang", str(filed.case_id))]


async def test_the_cases_of_a_call_are_listed(hall: Hall, client: httpx.AsyncClient) -> None:
    made = [(await file(hall, a_form(), now=NOW + timedelta(seconds=n))).number for n in range(2)]
    answer = await client.get(f"/api/calls/{CALL.call_id}/cases")
    assert [case["number"] for case in answer.json()] == made
    assert (await client.get("/api/calls/none/cases")).json() == []


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        (f"/api/cases/{UUID(int=0)}", 404, "CaseNotFound"),
        ("/api/cases?cursor=nonsense", 400, "CursorInvalid"),
        ("/api/cases?cursor=MjAyNi0xMS0yMnwx", 400, "CursorInvalid"),
        ("/api/cases?limit=0", 422, None),
        ("/api/cases?status=lost", 422, None),
        ("/api/cases?sreet=1", 422, None),
        ("/api/cases/nonsense", 422, None),
    ],
)
async def test_a_question_that_makes_no_sense_gets_a_clear_answer(
    client: httpx.AsyncClient, path: str, status: int, error: str | None
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.json().get("error") == error


async def test_cases_are_not_for_everybody(hall: Hall, client: httpx.AsyncClient) -> None:
    client.cookies.clear()
    for path in ("/api/cases", f"/api/cases/{uuid4()}", "/api/calls/x/cases"):
        assert (await client.get(path)).status_code == 401
