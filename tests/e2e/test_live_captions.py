"""What the citizen says stands at the seat while it is said, and fills the form by one key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

TYPED = "三号楼电梯坏了，有老人下不了楼。"


async def test_captions_come_while_the_citizen_speaks_and_one_key_takes_what_they_suggest(
    town: Town, enter: Enter
) -> None:
    agent, colleague = await enter("agent"), await enter("agent")
    await agent.make_ready()
    await town.call("13910099001", "elevator", talk_s=600)
    await agent.answer()
    await agent.page.keyboard.type(TYPED)

    citizen = agent.at("captions").locator('[data-leg="caller"]')
    await expect(citizen.first).to_contain_text("电梯坏了三天了")
    await expect(agent.at("captions").locator('[data-leg="seat"]').first).to_contain_text("东城区为民服务热线")
    await expect(agent.at("captions-state")).to_have_text("识别中")

    offered = agent.at("suggested-class_code")
    await expect(offered).to_contain_text("电梯故障")
    await expect(offered).to_contain_text("电梯坏了")
    await expect(agent.at("suggested-address")).to_contain_text("忠实里西区3号楼")
    await expect(agent.at("class")).not_to_contain_text("电梯故障")
    await take_all(agent)
    await expect(agent.at("class")).to_contain_text("电梯故障")
    await expect(agent.at("address")).to_have_value("忠实里西区3号楼")
    await expect(agent.at("located")).to_contain_text("单元网格")
    await expect(agent.at("what")).to_have_value(TYPED)

    await agent.page.reload()
    await expect(citizen.first).to_contain_text("电梯坏了三天了")
    await expect(agent.at("hold")).to_be_enabled()  # the phone has its call back

    await agent.page.keyboard.press("Alt+r")
    await expect(agent.at("captions-state")).to_have_text("录音暂停，字幕暂停")
    await agent.page.keyboard.press("Alt+r")
    await expect(agent.at("captions-state")).to_have_text("识别中")
    await expect(colleague.at("captions")).to_have_count(0)
    assert not [message for message in colleague.heard if message["type"].startswith("caption")]
    await agent.hang_up()
    await expect(agent.at("captions-state")).to_have_text("通话已结束")


async def take_all(agent: Desk) -> None:
    """Take what is offered, one after the other, by the same key."""
    offered = agent.page.locator('[data-testid^="suggested-"]')
    while await offered.count():
        await agent.page.keyboard.press("Alt+a")
