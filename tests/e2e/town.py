"""The real platform with people of our own, citizens who speak, and nobody simulated at a seat."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import soundfile
import yaml
from sqlalchemy import Row, Select, text

from backend.app.children import Running
from backend.app.config import Installation, timekeeping
from backend.app.hall import DIALOGUES
from backend.app.up import Platform, platform
from backend.cases.filing import file_case
from backend.cases.reference import References
from backend.cases.rules import CallFacts
from backend.cases.schemas import CaseForm
from backend.citizens.numbers import read_number
from backend.identity.permissions import Roles, load_roles
from backend.identity.principal import Principal
from backend.identity.repository import user_by_name
from backend.identity.users import Account, ensure_users
from backend.kernel import clock
from backend.kernel.config import Environment
from backend.kernel.database import Database
from backend.kernel.ids import new_id
from backend.reviews.models import ReviewDraw
from backend.reviews.repository import drawn_at_night, serialise_drawing
from telephony.pbx import programs
from telephony.pbx.install import install
from telephony.simulate.citizens import CitizenCall, Citizens, Manner, place_calls
from telephony.simulate.dialogues import Dialogue, load_dialogues
from telephony.simulate.stage import Address, Stage, set_stage

DESK_PHONE_SEAT = "8056"
"""The one seat whose phone is no browser."""
PATIENCE_S = 60
"""How long seats ring and stay in wrap-up: longer than any machine stands still on which a browser is slow."""


def _queues() -> list[dict[str, Any]]:
    """The delivered queues, whose callers ring as long at each seat."""
    delivered = yaml.safe_load(Environment().config.read_text())["pbx"]["queues"]
    return [queue | {"ring_seconds": PATIENCE_S} for queue in delivered]


OVERLAY = {
    "hall": {"wrap_up_seconds": PATIENCE_S},
    "web": {"port": 0},
    "recognition": {"live": {"enabled": True, "most_behind_seconds": 60}},
    "pbx": {
        "queues": _queues(),
        "own_seat_seconds": PATIENCE_S,
        "transfer_ring_seconds": PATIENCE_S,
        "lost_after": {"browser_seconds": 40},
        "seat_ranges": [
            {"first": 8001, "last": 8056, "phone": "browser"},
            {"first": int(DESK_PHONE_SEAT), "last": int(DESK_PHONE_SEAT), "phone": "sip"},
        ],
    },
}
NAMES = {
    "agent": ("王晓燕", "李明", "刘芳"),
    "supervisor": ("李国强",),
    "qa": ("张敏",),
    "qa_leader": ("韩雪",),
    "admin": ("赵建华",),
    "dispatcher": ("周建", "吴静"),
    "commander": ("郑卫东", "冯兰"),
    "verifier": ("孙丽", "何平"),
    "unit": ("钱伟", "高洁"),
    "grid_manager": ("陈桂兰",),
    "patrol": ("何志刚",),
}
FIRST_SEAT = 8001
STREETS = ("建国门街道", "朝阳门街道", "和平里街道", "体育馆路街道", "前门街道", "永定门外街道")
"""Streets about which tests file only if they were given one of them."""


def masked(number: str) -> str:
    """A mobile number as whoever may not see it does."""
    return f"{number[:3]}****{number[-4:]}"


@dataclass
class Town:
    """A running platform and the citizens' voices."""

    platform: Platform
    stage: Stage
    roles: Roles
    secret_of: Callable[[str], str]
    installation: Installation
    _people: int = 0
    _seats: int = 0
    _numbers: int = 1000
    _streets: int = 0
    _calls: int = 0

    @property
    def address(self) -> str:
        return self.platform.address

    @property
    def seat_voice(self) -> Path:
        """What a browser's microphone hears: a seat's part as a WAV file."""
        voice = self.stage.folder / "microphone.wav"
        if not voice.exists():
            samples, rate = soundfile.read(
                self.stage.legs.seats[0], samplerate=8000, channels=1, subtype="ALAW", format="RAW", dtype="int16"
            )
            # a browser plays the file from the moment that it opens the microphone, a little before the call is up
            soundfile.write(voice, np.concatenate([np.zeros(rate, np.int16), samples]), rate)
        return voice

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """A look into PostgreSQL that holds no connection from before a restart."""
        database = Database(self.platform.database_url, pool_size=1)
        try:
            yield database
        finally:
            await database.close()

    async def ask(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """What the database answers now."""
        async with self.database() as database, database.transaction() as tx:
            return (await tx.session.execute(statement)).all()

    async def newcomer(self, role: str, unit: str | None = None) -> Account:
        """Somebody new in this role, of this unit, so that no test finds what another one left behind."""
        self._people += 1
        names = NAMES[role]
        name = names[self._people % len(names)]
        account = Account(f"{role}{self._people}", name, f"{role}{self._people}-e2e-password", (role,), unit)
        async with self.database() as database, database.transaction() as tx:
            await ensure_users(tx, self.roles, [account], clock.now())
        return account

    async def file_case(self, **changes: Any) -> UUID:
        """A case filed by somebody who is not there, of a call only if one is named: a lamp in the street of 东花市."""
        form = CaseForm.model_validate(
            {
                "request_id": uuid4(),
                "what": "楼道灯坏了一周。",
                "address": "忠实里西区3号楼",
                "street_code": "110101013",
                "class_code": "0102",
            }
            | changes
        )
        filer = await self.newcomer("agent")
        async with self.database() as database, database.transaction() as tx:
            user = await user_by_name(tx.session, filer.username)
            assert user is not None
            who = Principal(user.user_id, filer.username, filer.display_name, (), frozenset(), uuid4(), clock.now())
            references = References(timekeeping(self.installation))
            call = CallFacts(form.call_id, "96010", read_number("13800001234")) if form.call_id else None
            filed = await file_case(tx, who, form, call, await references.at(tx, clock.now()), clock.now())
        return filed.case_id

    async def let_run_out(self, case_id: UUID) -> None:
        """The clocks of the case that run are long past their limit."""
        earlier = ", ".join(f"{moment} = {moment} - interval '90 days'" for moment in ("started_at", "since", "due_at"))
        change = text(f"UPDATE deadlines SET {earlier} WHERE case_id = :case_id AND state = 'running'")
        async with self.database() as database, database.transaction() as tx:
            await tx.session.execute(change, {"case_id": case_id})

    def new_number(self) -> str:
        """The number of a citizen of whom nobody has heard, also when a test is tried again; no other ends like it."""
        self._numbers += 1
        return f"1378800{self._numbers:04d}"

    def in_own_words(self, words: str) -> str:
        """These words as no other test says them, nor this one when it is tried again."""
        return f"{words}（{uuid4().hex[:6]}）"

    def next_street(self) -> str:
        """A street of which nobody has told anything yet."""
        self._streets += 1
        return STREETS[self._streets - 1]

    def next_seat(self) -> str:
        """A seat at which nobody has sat yet."""
        self._seats += 1
        return str(FIRST_SEAT + self._seats - 1)

    def dialogue(self, name: str) -> Dialogue:
        dialogues = load_dialogues(DIALOGUES)
        return dialogues.dialogues[dialogues.index(name)]

    async def call(self, number: str, dialogue: str | None = None, *, talk_s: float, dialed: str = "96010") -> Citizens:
        """A citizen calls, speaks once a seat answers, and hangs up after `talk_s`."""
        self._calls += 1
        call = CitizenCall(number, dialed, dialogue)
        return await place_calls(self.stage, [call], Manner(talk_s=talk_s), name=f"citizen-{self._calls}")

    async def hang_up(self) -> None:
        """End every call that is still up or waits."""
        assert self.platform.pbx is not None
        await self.platform.pbx.cli("channel request hangup all")

    @asynccontextmanager
    async def killed(self, part: str) -> AsyncIterator[None]:
        """kill -9 of one part of the platform, which stays away for the time of the block; then another one runs."""
        keeper, away = self.platform.keepers[part], asyncio.Event()
        before, start = keeper.pid, keeper.start
        assert before

        async def start_later() -> Running:
            await away.wait()
            return await start()

        keeper.start = start_later
        os.kill(before, signal.SIGKILL)
        try:
            yield
        finally:
            keeper.start = start
            away.set()
        while keeper.pid in {None, before}:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def open_town(state: Path) -> AsyncIterator[Town]:
    """The platform below `state`, with the programs that are unpacked for this checkout."""
    await _link_programs(state)
    overlay = state / "overlay.yaml"
    overlay.write_text(yaml.safe_dump(OVERLAY))
    installation = Installation(Environment(state=state, overlay=overlay))
    async with platform(installation) as running:
        assert running.pbx is not None
        stage = await set_stage(state, Address("127.0.0.1", running.pbx.ports.sip), DIALOGUES)
        roles = load_roles(installation.path(installation.config.data.roles))
        town = Town(running, stage, roles, lambda seat: installation.secrets.derive(f"sip:{seat}"), installation)
        await _draw_nothing_at_night(town)
        yield town


async def _draw_nothing_at_night(town: Town) -> None:
    """Whoever reviews in a test finds what the test gave, also when it runs while the nightly draw is made."""
    today = clock.beijing(clock.now()).date()
    async with town.database() as database, database.transaction() as tx:
        await serialise_drawing(tx.session)
        for day in (today, today + timedelta(days=1)):
            if not await drawn_at_night(tx.session, day):
                tx.session.add(ReviewDraw(draw_id=new_id(), day=day, made_at=clock.now(), seed="none", counts={}))


async def _link_programs(state: Path) -> None:
    unpacked = Environment().state
    await install(unpacked)
    copy = programs.private_root(unpacked).parent
    if copy.exists():
        (state / "debian").symlink_to(copy, target_is_directory=True)
