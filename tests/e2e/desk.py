"""A person at the console: what they see and press, in the words of the trade."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import Locator, Page, async_playwright, expect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from playwright.async_api import Browser, BrowserContext, WebSocket, WebSocketRoute

    from backend.identity.users import Account

expect.set_options(timeout=120_000)

_FLAGS = (
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
)
_KEEP_PEERS = """(() => {
  const Native = window.RTCPeerConnection
  window.peers = []
  window.RTCPeerConnection = class extends Native {
    constructor(...given) { super(...given); window.peers.push(this) }
  }
})()"""
_PACKETS_HEARD = """async () => {
  let heard = 0
  for (const peer of window.peers)
    for (const figures of (await peer.getStats()).values())
      if (figures.type === 'inbound-rtp') heard += figures.packetsReceived
  return heard
}"""
_ENERGY_HEARD = _PACKETS_HEARD.replace("packetsReceived", "totalAudioEnergy")
_LOUDNESS_HEARD = """async () => {
  let energy = 0
  for (const peer of window.peers)
    for (const figures of (await peer.getStats()).values())
      if (figures.type === 'inbound-rtp') energy += figures.totalAudioEnergy ?? 0
  return energy
}"""
_READ_ALL = """() => [
  document.title, document.documentElement.outerHTML,
  ...[...document.querySelectorAll('input, textarea')].map((field) => field.value),
].join('\\n')"""


@asynccontextmanager
async def chromium(program: str, microphone: Path) -> AsyncIterator[Browser]:
    """The system's Chromium without a window; its microphone hears a file."""
    async with async_playwright() as playwright:
        flags = [*_FLAGS, f"--use-file-for-fake-audio-capture={microphone}"]
        browser = await playwright.chromium.launch(executable_path=program, args=flags, timeout=180_000)
        try:
            yield browser
        finally:
            await browser.close()


