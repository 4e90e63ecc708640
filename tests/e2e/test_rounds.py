"""A grid manager on the round with a telephone, 390 x 844; those at their desks see what comes of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable
from typing import Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from .conftest import Enter
from .desk import Desk, console_context
from .town import Town

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
STREET, COMMUNITY = "110101013", "110101013007"  # 东花市, 忠实里
_SIDEWAYS = "() => document.documentElement.scrollWidth - window.innerWidth"


class GoOut(Protocol):
    """Sends somebody new out on the round, or puts somebody of a unit at a desk."""

    def __call__(self, role: str, unit: str, *, phone: bool = True) -> Awaitable[Desk]:
        """Their page."""


@pytest_asyncio.fixture(loop_scope="session")
async def go_out(town: Town, browser: Browser) -> AsyncIterator[GoOut]:
    gone: list[Desk] = []

    async def send(role: str, unit: str, *, phone: bool = True) -> Desk:
        context = await console_context(browser, town.address)
        page = await context.new_page()
        if phone:
            await page.set_viewport_size({"width": 390, "height": 844})
        desk = Desk(page, await town.newcomer(role, unit))
        gone.append(desk)
        await desk.sign_in()
        return desk

    yield send
    for desk in gone:
        await desk.page.context.close()
    assert [trouble for desk in gone for trouble in desk.troubles] == []


async def pick(desk: Desk, within: Locator, typed: str, chosen: str) -> None:
    """Find something in a list by typing and take the first that fits."""
    await within.locator("input").fill(typed)
    option = desk.page.locator(".el-select-dropdown__item.is-hovering:visible")
    await expect(option).to_contain_text(chosen)
    await desk.page.keyboard.press("Enter")


async def pick_lamp(desk: Desk) -> str:
    """Choose the first street lamp that is offered, as the component that it is about; its code."""
    await desk.at("component").click()
    await desk.page.keyboard.type("路灯")
    offered = desk.page.get_by_role("option")
    # what was offered before anything was typed is gone
    await expect(offered.filter(has_not_text="路灯")).to_have_count(0)
    lamp = offered.filter(has_text="路灯").first
    await expect(lamp).to_be_visible()
    code = (await lamp.get_attribute("data-testid") or "").removeprefix("component-")
    await lamp.click()
    await expect(desk.at("component")).to_contain_text(code)
    return code


async def test_what_is_heard_on_the_round_becomes_a_case_that_is_seen_to_move(
    town: Town, enter: Enter, go_out: GoOut
) -> None:
    heard = town.in_own_words("居民反映三号楼楼道灯坏了一周")
    out = await go_out("grid_manager", COMMUNITY)
    await out.at("nav-diary").click()
    await out.at("round-write").click()
    await expect(out.at("round-community")).to_contain_text("忠实里社区")
    await out.at("round-what").fill(heard)
    # what was typed survives the page
    await out.page.reload()
    await out.at("round-write").click()
    await expect(out.at("round-what")).to_have_value(heard)
    await out.at("round-result").fill("已告知物业")
    await out.at("address").fill("忠实里西区3号楼")
    lamp = await pick_lamp(out)
    await out.at("round-send").click()
    panel = out.at("round-panel")
    await expect(panel).to_contain_text(f"路灯 {lamp}")
    await expect(panel).to_contain_text(heard)
    assert await out.page.evaluate(_SIDEWAYS) <= 0
    await out.at("round-grow").click()
    dialog = out.at("grow-dialog")
    await expect(dialog.get_by_test_id("grow-what")).to_have_value(f"{heard}\n已告知物业")
    await expect(dialog.get_by_test_id("grow-address")).to_have_value("忠实里西区3号楼")
    await pick(out, dialog.get_by_test_id("class"), "wygl", "物业管理")
    await dialog.get_by_test_id("grow-send").click()
    await expect(out.at("grown-case")).to_contain_text("待派遣")
    await expect(out.at("round-grow")).to_have_count(0)

    desk = await enter("dispatcher")
    await desk.at("nav-diary").click()
    await desk.at("round-search").fill("楼道灯")
    await desk.at("round-row").filter(has_text=heard).click()
    await desk.at("grown-case").get_by_role("link").click()
    await expect(desk.at("case-title")).to_be_visible()
    await expect(desk.page.get_by_text(heard)).to_be_visible()
    await expect(desk.page.get_by_text(f"路灯 {lamp}").first).to_be_visible()
    await desk.at("to-origin").click()
    await expect(desk.at("round-panel")).to_contain_text(heard)


async def test_a_special_list_goes_from_the_street_to_its_unit_and_is_checked_off(
    town: Town, enter: Enter, go_out: GoOut
) -> None:
    seen = town.in_own_words("杆间线缆垂落，离地不足两米")
    out = await go_out("grid_manager", COMMUNITY)
    await out.at("nav-special").click()
    await out.at("special-new").click()
    await out.at("special-kind").click()
    await out.page.locator(".el-select-dropdown__item:visible", has_text="架空线").click()
    await out.at("special-what").fill(seen)
    lamp = await pick_lamp(out)
    await out.at("special-enter").click()
    await expect(out.at("special-panel")).to_contain_text(f"路灯 {lamp}")
    await expect(out.at("special-panel")).to_contain_text("待交办")
    assert await out.page.evaluate(_SIDEWAYS) <= 0

    desk = await enter("dispatcher")
    await desk.at("nav-special").click()
    await desk.at("list-Z09").click()
    await desk.page.get_by_role("link", name=seen).click()
    await desk.at("special-assignment").click()
    await desk.at("special-unit").locator("input").fill("东花市街道")
    await desk.page.locator(".el-select-dropdown__item:visible", has_text="东花市街道").first.click()
    await desk.at("special-send").click()
    await expect(desk.at("special-panel")).to_contain_text("整改中")

    unit = await go_out("unit", STREET, phone=False)
    await unit.at("nav-special").click()
    await unit.page.get_by_role("link", name=seen).click()
    await unit.at("special-rectification").click()
    await unit.at("special-text").fill("线缆已收起绑扎")
    await unit.at("special-send").click()
    await expect(unit.at("special-panel")).to_contain_text("待核查")

    verifier = await enter("verifier")
    await verifier.at("nav-special").click()
    await verifier.page.get_by_role("link", name=seen).click()
    await verifier.at("special-rework").click()
    await verifier.at("special-text").fill("一处仍垂落")
    await verifier.at("special-send").click()
    await expect(verifier.at("special-panel")).to_contain_text("整改中")
    await unit.at("special-rectification").click()
    await unit.at("special-text").fill("已全部绑扎")
    await unit.at("special-send").click()
    await verifier.at("special-check").click()
    await verifier.at("special-send").click()
    await expect(verifier.at("special-panel")).to_contain_text("已销账")
    # whoever found it sees that it is done, without asking
    await expect(out.at("special-panel")).to_contain_text("已销账")
    for step in ("登记", "交办", "整改完成", "退回重改"):
        await expect(verifier.at("special-panel")).to_contain_text(step)
    await expect(verifier.at("special-rectification")).to_have_count(0)

    await desk.page.reload()
    await desk.at("special-grow").click()
    dialog = desk.at("grow-dialog")
    await expect(dialog.get_by_test_id("grow-what")).to_have_value(re.compile(f"：{seen}$"))
    await dialog.get_by_test_id("grow-address").fill("东花市北里中区东侧路")
    await dialog.get_by_test_id("grow-send").click()
    await desk.at("grown-case").get_by_role("link").click()
    await expect(desk.page.get_by_text(f"路灯 {lamp}").first).to_be_visible()
