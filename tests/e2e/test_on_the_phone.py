"""A handling unit and a supervisor on patrol, each with a telephone in the hand, 390 x 844."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from sqlalchemy import select, update

from backend.app.config import Installation, timekeeping
from backend.cases.models import Case
from backend.cases.reference import References
from backend.kernel import clock
from backend.kernel.config import Environment
from backend.patrols.models import Patrol
from tests.integration import papers

from .conftest import Enter
from .desk import Desk
from .town import Town

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
STREET = "110101013"
_SIDEWAYS = "() => document.documentElement.scrollWidth - window.innerWidth"
_OUTSIDE = """() => [...document.querySelectorAll('main *, nav *, header *')].filter((each) => {
  const { right, left, width } = each.getBoundingClientRect()
  return width > 0 && (right > window.innerWidth + 1 || left < -1)
}).map((each) => each.outerHTML.slice(0, 120))"""


class Carry(Protocol):
    """Gives somebody new of a role a telephone."""

    def __call__(self, role: str, unit: str | None = None, at: tuple[float, float] | None = None) -> Awaitable[Desk]:
        """Their page; with `at` the telephone knows where it is, and may tell."""


@pytest_asyncio.fixture(loop_scope="session")
async def carry(town: Town, browser: Browser) -> AsyncIterator[Carry]:
    phones: list[Desk] = []

    async def hand_out(role: str, unit: str | None = None, at: tuple[float, float] | None = None) -> Desk:
        where: dict[str, Any] = {}
        if at is not None:
            where = {"geolocation": {"longitude": at[0], "latitude": at[1]}, "permissions": ["geolocation"]}
        context = await browser.new_context(
            base_url=town.address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
            locale="zh-CN", timezone_id="Asia/Shanghai", **where,
        )  # fmt: skip
        context.set_default_timeout(120_000)
        phone = Desk(await context.new_page(), await town.newcomer(role, unit))
        phones.append(phone)
        await phone.sign_in()
        return phone

    yield hand_out
    for phone in phones:
        await phone.page.context.close()
    assert [trouble for phone in phones for trouble in phone.troubles] == []


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "现场.png"
    path.write_bytes(papers.png(2400, 1800))
    return path


async def a_point(town: Town) -> tuple[tuple[float, float], dict[str, Any]]:
    """A point in 东花市街道, and what a form says of it."""
    references = References(timekeeping(Installation(Environment())))
    async with town.database() as database, database.transaction() as tx:
        grid = (await references.at(tx, clock.now())).grid
    unit = next(each for each in grid.unit_grids if each.code.startswith(STREET))
    inside = unit.shape.representative_point()
    community = grid.community_of(unit.code)
    assert community is not None
    point = {"unit_grid_code": unit.code, "longitude": inside.x, "latitude": inside.y}
    return (inside.x, inside.y), {"place": point, "community_code": community.code}


async def act(desk: Desk, path: str, **body: Any) -> dict[str, Any]:
    """What somebody does at another desk, without the screen."""
    answer = await desk.page.request.post(f"/api/{path}", data=body)
    assert answer.ok, await answer.text()
    return dict(await answer.json())


async def ask(desk: Desk, path: str) -> Any:
    answer = await desk.page.request.get(f"/api/{path}")
    assert answer.ok, await answer.text()
    return await answer.json()


async def move(desk: Desk, case_id: UUID, name: str, **body: Any) -> None:
    """A move of a case as it stands now."""
    await act(desk, f"cases/{case_id}/{name}", version=(await ask(desk, f"cases/{case_id}/loop"))["version"], **body)


async def fits(phone: Desk) -> None:
    """Nothing is to be pushed sideways."""
    assert await phone.page.evaluate(_SIDEWAYS) <= 0
    assert await phone.page.evaluate(_OUTSIDE) == []


async def test_a_unit_signs_takes_a_photo_and_reports_back(town: Town, enter: Enter, carry: Carry, photo: Path) -> None:
    dispatcher, what = await enter("dispatcher"), town.in_own_words("店外经营，桌椅占满便道。")
    case_id = await town.file_case(call_id=f"call-{uuid4()}", what=what, class_code="0205")
    await move(dispatcher, case_id, "dispatch", units=[{"code": STREET, "role": "lead"}])
    phone = await carry("unit", STREET)
    await fits(phone)
    await phone.at("task-card").filter(has_text=what).tap()
    await phone.at("act-signature").tap()
    await expect(phone.at("act-report")).to_be_visible()
    await phone.at("photo-input").set_input_files(photo)
    await expect(phone.at("attachment")).to_have_count(1)
    await fits(phone)
    # the network goes, and the photo is kept
    await phone.page.context.set_offline(True)
    await phone.at("photo-input").set_input_files(photo)
    await expect(phone.at("parcel")).to_have_count(1)
    await phone.page.context.set_offline(False)
    await expect(phone.at("attachment")).to_have_count(2)
    await expect(phone.at("parcel")).to_have_count(0)
    for name, words in (("contact", "已电话联系市民"), ("report", "已劝离，桌椅收回")):
        await phone.at(f"act-{name}").tap()
        await phone.at("act-text").fill(words)
        await phone.at("act-send").tap()
        await expect(phone.at("act-send")).to_have_count(0)
    await expect(phone.at("act-report")).to_have_count(0)
    await fits(phone)
    attachments = await ask(dispatcher, f"cases/{case_id}/attachments")
    assert [(each["step"], each["kind"], each["name"]) for each in attachments] == [
        ("handling", "jpeg", "现场.jpg")
    ] * 2
    await dispatcher.page.goto(f"/cases/{case_id}")
    await expect(dispatcher.at("attachment")).to_have_count(2)
    await dispatcher.at("attachment").first.get_by_role("button").click()
    await expect(dispatcher.at("preview")).to_have_js_property("naturalWidth", 1600)
    assert (await ask(dispatcher, f"cases/{case_id}/loop"))["status"] == "reported"


async def test_a_supervisor_reports_what_is_seen_and_walks_after_the_closing(
    town: Town, enter: Enter, carry: Carry, photo: Path
) -> None:
    point, _ = await a_point(town)
    what = town.in_own_words("店外摆放桌椅，占满便道")
    phone = await carry("patrol", at=point)
    await fits(phone)
    await phone.at("nav-patrol-report").tap()
    await phone.at("photo-input").set_input_files(photo)
    await expect(phone.at("picked-photo")).to_have_count(1)
    await phone.at("report-what").fill(what)
    await phone.at("locate").tap()
    await expect(phone.at("located")).to_be_visible()
    await phone.at("component").tap()
    nearest = phone.page.get_by_role("option").first
    await expect(nearest).to_contain_text("米")
    await nearest.tap()
    await phone.at("class").click()
    await phone.page.keyboard.type("店外经营")
    await expect(phone.at("class-option-0205")).to_have_class(re.compile(r"\bis-hovering\b"))
    await phone.page.keyboard.press("Enter")
    await expect(phone.at("class-hint")).to_be_visible()
    await fits(phone)
    await phone.page.context.set_offline(True)
    await phone.at("send-report").tap()
    await expect(phone.at("parcel")).to_have_count(1)
    await phone.page.context.set_offline(False)
    await expect(phone.at("parcel")).to_have_count(0)
    await phone.page.get_by_text("我的上报").tap()
    await expect(phone.at("reported-case")).to_have_count(1)
    await fits(phone)
    who = select(Case).where(Case.channel == "patrol", Case.what == what)
    ((case,),) = await town.ask(who)
    assert (case.street_code, case.longitude, case.latitude, case.class_code) == (STREET, *point, "0205")
    assert case.component_code is not None
    await close(town, enter, carry, case.case_id)
    await phone.page.get_by_text("待巡查").first.tap()
    await phone.at("patrol-card").filter(has_text=what).first.tap()
    await expect(phone.at("attachment")).to_have_count(1)
    await expect(phone.at("patrol-ok")).to_be_disabled()
    await phone.at("photo-input").set_input_files(photo)
    await expect(phone.at("picked-photo")).to_have_count(1)
    await fits(phone)
    await phone.at("patrol-ok").tap()
    await expect(phone.at("parcel")).to_have_count(0)
    await phone.page.get_by_text("已巡查").tap()
    await expect(phone.at("patrol-card")).to_have_count(1)
    await fits(phone)


async def close(town: Town, enter: Enter, carry: Carry, case_id: UUID) -> None:
    """The case goes round; the worker plans its patrols, and the first of them can be done now."""
    dispatcher, verifier, unit = await enter("dispatcher"), await enter("verifier"), await carry("unit", STREET)
    await move(dispatcher, case_id, "dispatch", units=[{"code": STREET, "role": "lead"}])
    for n, (name, body) in enumerate((("signature", {}), ("report", {"result": "已收回"})), start=1):
        await act(unit, f"tasks/{case_id}/1/{name}", version=n, **body)
    await move(verifier, case_id, "verification")
    await move(verifier, case_id, "closing")
    await verifier.page.goto(f"/cases/{case_id}")
    await expect(verifier.at("case-patrol")).to_have_count(14)
    first = (await ask(verifier, f"cases/{case_id}/patrols"))["patrols"][0]["patrol_id"]
    now = clock.now()
    window = {"opens_at": now - timedelta(hours=1), "due_at": now, "ends_at": now + timedelta(hours=1)}
    async with town.database() as database, database.transaction() as tx:
        await tx.session.execute(update(Patrol).where(Patrol.patrol_id == UUID(first)).values(**window))
