"""The shift leader watches the figures move while an agent takes a call and puts the citizen on hold."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from .desk import Desk
from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

Enter = Callable[[str], Awaitable[Desk]]


async def test_the_figures_of_a_talk_reach_the_shift_leader(town: Town, enter: Enter) -> None:
    agent, leader = await enter("agent"), await enter("supervisor")
    await leader.at("nav-figures").click()
    await leader.at("span-15m").click()
    await expect(leader.at("figure-connection")).to_be_visible()
    await expect(leader.at("curve")).to_be_visible()

    await agent.make_ready()
    citizen = await town.call("13900000099", talk_s=600)
    await agent.answer()
    await agent.page.keyboard.press("F6")
    await expect(agent.at("hold")).to_have_attribute("aria-pressed", "true")
    await agent.page.keyboard.press("F6")
    await expect(agent.at("hold")).to_have_attribute("aria-pressed", "false")
    await agent.hang_up()
    await citizen.finished()

    row = leader.at("seats-table").locator("tbody tr", has_text=agent.seat).locator("td")
    await expect(row.nth(2)).to_have_text("1")
    await expect(row.nth(1)).to_have_text(agent.person.display_name)
    await expect(row.nth(4)).to_have_text(re.compile(r"^\d+\.\d% \d\d:\d\d/\d\d:\d\d$"))
    await expect(leader.at("figure-connection")).to_contain_text(re.compile(r"\d+ / \d+ 个"))
    await expect(leader.at("queues-table")).to_contain_text("96010 综合")

    await leader.at("how-connection").click()
    await expect(leader.page.get_by_text("任何 24 小时内应不低于 95%")).to_be_visible()
