"""The desk of an agent whose telephone stands beside the screen: the same buttons and keys, carried out by the PBX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from telephony.simulate.seats import SeatBehaviour, simulated_seats

from .test_phone import call_of, in_a_call, told
from .town import DESK_PHONE_SEAT

if TYPE_CHECKING:
    from .conftest import Enter
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_phone_on_the_desk_is_controlled_from_the_console(town: Town, enter: Enter) -> None:
    colleague, agent = await enter("agent"), await enter("agent", seated=False)
    await agent.sit_down(DESK_PHONE_SEAT, phone="off")
    await agent.page.keyboard.press("F10")
    await agent.at("seat-ready").click()
    await expect(agent.page.get_by_text("话机尚未注册")).to_be_visible()
    await agent.expect_state("paused")

    async with simulated_seats(town.stage, [DESK_PHONE_SEAT], town.secret_of, SeatBehaviour(controlled=True)):
        citizen, call_id = await in_a_call(town, agent, "13900000191")
        await agent.page.keyboard.press("F6")
        await expect(agent.at("hold")).to_have_attribute("aria-pressed", "true")
        await agent.page.keyboard.press("F6")
        await expect(agent.at("hold")).to_have_attribute("aria-pressed", "false")
        await agent.page.keyboard.press("F7")
        await expect(agent.at("mute")).to_have_attribute("aria-pressed", "true")
        await agent.page.reload()
        await expect(agent.at("mute")).to_have_attribute("aria-pressed", "true")
        await agent.page.keyboard.press("F7")
        await expect(agent.at("mute")).to_have_attribute("aria-pressed", "false")

        await agent.choose_target("F8", colleague.seat)
        await expect(agent.at("consult-bar")).to_have_attribute("data-state", "dialing")
        await colleague.expect_stage("ringing")
        await expect(colleague.at("handed-by")).to_contain_text(DESK_PHONE_SEAT)
        await colleague.pick_up()
        await expect(agent.at("consult-bar")).to_have_attribute("data-state", "talking")
        await agent.page.keyboard.press("F11")
        await expect(agent.at("consult-bar")).to_have_attribute("data-state", "together")
        await agent.page.keyboard.press("F9")
        await agent.expect_state("wrap_up")
        await expect(agent.at("consult-bar")).to_have_count(0)
        await expect(agent.at("phone-state")).to_have_attribute("data-state", "registered")
        await colleague.expect_talk_goes_on()
        await expect(colleague.at("handed-by")).to_contain_text("转来")
        await colleague.hang_up()
        (placed,) = await citizen.finished()
        assert placed.ending == "ended"

        citizen, second = await in_a_call(town, agent, "13900000192")
        await agent.hang_up()
        await citizen.finished()
        await agent.page.keyboard.press(
            "F10"
        )  # nothing tells at once that the telephone goes: nobody shall be rung there
        await agent.at("seat-pause-rest").click()
        await agent.expect_state("paused")
    facts = await told(town, call_id)
    assert facts[-6:] == [
        f"consult_ended {colleague.seat} {DESK_PHONE_SEAT}",
        f"call_transferred {DESK_PHONE_SEAT} {colleague.seat}",
        f"talk_ended {DESK_PHONE_SEAT}",
        f"call_answered {colleague.seat}",
        f"talk_ended {colleague.seat}",
        "call_ended",
    ]
    await told(town, second)
    assert tuple(await call_of(town, second)) == (DESK_PHONE_SEAT, "answered", "ended", "seat")
