"""Recurrence: patrols after closing, what they find, what comes back, and every rule of it tried through the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update

from backend.app.config import patrol_rules
from backend.cases.models import Case
from backend.identity.permissions import load_roles
from backend.identity.users import Account, create_user
from backend.kernel import clock
from backend.patrols.keeper import PatrolKeeper
from backend.patrols.models import Patrol

from .hall import PASSWORD, ConsoleHall
from .loop_hall import OTHER_STREET, STREET, Answer, LoopHall, open_loop, refused
from .test_attachments import attached, send

pytestmark = pytest.mark.integration
VENDOR, LITTER, LIFT = "0205", "0201", "0101"
"""A class with patrols that files a new case, one that opens the case again, and one without patrols."""


@pytest.fixture
async def loop(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    roles = load_roles(hall.installation.path(hall.installation.config.data.roles))
    async with hall.database.transaction() as tx:
        for account in (
            Account("walker", "赵巡", PASSWORD, ("patrol",)),
            Account("other_walker", "钱巡", PASSWORD, ("patrol",)),
            Account("street_walker", "孙巡", PASSWORD, ("patrol",), STREET),
        ):
            await create_user(tx, roles, account, clock.now(), None)
    async with open_loop(hall) as opened:
        yield opened


def keeper(loop: LoopHall, later: timedelta = timedelta()) -> PatrolKeeper:
    rules = patrol_rules(loop.hall.installation, loop.hall.app.state.loop.time)
    return PatrolKeeper(loop.hall.database, rules, lambda: clock.now() + later)


async def place_at(loop: LoopHall, shift: float = 0.0) -> dict[str, Any]:
    """A point in the middle of a unit grid of 东花市街道, and what a form says of it."""
    async with loop.hall.database.transaction() as tx:
        grid = await loop.hall.app.state.console.references.grid.at(tx.session, clock.now())
    unit = next(each for each in grid.unit_grids if each.code.startswith(STREET))
    inside = unit.shape.representative_point()
    point = {"unit_grid_code": unit.code, "longitude": inside.x + shift, "latitude": inside.y}
    return {"place": point, "community_code": grid.community_of(unit.code).code}


async def closed(loop: LoopHall, class_code: str = VENDOR, **changes: Any) -> UUID:
    """A case that went round and is closed, with its patrols planned."""
    case_id = await loop.closed(class_code=class_code, **{**await place_at(loop), **changes})
    await keeper(loop).follow_up(await follow_up_job(loop, case_id))
    return case_id


async def follow_up_job(loop: LoopHall, case_id: UUID) -> dict[str, Any]:
    async with loop.hall.database.transaction() as tx:
        case = await tx.session.get(Case, case_id)
        jobs = await tx.session.execute(text("SELECT payload FROM pgqueuer WHERE entrypoint = 'follow_up_case'"))
        assert any(str(case_id).encode() in row.payload for row in jobs)
        assert case is not None
        return {"case_id": str(case_id), "version": case.version}


async def patrols(loop: LoopHall, case_id: UUID) -> list[dict[str, Any]]:
    answer = await loop.get("dispatcher", f"/api/cases/{case_id}/patrols")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["patrols"])


async def open_first(loop: LoopHall, case_id: UUID) -> str:
    """Let the first patrol that waits be open now."""
    first = next(each for each in await patrols(loop, case_id) if each["state"] == "waiting")
    now = clock.now()
    window = {"opens_at": now - timedelta(hours=1), "due_at": now, "ends_at": now + timedelta(hours=1)}
    async with loop.hall.database.transaction() as tx:
        await tx.session.execute(update(Patrol).where(Patrol.patrol_id == UUID(first["patrol_id"])).values(**window))
    return str(first["patrol_id"])


async def end(loop: LoopHall, who: str, patrol_id: str, finding: str = "ok", **said: Any) -> Answer:
    result = {"request_id": str(uuid4()), "finding": finding, **said}
    return await (await loop.who(who)).post(f"/api/patrols/{patrol_id}/result", json=result)


async def with_photo(loop: LoopHall, case_id: UUID, who: str = "walker") -> str:
    patrol_id = await open_first(loop, case_id)
    await attached(loop, who, f"patrols/{patrol_id}")
    return patrol_id


async def states(loop: LoopHall, case_id: UUID) -> list[str]:
    return [each["state"] for each in await patrols(loop, case_id)]


async def test_a_closing_plans_two_patrols_a_day_once(loop: LoopHall) -> None:
    case_id = await closed(loop)
    await keeper(loop).follow_up(await follow_up_job(loop, case_id))
    assert await states(loop, case_id) == ["waiting"] * 14
    assert (await loop.story(case_id)).count("patrols_planned") == 1
    plan = (await loop.get("verifier", f"/api/cases/{case_id}/patrols")).json()["plan"]
    assert (plan["days"], plan["rounds"], plan["set_by"]) == (7, 2, None)
    assert await states(loop, await closed(loop, LIFT)) == []


async def test_a_patrol_is_done_with_a_photo_in_its_time(loop: LoopHall) -> None:
    case_id = await closed(loop)
    early = (await patrols(loop, case_id))[0]["patrol_id"]
    await attached(loop, "walker", f"patrols/{early}")
    refused(await end(loop, "walker", early), "PatrolTooEarly")
    patrol_id = (await patrols(loop, case_id))[1]["patrol_id"]
    now = clock.now()
    async with loop.hall.database.transaction() as tx:
        window = {"opens_at": now, "due_at": now, "ends_at": now + timedelta(hours=1)}
        await tx.session.execute(update(Patrol).where(Patrol.patrol_id == UUID(patrol_id)).values(**window))
    assert refused(await end(loop, "walker", patrol_id), "PatrolWithoutPhoto")["field"] == "photo"
    await attached(loop, "walker", f"patrols/{patrol_id}")
    refused(await end(loop, "street_walker", patrol_id), "HandlerCannotJudge")
    refused(await end(loop, "street", patrol_id), "NotPermitted")
    refused(await end(loop, "walker", str(uuid4())), "PatrolNotFound")
    done = await end(loop, "walker", patrol_id, longitude=116.4, latitude=39.9)
    assert done.status_code == 200, done.text
    assert done.json()["task"]["patrol"]["state"] == "ok"
    refused(await end(loop, "other_walker", patrol_id), "PatrolCannotMove")
    refused(await send(loop, "walker", f"patrols/{patrol_id}"), "AttachmentsClosed")
    assert "patrol_ok" in await loop.story(case_id)
    mine = (await loop.get("walker", "/api/patrols?done=true")).json()
    assert [each["patrol"]["done_by"] for each in mine] == ["赵巡"]
    assert (await loop.get("other_walker", "/api/patrols?done=true")).json() == []


async def test_two_at_once_end_a_patrol_once_and_a_lost_answer_is_asked_again(loop: LoopHall) -> None:
    case_id = await closed(loop)
    patrol_id = await with_photo(loop, case_id)
    request_id = str(uuid4())
    await loop.who("other_walker")
    answers = await asyncio.gather(
        *(end(loop, "walker", patrol_id, request_id=request_id) for _ in range(3)),
        end(loop, "other_walker", patrol_id, "recurred", note="又来了"),
    )
    codes = [answer.status_code for answer in answers]
    assert codes in ([200, 200, 200, 409], [409, 409, 409, 200])
    if codes[0] == 200:
        refused(await end(loop, "walker", patrol_id, request_id=request_id, note="x"), "PatrolResultReused")


async def test_what_came_back_is_a_new_case_linked_to_the_earlier(loop: LoopHall) -> None:
    case_id = await closed(loop)
    patrol_id = await with_photo(loop, case_id)
    assert refused(await end(loop, "walker", patrol_id, "recurred", note=" \n"), "PatrolWithoutNote")["field"] == "note"
    request_id = str(uuid4())
    for _ in range(2):
        answer = await end(loop, "walker", patrol_id, "recurred", note="摊位又摆出来了", request_id=request_id)
        assert answer.status_code == 200, answer.text
    new = answer.json()["task"]["patrol"]["new_case_id"]
    whole = (await loop.get("dispatcher", f"/api/cases/{new}")).json()
    assert whole["recurs"]["case_id"] == whole["case"]["recurs_id"] == str(case_id)
    assert whole["caller"] is None
    assert "王女士" not in str(whole["case"])
    assert whole["case"]["what"].startswith("摊位又摆出来了")
    assert whole["place"] is not None
    old = (await loop.get("dispatcher", f"/api/cases/{case_id}")).json()
    assert [each["case_id"] for each in old["recurred"]] == [new]
    assert set(await states(loop, case_id)) == {"recurred", "cancelled"}
    photos = (await loop.get("dispatcher", f"/api/cases/{new}/attachments")).json()
    assert [each["step"] for each in photos] == ["patrol"]
    listed = (await loop.get("dispatcher", "/api/cases?recurring=true&channel=patrol")).json()["items"]
    assert [each["case_id"] for each in listed] == [new]
    counts = (await loop.get("dispatcher", "/api/cases/counts?recurring=true")).json()["counts"]
    assert sum(each["count"] for each in counts) == 1


async def test_what_came_back_opens_the_case_again_where_the_plan_says_so(loop: LoopHall) -> None:
    case_id = await closed(loop, LITTER)
    answer = await end(loop, "walker", await with_photo(loop, case_id), "recurred", note="垃圾又堆满")
    assert answer.json()["task"]["patrol"]["new_case_id"] is None
    stands = await loop.loop(case_id)
    assert (stands["status"], stands["reopened"], stands["tasks"][-1]["unit_code"]) == ("handling", 1, STREET)
    assert set(await states(loop, case_id)) == {"recurred", "cancelled"}
    await loop.report("street", case_id, 2)
    await loop.case("verifier", case_id, "verification")
    await loop.case("verifier", case_id, "closing")
    await keeper(loop).follow_up(await follow_up_job(loop, case_id))
    assert (await states(loop, case_id))[-6:] == ["waiting"] * 6


async def test_a_case_that_is_open_again_is_not_followed_up(loop: LoopHall) -> None:
    case_id = await closed(loop, LITTER)
    patrol_id = await with_photo(loop, case_id)
    async with loop.hall.database.transaction() as tx:
        values = {"status": "handling", "closed_at": None, "version": Case.version + 1}
        await tx.session.execute(update(Case).where(Case.case_id == case_id).values(**values))
    refused(await end(loop, "walker", patrol_id), "PatrolMoot")
    assert (await loop.get("walker", "/api/patrols")).json() == []
    await keeper(loop).follow_up({"case_id": str(case_id), "version": 99})
    assert set(await states(loop, case_id)) == {"cancelled"}
    refused(await end(loop, "walker", patrol_id), "PatrolCannotMove")


async def test_an_opening_is_told_and_a_missed_patrol_stays_visible(loop: LoopHall) -> None:
    case_id = await closed(loop, LITTER)
    async with loop.hall.console("walker") as walker:
        for days in (1, 1, 2):
            await keeper(loop, timedelta(days=days)).step({"case_id": str(case_id)})
        await loop.hall.all_heard(walker)
        told = [event.patrol_id for event in walker.kinds("patrols_changed") if event.patrol_id is not None]
        assert len(told) == len(set(told))
    found = await states(loop, case_id)
    assert found.count("missed") >= 2
    assert (await loop.story(case_id)).count("patrol_missed") == found.count("missed")
    await keeper(loop, timedelta(days=9)).step({"case_id": str(case_id)})
    assert set(await states(loop, case_id)) == {"missed"}
    async with loop.hall.database.transaction() as tx:
        row = (await tx.session.execute(select(Patrol.patrol_id).limit(1))).scalar_one()
    refused(await end(loop, "walker", str(row)), "PatrolCannotMove")


async def test_patrols_are_set_by_hand(loop: LoopHall) -> None:
    async def put(who: str, case_id: UUID, **wish: Any) -> Answer:
        said = {"days": 2, "rounds": 3, "reason": "重点地段", **wish}
        return await (await loop.who(who)).put(f"/api/cases/{case_id}/patrols", json=said)

    case_id = await loop.handled(class_code=LIFT, **await place_at(loop))
    assert refused(await put("verifier", case_id, days=31), "PatrolPlanInvalid")["field"] == "days"
    assert refused(await put("verifier", case_id, rounds=4), "PatrolPlanInvalid")["field"] == "rounds"
    refused(await put("verifier", case_id, reason=" "), "InputInvalid")
    refused(await put("turncoat", case_id), "HandlerCannotJudge")
    refused(await put("wang", case_id), "NotPermitted")
    refused(await put("street", case_id), "NotPermitted")
    assert (await put("verifier", case_id)).status_code == 200
    assert await states(loop, case_id) == []
    await loop.case("verifier", case_id, "verification")
    await loop.case("verifier", case_id, "closing")
    await keeper(loop).follow_up(await follow_up_job(loop, case_id))
    assert await states(loop, case_id) == ["waiting"] * 6
    assert (await put("dispatcher", case_id, days=1, rounds=1)).status_code == 200
    assert await states(loop, case_id) == ["cancelled"] * 6 + ["waiting"]
    assert (await put("dispatcher", case_id, days=0)).status_code == 200
    assert await states(loop, case_id) == ["cancelled"] * 7
    answered = await loop.file(answered_at_once=True, answer="已解答")
    refused(await put("verifier", answered), "PatrolsNotFollowable")


async def test_a_beat_shows_its_own_streets(loop: LoopHall) -> None:
    await closed(loop, LITTER)
    walker = await loop.who("walker")
    refused(await walker.put("/api/patrols/beat", json={"streets": ["x"]}), "UnknownBeat")
    due = [each["patrol"]["due_at"] for each in (await walker.get("/api/patrols")).json()]
    assert due
    assert due == sorted(due)
    await walker.put("/api/patrols/beat", json={"streets": [OTHER_STREET]})
    assert (await walker.get("/api/patrols")).json() == []
    await walker.put("/api/patrols/beat", json={"streets": [STREET, OTHER_STREET]})
    assert len((await walker.get("/api/patrols")).json()) == len(due)


async def test_a_patrol_reports_a_case_like_any_other(loop: LoopHall) -> None:
    walker = await loop.who("walker")
    seen = {
        "request_id": str(uuid4()), "what": "店外摆放桌椅", "address": "忠实里", "street_code": STREET,
        "class_code": VENDOR, **await place_at(loop),
    }  # fmt: skip
    filed = [(await walker.post("/api/patrols/reports", json=seen)).json() for _ in range(2)]
    assert filed[0]["case_id"] == filed[1]["case_id"]
    case_id = filed[0]["case_id"]
    refused(await walker.post("/api/patrols/reports", json={**seen, "what": "别的"}), "RequestReused")
    refused(await walker.post("/api/patrols/reports", json={**seen, "request_id": str(uuid4()), "what": " "}),
            "CaseWithoutContent")  # fmt: skip
    elsewhere = {**seen, "request_id": str(uuid4()), "street_code": OTHER_STREET, "community_code": None}
    refused(await walker.post("/api/patrols/reports", json=elsewhere), "PointElsewhere")
    photo = await attached(loop, "walker", f"patrols/reports/{case_id}")
    refused(await send(loop, "other_walker", f"patrols/reports/{case_id}"), "ReportNotYours")
    refused(await send(loop, "walker", f"patrols/reports/{await loop.file()}"), "ReportNotYours")
    refused(await loop.get("walker", f"/api/attachments/{photo['attachment_id']}/file"), "NotPermitted")
    refused(await loop.get("walker", f"/api/cases/{case_id}"), "NotPermitted")
    refused(await loop.get("wang", "/api/patrols"), "NotPermitted")
    mine = (await loop.get("walker", "/api/patrols/reports")).json()
    assert [each["case"]["case_id"] for each in mine] == [case_id]
    stands = await loop.dispatch(UUID(case_id), STREET)
    assert stands["status"] == "handling"
    listed = (await loop.get("dispatcher", "/api/cases?channel=patrol")).json()["items"]
    assert [each["case_id"] for each in listed] == [case_id]


async def test_a_case_at_the_same_point_is_marked(loop: LoopHall) -> None:
    first = await closed(loop)
    where = await place_at(loop)

    async def recurs(**changes: Any) -> str | None:
        case_id = await loop.file(**{"class_code": VENDOR, **where, **changes})
        return (await loop.get("dispatcher", f"/api/cases/{case_id}")).json()["case"]["recurs_id"]

    assert await recurs() == str(first)
    assert "marked_as_recurrence" in await loop.story(UUID(await newest(loop)))
    assert (await loop.story(first)).count("recurred") == 1
    assert await recurs(class_code=LIFT) is None
    assert await recurs(place=None) is None
    assert await recurs(answered_at_once=True, answer="已解答") is None
    async with loop.hall.database.transaction() as tx:
        long_ago = clock.now() - timedelta(days=31)
        await tx.session.execute(update(Case).where(Case.case_id == first).values(closed_at=long_ago))
    assert await recurs() is None
    withdrawn = await loop.file(class_code=VENDOR, **where)
    await loop.case("wang", withdrawn, "withdrawal", reason="不投诉了")
    assert await recurs() is None


async def newest(loop: LoopHall) -> str:
    items = (await loop.get("dispatcher", "/api/cases?recurring=true")).json()["items"]
    return str(items[0]["case_id"])


async def test_photos_of_a_patrol_are_seen_by_those_who_walk(loop: LoopHall) -> None:
    case_id = await loop.handled(class_code=VENDOR, **await place_at(loop))
    shown = await attached(loop, "verifier", f"cases/{case_id}")
    hidden = await attached(loop, "verifier", f"cases/{case_id}", internal=True)
    await loop.case("verifier", case_id, "verification")
    await loop.case("verifier", case_id, "closing")
    await keeper(loop).follow_up(await follow_up_job(loop, case_id))
    patrol_id = await open_first(loop, case_id)
    detail = (await loop.get("walker", f"/api/patrols/{patrol_id}")).json()
    assert [each["attachment_id"] for each in detail["attachments"]] == [shown["attachment_id"]]
    assert "13812341234" not in str(detail)
    at = f"/api/patrols/{patrol_id}/attachments"
    assert (await loop.get("walker", f"{at}/{shown['attachment_id']}/file")).status_code == 200
    refused(await loop.get("walker", f"{at}/{hidden['attachment_id']}/file"), "AttachmentNotFound")
    other = await attached(loop, "wang", f"cases/{await loop.file()}")
    refused(await loop.get("walker", f"{at}/{other['attachment_id']}/file"), "AttachmentNotFound")
