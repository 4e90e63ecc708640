"""What an agent does with a call beside answering it: asks a colleague, hands over, loses the page and comes back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from backend.calls.models import Call, CallFact
from backend.calls.reconcile_day import DayReconciler
from backend.kernel import clock
from telephony.names import DEFAULT_HOST
from telephony.simulate.answering import AnsweringCitizens, Noted, answering_citizens

if TYPE_CHECKING:
    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
]

LATE_MICROPHONE = """
const own = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
window.microphone = {}
const ready = new Promise((resolve) => (window.microphone.resolve = resolve))
navigator.mediaDevices.getUserMedia = async (wanted) => (await ready, own(wanted))
"""
"""Until it is told to, the page gets no sound, so a call that it takes back stays on the way."""


async def told(town: Town, call_id: str) -> list[str]:
    """The facts of a call in short, once it is over: kind, seat, and whom it was about."""
    query = select(CallFact.kind, CallFact.seat, CallFact.payload).where(CallFact.call_id == call_id)
    while (facts := await town.ask(query.order_by(CallFact.n)))[-1].kind != "call_ended":
        await asyncio.sleep(0.1)
    return [
        " ".join(filter(None, [kind, seat or payload.get("from_seat"), payload.get("to"), payload.get("asked_by")]))
        for kind, seat, payload in facts
    ]


async def in_a_call(town: Town, agent: Desk, number: str, talk_s: float = 600) -> tuple[Any, str]:
    """The agent takes the call of a citizen."""
    await agent.make_ready()
    citizen = await town.call(number, "elevator", talk_s=talk_s)
    await agent.answer()
    return citizen, agent.events("call_answered")[-1]["call_id"]


async def call_of(town: Town, call_id: str) -> Any:
    query = select(Call.seat, Call.outcome, Call.stage, Call.hung_up_by)
    return (await town.ask(query.where(Call.call_id == call_id)))[0]


async def test_a_citizen_is_handed_to_a_colleague_who_was_asked_first(town: Town, enter: Enter) -> None:
    first, second = await enter("agent"), await enter("agent")
    citizen, call_id = await in_a_call(town, first, "13900000101")
    await first.page.keyboard.type("电梯停运三天")
    await first.expect_saved()

    await first.choose_target("F8", second.seat)
    await expect(first.at("consult-bar")).to_have_attribute("data-state", "dialing")
    await second.expect_stage("ringing")
    await expect(second.at("handed-by")).to_contain_text(first.seat)
    await second.pick_up()
    await expect(first.at("consult-bar")).to_have_attribute("data-state", "talking")
    await second.expect_stage("answered")
    await second.expect_state("talking")

    await first.page.keyboard.press("F9")
    await first.expect_state("wrap_up")
    await expect(first.at("consult-bar")).to_have_count(0)
    await expect(first.at("phone-state")).to_have_attribute("data-state", "registered")
    await second.expect_talk_goes_on()
    await second.expect_stage("answered")
    await expect(second.at("handed-by")).to_have_text(f"{first.seat} {first.person.display_name} 转来")
    await expect(second.at("handed-notes")).to_contain_text("电梯停运三天")
    await second.at("take-notes").click()
    await expect(second.at("what")).to_have_value("电梯停运三天")
    await second.hang_up()
    (placed,) = await citizen.finished()
    assert placed.ending == "ended"
    facts = await told(town, call_id)
    facts = facts[facts.index(f"call_answered {first.seat}") :]
    # the citizen is put on hold and the colleague called at once: the PBX hears of either first
    held = facts.index(f"call_held {first.seat}")
    assert 0 < held < facts.index(f"consult_answered {second.seat} {first.seat}")
    del facts[held]
    assert facts == [
        f"call_answered {first.seat}",
        f"consult_began {first.seat} {second.seat}",
        f"seat_ringing {second.seat} {first.seat}",
        f"consult_answered {second.seat} {first.seat}",
        f"call_resumed {first.seat}",
        f"consult_ended {second.seat} {first.seat}",
        f"call_transferred {first.seat} {second.seat}",
        f"talk_ended {first.seat}",
        f"call_answered {second.seat}",
        f"talk_ended {second.seat}",
        "call_ended",
    ]
    assert tuple(await call_of(town, call_id)) == (second.seat, "answered", "ended", "seat")


async def test_a_page_that_is_loaded_anew_takes_its_call_back(town: Town, enter: Enter) -> None:
    agent = await enter("agent")
    citizen, call_id = await in_a_call(town, agent, "13900000102")
    await agent.page.reload()
    await agent.expect_talk_goes_on()
    await agent.expect_state("talking")
    await agent.page.keyboard.press("F6")
    await expect(agent.at("hold")).to_have_attribute("aria-pressed", "true")
    held = select(CallFact.n).where(CallFact.call_id == call_id, CallFact.kind == "call_held")
    while not await town.ask(held):  # the button says so before the PBX has heard of it, and the page goes now
        await asyncio.sleep(0.05)
    await agent.page.reload()
    await expect(agent.at("hold")).to_have_attribute("aria-pressed", "true")
    await agent.page.keyboard.press("F6")
    await expect(agent.at("hold")).to_have_attribute("aria-pressed", "false")
    await agent.expect_talk_goes_on()
    await agent.hang_up()
    (placed,) = await citizen.finished()
    assert placed.ending == "ended"
    facts = await told(town, call_id)
    assert facts[facts.index(f"call_answered {agent.seat}") :] == [
        f"call_answered {agent.seat}",
        f"call_taken_back {agent.seat}",
        f"call_held {agent.seat}",
        f"call_taken_back {agent.seat}",
        f"call_held {agent.seat}",
        f"call_resumed {agent.seat}",
        f"talk_ended {agent.seat}",
        "call_ended",
    ]
    assert tuple(await call_of(town, call_id)) == (agent.seat, "answered", "ended", "seat")


async def test_a_call_that_is_hung_up_while_a_new_page_takes_it_back_ends(town: Town, enter: Enter) -> None:
    agent = await enter("agent")
    citizen, call_id = await in_a_call(town, agent, town.new_number())
    await agent.page.add_init_script(LATE_MICROPHONE)
    await agent.page.reload()
    await expect(agent.at("hang-up")).to_be_visible()
    await agent.page.keyboard.press("F4")
    await agent.page.evaluate("window.microphone.resolve()")
    await agent.expect_state("wrap_up")
    (placed,) = await citizen.finished()
    assert placed.ending == "ended"
    assert (await told(town, call_id))[-3:] == [
        f"call_taken_back {agent.seat}",
        f"talk_ended {agent.seat}",
        "call_ended",
    ]


async def test_a_citizen_handed_to_an_empty_chair_goes_back_to_those_who_wait(town: Town, enter: Enter) -> None:
    first, second = await enter("agent"), await enter("agent")
    citizen, call_id = await in_a_call(town, first, "13900000103")
    await first.choose_target("F9", second.seat)
    await first.expect_state("wrap_up")
    await expect(first.at("phone-state")).to_have_attribute("data-state", "registered")
    await second.expect_stage("ringing")
    await expect(second.at("handed-by")).to_contain_text(f"{first.seat} {first.person.display_name} 转来")
    await expect(second.at("answer")).to_be_enabled()
    await second.page.keyboard.press("F4")
    await second.expect_state("paused")
    await second.make_ready()
    await second.answer()
    await second.expect_talk_goes_on()
    await second.hang_up()
    (placed,) = await citizen.finished()
    assert placed.ending == "ended"
    facts = await told(town, call_id)
    assert facts[facts.index(f"call_transferred {first.seat} {second.seat}") :] == [
        f"call_transferred {first.seat} {second.seat}",
        f"talk_ended {first.seat}",
        f"seat_ringing {second.seat}",
        f"seat_ring_ended {second.seat}",
        "call_queued",
        f"seat_ringing {second.seat}",
        f"call_answered {second.seat}",
        f"talk_ended {second.seat}",
        "call_ended",
    ]


async def test_citizen_and_colleague_take_turns_then_talk_together(town: Town, enter: Enter) -> None:
    first, second = await enter("agent"), await enter("agent")
    citizen, call_id = await in_a_call(town, first, "13900000104")
    await first.choose_target("F8", second.seat)
    await second.expect_stage("ringing")
    await second.pick_up()
    bar = first.at("consult-bar")
    await expect(bar).to_have_attribute("data-state", "talking")
    await first.page.keyboard.press("F8")
    await expect(bar).to_have_attribute("data-state", "held")
    await first.page.keyboard.press("F8")
    await expect(bar).to_have_attribute("data-state", "talking")

    await first.page.keyboard.press("F11")
    await expect(bar).to_have_attribute("data-state", "together")
    await first.page.keyboard.press("F7")
    await second.expect_voice()  # the agent is mute, so it is the citizen's
    await first.page.keyboard.press("F7")
    await first.page.keyboard.press("F4")
    await expect(bar).to_have_count(0)
    await second.expect_state("wrap_up")
    await first.expect_talk_goes_on()
    await first.hang_up()
    await citizen.finished()
    facts = await told(town, call_id)
    assert f"consult_ended {second.seat} {first.seat}" in facts
    assert [fact for fact in facts if fact.startswith("call_answered")] == [f"call_answered {first.seat}"]


async def test_another_tab_takes_the_phone_over_in_the_middle_of_a_call(town: Town, enter: Enter) -> None:
    first = await enter("agent")
    citizen, call_id = await in_a_call(town, first, "13900000105")
    second = await first.open_another()
    await second.page.get_by_role("button", name="改由此页接听").click()
    await second.expect_talk_goes_on()
    await expect(first.at("phone-state")).to_have_attribute("data-state", "elsewhere")
    await second.hang_up()
    (placed,) = await citizen.finished()
    assert placed.ending == "ended"
    facts = await told(town, call_id)
    assert facts[-3:] == [f"call_taken_back {first.seat}", f"talk_ended {first.seat}", "call_ended"]


async def test_a_line_that_went_silent_is_made_anew_and_the_call_goes_on(town: Town, enter: Enter) -> None:
    """As when a cable is pulled: nothing is closed, nothing comes any more."""
    agent = await enter("agent")
    lines = await agent.watch_sip()
    await agent.page.reload()
    citizen, _ = await in_a_call(town, agent, "13900000106")
    await agent.expect_talk_goes_on()
    lines.die()
    await lines.registered_again()
    await agent.expect_talk_goes_on()
    await agent.hang_up()
    (placed,) = await citizen.finished()
    assert placed.ending == "ended"
    await agent.make_ready()


async def test_a_network_that_was_away_is_made_up_for(town: Town, enter: Enter) -> None:
    """The address from which the phone speaks to the PBX is another one then; the citizen stays."""
    agent = await enter("agent")
    citizen, _ = await in_a_call(town, agent, "13900000107")
    pbx = town.platform.pbx
    assert pbx is not None

    async def address() -> str:
        contacts = (await pbx.cli("pjsip show contacts")).splitlines()
        return next((line for line in contacts if f"{agent.seat}/sip:" in line), "")

    before, network = await address(), agent.page.context
    await network.set_offline(True)
    await asyncio.sleep(1)
    await network.set_offline(False)
    while (await address()) in {before, ""}:
        await asyncio.sleep(0.1)
    await agent.expect_talk_goes_on()
    await agent.hang_up()
    (placed,) = await citizen.finished()
    assert placed.ending == "ended"


UNIT, NEIGHBOUR = "01065001234", "13700001111"


async def test_units_outside_are_consulted_handed_citizens_and_dialled(town: Town, enter: Enter) -> None:
    """Whoever is called outside sees the hotline's number; a number that the hall does not allow is not dialled."""
    agent = await enter("agent")
    assert town.platform.pbx is not None
    async with answering_citizens(town.stage, town.platform.pbx.ports.trunk, talk_s=600) as outside:
        citizen, call_id = await in_a_call(town, agent, "13900000108")
        await agent.choose_target("F8", "0085212345678")
        await expect(agent.at("phone-state")).to_contain_text("对方没有接通")
        await expect(agent.at("hold")).to_have_attribute("aria-pressed", "true")
        await agent.page.keyboard.press("F6")
        await agent.expect_talk_goes_on()

        await agent.choose_target("F8", UNIT)
        await expect(agent.at("consult-bar")).to_have_attribute("data-state", "talking")
        await agent.page.keyboard.press("F9")
        await agent.expect_state("wrap_up")
        (placed,) = await citizen.hang_up()
        assert placed.ending == "ended"
        facts = await told(town, call_id)
        assert f"consult_began {agent.seat} {UNIT}" in facts
        assert facts[-3:] == [f"call_transferred {agent.seat} {UNIT}", f"talk_ended {agent.seat}", "call_ended"]

        citizen, call_id = await in_a_call(town, agent, "13900000109")
        await agent.choose_target("F9", NEIGHBOUR)
        await agent.expect_state("wrap_up")
        while len(answered(outside, NEIGHBOUR)) == 0:
            await asyncio.sleep(0.1)
        await citizen.hang_up()
        assert (await told(town, call_id))[-3:] == [
            f"call_transferred {agent.seat} {NEIGHBOUR}", f"talk_ended {agent.seat}", "call_ended"
        ]  # fmt: skip

        await agent.make_ready()
        await agent.choose_target("F8", UNIT)
        await agent.expect_state("talking")
        await agent.hang_up()
        called = [noted for noted in outside.so_far() if noted.what == "called"]
    assert [(noted.number, noted.shown, noted.asserted) for noted in called] == [
        (UNIT, "96010", "96010"), (NEIGHBOUR, "96010", "96010"), (UNIT, "96010", "96010")
    ]  # fmt: skip
    outbound = select(Call.outcome, Call.seat, Call.recording_file).where(Call.direction == "outbound")
    query = outbound.where(Call.seat == agent.seat)
    while not (over := await town.ask(query.where(Call.caller_number == UNIT, Call.stage == "ended"))):
        await asyncio.sleep(0.1)
    ((outcome, seat, recording),) = over
    assert (outcome, seat) == ("answered", agent.seat)
    assert recording
    await expect_the_same_in_the_cdr_file(town)


def answered(outside: AnsweringCitizens, number: str) -> list[Noted]:
    """How often this number was called and answered."""
    return [noted for noted in outside.so_far() if noted.what == "answered" and noted.number == number]


async def expect_the_same_in_the_cdr_file(town: Town) -> None:
    """Asterisk's own file tells the same of every call in this hall, of the consultations and of those to the outside,
    once both sides have written of the calls that ended just now."""
    assert town.platform.pbx is not None
    end = clock.now()
    async with town.database() as database:
        days = DayReconciler(database, town.platform.pbx.paths.cdr, host=DEFAULT_HOST)
        for _ in range(300):
            found = await days.compare(end - timedelta(hours=1), end, settled_after=timedelta(seconds=-2))
            unexplained = [each for each in found.differences if not each.explained]
            if found.compared > 0 and not unexplained:
                break
            await asyncio.sleep(0.2)
    assert found.compared > 0
    assert unexplained == []