async def console_context(browser: Browser, address: str) -> BrowserContext:
    """A browser of its own for one person: its own cookies, its own storage, 1280 x 800."""
    context = await browser.new_context(
        base_url=address, viewport={"width": 1280, "height": 800}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(120_000)
    await context.add_init_script(_KEEP_PEERS)
    return context


class SipLines:
    """The phone's lines to the PBX as a network in between has them; a dead one swallows all that is said."""

    def __init__(self) -> None:
        self._opened = 0
        self._dead = 0
        self._registered = 0

    def take(self, line: WebSocketRoute) -> None:
        pbx = line.connect_to_server()
        self._opened += 1
        mine = self._opened

        def pass_on(to: WebSocketRoute) -> Callable[[str | bytes], None]:
            def handle(message: str | bytes) -> None:
                if mine <= self._dead:
                    return
                text = message if isinstance(message, str) else message.decode()
                if text.startswith("SIP/2.0 200") and "REGISTER" in text:
                    self._registered = mine
                to.send(message)

            return handle

        line.on_message(pass_on(pbx))
        pbx.on_message(pass_on(line))

    def die(self) -> None:
        """Let the line that is open go silent, and none that is opened later."""
        self._dead = self._opened

    async def registered_again(self) -> None:
        """The phone has noticed that its line is dead, opened another, and the PBX has taken its registration there."""
        while self._registered <= self._dead:
            await asyncio.sleep(0.05)


@dataclass
class Desk:
    """One tab. `heard` are the messages that came over its line to the hub, `troubles` what its page complained of."""

    page: Page
    person: Account
    seat: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("websocket", self._listen)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def _listen(self, socket: WebSocket) -> None:
        if socket.url.endswith("/api/console"):
            socket.on("framereceived", lambda frame: self.heard.append(json.loads(frame)))

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Every event of this kind that the hub has told this tab."""
        return [each["body"] for each in self.heard if each["type"] == "event" and each["body"]["kind"] == kind]

    def popups(self) -> set[str]:
        """The ids of the calls whose pop-up the hub has sent to this tab, by whatever message."""
        told = [each.get("body", each) for each in self.heard if each["type"] in {"event", "ring"}]
        return {each["card"]["call_id"] for each in told if "card" in each}

    async def sign_in(self) -> None:
        await self.page.goto("/")
        await self.at("username").fill(self.person.username)
        await self.at("password").fill(self.person.password)
        await self.page.keyboard.press("Enter")
        await expect(self.at("user-menu")).to_contain_text(self.person.display_name)

    async def open_another(self) -> Desk:
        """A further tab of the same person."""
        another = Desk(await self.page.context.new_page(), self.person, self.seat)
        await another.page.goto("/desk")
        return another

    async def crash(self) -> None:
        """The page dies without a word to anybody, as with its machine."""
        machine = await self.page.context.new_cdp_session(self.page)
        died = asyncio.get_running_loop().create_future()
        self.page.once("crash", lambda _: died.set_result(None))
        crashing = asyncio.create_task(machine.send("Page.crash"))
        await died
        crashing.cancel()

    async def sit_down(self, seat: str, phone: str = "registered") -> None:
        """Take a free seat and wait until its phone is like this."""
        self.seat = seat
        await self.at("seat-picker").click()
        await self.at(f"seat-option-{seat}").click()
        await self.at("sit-down").click()
        await expect(self.at("seat-state-button")).to_contain_text(seat)
        await expect(self.at("phone-state")).to_have_attribute("data-state", phone)

    async def make_ready(self) -> None:
        await expect(self.at("phone-state")).to_have_attribute("data-state", "registered")
        await self.page.keyboard.press("F10")
        await self.at("seat-ready").click()
        await self.expect_state("ready")

    async def expect_state(self, state: str) -> None:
        await expect(self.at("seat-state-button")).to_have_attribute("data-state", state)

    async def expect_stage(self, stage: str) -> None:
        """How the call stands: idle, ringing, answered, ended."""
        await expect(self.at("call-bar")).to_have_attribute("data-stage", stage)

    async def pick_up(self) -> None:
        """Take what rings by the key, once not only the pop-up but the call itself has come to the phone."""
        await self.expect_stage("ringing")
        await expect(self.at("answer")).to_be_enabled()
        await self.page.keyboard.press("F2")

    async def answer(self) -> None:
        """Take the ringing call by the key."""
        await self.pick_up()
        await self.expect_stage("answered")
        await expect(self.at("hold")).to_be_enabled()

    async def hang_up(self) -> None:
        """End the call by the key."""
        await self.page.keyboard.press("F4")
        await self.expect_state("wrap_up")

    async def choose_target(self, key: str, target: str) -> None:
        """Open the list of whom to call by its key, type, and take what fits best."""
        await self.page.keyboard.press(key)
        await expect(self.at("target-input")).to_be_focused()
        await self.page.keyboard.type(target)
        await expect(self.page.locator('[role=option][aria-selected="true"]')).to_contain_text(target)
        await self.page.keyboard.press("Enter")

    async def packets_heard(self) -> int:
        """How many RTP packets of the citizen's voice have come to this tab."""
        return int(await self.page.evaluate(_PACKETS_HEARD))

    async def expect_voice(self) -> None:
        """A voice, not silence, comes to the loudspeaker."""
        before = float(await self.page.evaluate(_ENERGY_HEARD))
        while float(await self.page.evaluate(_ENERGY_HEARD)) <= before + 0.0005:
            await self.page.wait_for_timeout(100)

    async def watch_sip(self) -> SipLines:
        """Stand between the phone and the PBX from the next load of the page on."""
        lines = SipLines()
        await self.page.route_web_socket(re.compile(r"/ws$"), lines.take)
        return lines

    async def loudness_heard(self) -> float:
        """The energy of all that was heard in this tab so far, as the browser sums it up; a quiet line adds nothing."""
        return float(await self.page.evaluate(_LOUDNESS_HEARD))

    async def expect_hears_something(self) -> None:
        """A voice comes to this tab."""
        while await self.packets_heard() == 0:
            await self.page.wait_for_timeout(100)

    async def expect_talk_goes_on(self) -> None:
        """The softphone is in its call and the citizen's voice keeps coming."""
        await expect(self.at("hold")).to_be_enabled()
        before = await self.packets_heard()
        while await self.packets_heard() <= before:
            await self.page.wait_for_timeout(100)

    async def write(self, test_id: str, words: str) -> None:
        """Type words at the end of a field."""
        await self.at(test_id).press("End")
        await self.at(test_id).press_sequentially(words)

    async def choose(self, test_id: str, typed: str, chosen: str) -> None:
        """Find something in a list by typing and take the first that fits."""
        await self.at(test_id).locator("input").fill(typed)
        option = self.page.locator(".el-select-dropdown__item.is-hovering:visible")
        await expect(option).to_contain_text(chosen)
        await self.page.keyboard.press("Enter")
        await expect(self.at(test_id)).to_contain_text(chosen)
        await expect(option).to_have_count(0)

    async def expect_saved(self) -> None:
        """The badge says that all that was typed is with the server."""
        await expect(self.at("saved-badge")).to_have_attribute("data-state", "saved")
        await expect(self.at("saved-badge")).to_have_text(re.compile(r"已保存 \d\d:\d\d:\d\d"))

    async def file(self) -> str:
        """File with the keyboard; the number of the case."""
        await self.page.keyboard.press("Control+Enter")
        return await self.at("case-number").inner_text()

    async def everything(self) -> str:
        """All that this page holds, what is typed in fields and what is hidden included."""
        return str(await self.page.evaluate(_READ_ALL))
