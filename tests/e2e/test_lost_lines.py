"""An agent's page dies in the middle of a call: who was consulted is let go, and the citizen is kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from backend.calls.models import CallFact

if TYPE_CHECKING:
    from .conftest import Enter
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

NOTICED_MS = 150_000
"""The PBX waits for a sound (pbx.lost_after), then tells the citizen, then calls the next seat."""


async def test_the_citizen_of_a_page_that_never_comes_back_is_served_by_another(town: Town, enter: Enter) -> None:
    boss, first, second = await enter("supervisor"), await enter("agent"), await enter("agent")
    await first.make_ready()
    citizen = await town.call("13900000501", "elevator", talk_s=600)
    await first.answer()
    call_id = first.events("call_answered")[-1]["call_id"]
    await first.page.keyboard.type("电梯停运三天")
    await first.expect_saved()
    await first.choose_target("F8", second.seat)
    await second.expect_stage("ringing")
    await second.pick_up()
    await expect(first.at("consult-bar")).to_have_attribute("data-state", "talking")

    await first.crash()
    again = await first.open_another()
    await expect(again.at("hold")).to_have_attribute("aria-pressed", "true")
    await again.page.keyboard.press("F6")
    await again.expect_talk_goes_on()
    await second.expect_state("wrap_up")  # and does not listen to nobody
    await again.expect_state("talking")

    await second.make_ready()
    await again.crash()
    await expect(second.at("call-bar")).to_have_attribute("data-stage", "ringing", timeout=NOTICED_MS)
    await boss.at("nav-hall").click()
    await expect(boss.at(f"tile-{first.seat}")).to_have_attribute("data-reason", "line_lost")
    await expect(boss.at("hall-feed")).to_contain_text(f"{first.seat} {first.person.display_name} 通话线路中断，已示忙")
    await second.answer()
    await second.expect_talk_goes_on()

    late = await again.open_another()
    await late.expect_state("paused")
    await expect(late.at("seat-state-button")).to_contain_text("线路中断")
    await expect(late.at("what")).to_have_value("电梯停运三天")
    await late.make_ready()
    await second.hang_up()
    (placed,) = await citizen.finished()
    assert placed.ending == "ended"
    query = select(CallFact.kind, CallFact.seat).where(CallFact.call_id == call_id).order_by(CallFact.n)
    while (told := await town.ask(query))[-1].kind != "call_ended":
        await asyncio.sleep(0.1)
    facts = [f"{row.kind} {row.seat or ''}".strip() for row in told]
    assert facts[facts.index(f"leg_lost {first.seat}") :] == [
        f"leg_lost {first.seat}",
        f"talk_ended {first.seat}",
        "call_queued",
        f"seat_ringing {second.seat}",
        f"call_answered {second.seat}",
        f"talk_ended {second.seat}",
        "call_ended",
    ]
