"""Callback visits on a real PostgreSQL: promised once, taken back with a reason, seen in the case's time line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import func, select

from backend.callbacks import errors, service
from backend.callbacks.endpoints import router
from backend.callbacks.models import Callback
from backend.callbacks.schemas import CallbackState, CallbackView, CallbackWay, CallbackWish
from backend.cases.errors import CaseNotFound
from backend.cases.filing import file_case
from backend.cases.models import Case
from backend.cases.rules import ReferenceData
from backend.cases.schemas import CaseForm, CaseSummary
from backend.cases.service import look_at_case
from backend.deadlines.rules import load_timekeeping
from backend.grid.file import GridFile
from backend.grid.grid import Grid
from backend.identity import sessions, users
from backend.identity.access import COOKIE
from backend.identity.models import User
from backend.identity.permissions import load_roles
from backend.identity.principal import Principal
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.database import Database, Transaction, events_table
from backend.kernel.datafile import load_data
from backend.kernel.errors import HotlineError
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
TOMORROW = NOW + timedelta(days=1)
BY_PHONE = CallbackWish(way=CallbackWay.PHONE, due_at=TOMORROW)


@dataclass(frozen=True)
class Desk:
    """Two agents, a filed case, and the database they work on."""

    database: Database
    wang: Principal
    li: Principal
    case: CaseSummary


async def a_user(tx: Transaction, username: str, name: str) -> Principal:
    user = User(
        user_id=uuid4(),
        username=username,
        display_name=name,
        password_hash="",
        roles=["agent"],
        active=True,
        created_at=NOW,
    )
    tx.session.add(user)
    await tx.session.flush()
    return Principal(user.user_id, username, name, ("agent",), ROLES.permissions_of(["agent"]), uuid4(), NOW)


def a_form(**changes: Any) -> CaseForm:
    right = {"request_id": uuid4(), "what": "电梯坏了", "street_code": "110101013", "class_code": "0101"}
    return CaseForm.model_validate({**right, "address": "忠实里西区3号楼", **changes})


@pytest.fixture
async def desk(database: Database) -> Desk:
    async with database.transaction() as tx:
        wang, li = await a_user(tx, "wang", "王芳"), await a_user(tx, "li", "李强")
        case = await file_case(tx, wang, a_form(), None, REFERENCE, NOW)
    return Desk(database, wang, li, case)


async def schedule(
    desk: Desk,
    wish: CallbackWish = BY_PHONE,
    request_id: UUID | None = None,
    who: Principal | None = None,
    now: datetime = NOW,
) -> CallbackView:
    async with desk.database.transaction() as tx:
        return await service.schedule(tx, who or desk.wang, desk.case.case_id, wish, request_id or uuid4(), now)


async def cancel(
    desk: Desk, callback_id: UUID, reason: str = "市民要求取消", who: Principal | None = None
) -> CallbackView:
    async with desk.database.transaction() as tx:
        return await service.cancel(tx, who or desk.wang, callback_id, reason, NOW)


async def told(desk: Desk) -> list[Any]:
    query = select(events_table).where(events_table.c.topic == "callback_changed").order_by(events_table.c.seq)
    async with desk.database.transaction() as tx:
        return list((await tx.session.execute(query)).all())


async def time_line(desk: Desk) -> list[tuple[str, str | None]]:
    async with desk.database.transaction() as tx:
        detail = await look_at_case(tx, desk.wang, desk.case.case_id, NOW)
    return [(event.kind, event.actor) for event in detail.events]


async def test_a_promise_stands_with_its_case(desk: Desk) -> None:
    view = await schedule(desk)
    assert (view.case_number, view.way, view.state) == (desk.case.number, CallbackWay.PHONE, CallbackState.SCHEDULED)
    assert (view.due_at, view.scheduled_at, view.scheduled_by) == (TOMORROW, NOW, "王芳")
    async with desk.database.transaction() as tx:
        assert await service.callbacks_of_case(tx, desk.case.case_id) == [view]
    assert await time_line(desk) == [("filed", "王芳"), ("callback_scheduled", "王芳")]
    (event,) = await told(desk)
    assert event.audience == sorted(["permission:callbacks.read", f"user:{desk.wang.user_id}"])
    assert CallbackView.model_validate(event.payload) == view


async def test_a_case_and_its_callback_are_stored_together_or_not_at_all(desk: Desk) -> None:
    form = a_form(address="")
    wish = CallbackWish(way=CallbackWay.VISIT, due_at=TOMORROW)

    async def file_with_callback() -> None:
        async with desk.database.transaction() as tx:
            case = await file_case(tx, desk.wang, form, None, REFERENCE, NOW)
            await service.schedule(tx, desk.wang, case.case_id, wish, form.request_id, NOW)

    with pytest.raises(errors.VisitWithoutAddress):
        await file_with_callback()
    async with desk.database.transaction() as tx:
        assert (await tx.session.execute(select(func.count()).select_from(Case))).scalar_one() == 1
        assert (await tx.session.execute(select(func.count()).select_from(Callback))).scalar_one() == 0


async def test_the_same_request_promises_once_also_at_once_and_when_its_time_has_passed(desk: Desk) -> None:
    request_id = uuid4()
    views = await asyncio.gather(*(schedule(desk, request_id=request_id) for _ in range(6)))
    assert {view.callback_id for view in views} == {views[0].callback_id}
    late = await schedule(desk, request_id=request_id, now=TOMORROW + timedelta(days=1))
    assert late == views[0]
    assert len(await told(desk)) == 1
    assert len(await time_line(desk)) == 2


async def test_a_request_id_with_another_wish_or_from_somebody_else_is_refused(desk: Desk) -> None:
    request_id = uuid4()
    await schedule(desk, request_id=request_id)
    with pytest.raises(errors.CallbackRequestReused):
        await schedule(desk, BY_PHONE.model_copy(update={"due_at": TOMORROW + timedelta(hours=1)}), request_id)
    with pytest.raises(errors.CallbackRequestReused):
        await schedule(desk, request_id=request_id, who=desk.li)
    assert len(await told(desk)) == 1


async def test_a_time_that_has_passed_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    with pytest.raises(errors.CallbackInThePast) as caught:
        await schedule(desk, now=TOMORROW)
    assert caught.value.field == "due_at"
    assert await told(desk) == []
    assert await time_line(desk) == [("filed", "王芳")]


async def test_a_case_that_does_not_exist_gets_no_callback(desk: Desk) -> None:
    with pytest.raises(CaseNotFound):
        async with desk.database.transaction() as tx:
            await service.schedule(tx, desk.wang, uuid4(), BY_PHONE, uuid4(), NOW)
    with pytest.raises(CaseNotFound):
        async with desk.database.transaction() as tx:
            await service.callbacks_of_case(tx, uuid4())


async def test_a_promise_is_taken_back_with_its_reason(desk: Desk) -> None:
    view = await schedule(desk)
    assert (await cancel(desk, view.callback_id, " 市民要求取消 ", who=desk.li)).state is CallbackState.CANCELED
    async with desk.database.transaction() as tx:
        detail = await look_at_case(tx, desk.wang, desk.case.case_id, NOW)
    assert (detail.events[-1].kind, detail.events[-1].actor) == ("callback_canceled", "李强")
    assert detail.events[-1].detail["reason"] == "市民要求取消"
    assert [event.payload["state"] for event in await told(desk)] == ["scheduled", "canceled"]


async def test_the_same_cancellation_again_is_no_error_and_another_one_is(desk: Desk) -> None:
    view = await schedule(desk)
    once = await cancel(desk, view.callback_id)
    assert await cancel(desk, view.callback_id) == once
    with pytest.raises(errors.CallbackCannotMove):
        await cancel(desk, view.callback_id, "另一个原因")
    assert len(await told(desk)) == 2


@pytest.mark.parametrize("reason", ["", "  ", "\n\x00"])
async def test_a_cancellation_needs_a_reason(desk: Desk, reason: str) -> None:
    view = await schedule(desk)
    with pytest.raises(errors.CancelWithoutReason) as caught:
        await cancel(desk, view.callback_id, reason)
    assert caught.value.field == "reason"
    with pytest.raises(errors.CallbackNotFound):
        await cancel(desk, uuid4())


async def test_a_visit_that_was_made_cannot_be_taken_back(desk: Desk) -> None:
    view = await schedule(desk)
    async with desk.database.transaction() as tx:
        assert (await service.complete(tx, desk.li, view.callback_id, TOMORROW)).state is CallbackState.DONE
    with pytest.raises(errors.CallbackCannotMove):
        await cancel(desk, view.callback_id)
    assert (await time_line(desk))[-1] == ("callback_done", "李强")


async def test_of_those_who_end_a_promise_at_once_one_wins(desk: Desk) -> None:
    view = await schedule(desk)

    async def complete() -> CallbackView:
        async with desk.database.transaction() as tx:
            return await service.complete(tx, desk.li, view.callback_id, TOMORROW)

    ends = [complete() if n % 2 else cancel(desk, view.callback_id, f"原因{n}") for n in range(6)]
    outcomes = await asyncio.gather(*ends, return_exceptions=True)
    assert sum(isinstance(outcome, CallbackView) for outcome in outcomes) == 1
    refused = (errors.CallbackChangedMeanwhile, errors.CallbackCannotMove)
    assert sum(isinstance(outcome, refused) for outcome in outcomes) == 5
    assert len(await time_line(desk)) == 3


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.database, app.state.roles = desk.database, ROLES
    app.include_router(router)

    @app.exception_handler(HotlineError)
    async def problem(_: Request, error: HotlineError) -> JSONResponse:
        return JSONResponse(error.as_dict(), status_code=error.http_status)

    password, now = "a long enough password", datetime.now(UTC)
    async with desk.database.transaction() as tx:
        await users.set_password(tx, "wang", password, now, None)
    signed = await sessions.sign_in(desk.database, ROLES, "wang", password, sessions.Origin("::1"), now)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://desk.test", cookies={COOKIE: signed.token}
    ) as one:
        yield one


async def test_the_list_tells_what_is_due_next_page_by_page(desk: Desk, client: httpx.AsyncClient) -> None:
    made = [
        await schedule(desk, BY_PHONE.model_copy(update={"due_at": TOMORROW + timedelta(hours=n // 3)}))
        for n in range(8)
    ]
    await cancel(desk, made[0].callback_id)
    found, cursor = [], None
    while True:
        params = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/api/callbacks", params=params)).json()
        found += [CallbackView.model_validate(item) for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [view.due_at for view in found] == sorted(view.due_at for view in made)
    assert {view.callback_id for view in found} == {view.callback_id for view in made}


async def test_the_list_is_filtered_by_state_and_time(desk: Desk, client: httpx.AsyncClient) -> None:
    near = await schedule(desk)
    far = await schedule(desk, BY_PHONE.model_copy(update={"due_at": TOMORROW + timedelta(days=3)}))
    gone = await schedule(desk)
    await cancel(desk, gone.callback_id)

    async def ids(**params: str) -> list[str]:
        answer = await client.get("/api/callbacks", params=params)
        return [item["callback_id"] for item in answer.json()["items"]]

    assert await ids(state="scheduled") == [str(near.callback_id), str(far.callback_id)]
    assert await ids(state="canceled") == [str(gone.callback_id)]
    assert await ids(state="scheduled", due_before=(TOMORROW + timedelta(days=1)).isoformat()) == [
        str(near.callback_id)
    ]
    assert (await client.get("/api/callbacks", params={"due_before": "2026-11-23T08:00:00"})).status_code == 422
    assert (await client.get("/api/callbacks", params={"cursor": "x"})).json()["error"] == "CursorInvalid"


async def test_the_callbacks_of_a_case_over_http(desk: Desk, client: httpx.AsyncClient) -> None:
    view = await schedule(desk)
    answer = await client.get(f"/api/cases/{desk.case.case_id}/callbacks")
    assert [CallbackView.model_validate(item) for item in answer.json()] == [view]
    assert (await client.get(f"/api/cases/{uuid4()}/callbacks")).json()["error"] == "CaseNotFound"
    client.cookies.clear()
    assert (await client.get("/api/callbacks")).status_code == 401
