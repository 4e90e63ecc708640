"""A seat agent who works alone: sits down, takes the call, writes it down, files the case, goes on.

It knows what the citizen says, because the last digits of the citizen's number choose the dialogue; everything else it
learns and does through the console's protocol, as a person at the browser would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

import httpx
import structlog
import yaml
from pydantic import BaseModel, ConfigDict

from agent_console.client import CommandRefused, ConsoleAway, ConsoleClient
from agent_console.messages.calls import CallAnswered, CallCard, CallEnded, CallRinging
from agent_console.messages.cases import FileCase, SaveDraft
from agent_console.messages.seats import MakeReady, SeatChanged, SignInSeat, SignOutSeat
from agent_console.protocol import DeskState, EventBody
from agent_console.simulated_callback import call_back
from backend.callbacks.schemas import CallbackWay, CallbackWish
from backend.cases.schemas import CaseForm, DraftContent
from backend.kernel import clock
from backend.kernel.errors import HotlineError
from backend.seats.schemas import SeatState, SeatView
from backend.taxonomy.schemas import Urgency

log = structlog.get_logger(__name__)


class CallbackScript(BaseModel):
    """Whether and how the citizen wants to be called on."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    wanted: bool
    by: Literal["phone", "visit"] = "phone"


class CaseScript(BaseModel):
    """What an agent writes down of one dialogue; names as people say them."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    id: str
    class_: str
    street: str
    community: str
    address: str
    what: str
    urgency: Urgency
    callback: CallbackScript


def load_scripts(dialogues: Path) -> list[CaseScript]:
    """The case side of configs/demo/dialogues.yaml."""
    content = yaml.safe_load(dialogues.read_text(encoding="utf-8"))
    return [CaseScript.model_validate({**entry, "class_": entry["class"]}) for entry in content["dialogues"]]


def script_for(number: str, scripts: Sequence[CaseScript]) -> CaseScript:
    """The script that the last four digits of a (masked) caller number choose."""
    digits = number[-4:]
    return scripts[int(digits) % len(scripts) if digits.isdecimal() else 0]


_MAY_DIAL = frozenset({SeatState.READY, SeatState.PAUSED, SeatState.WRAP_UP})
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗"


def citizen_name(number: str) -> str:
    """What the citizen of this number is called; the same each time."""
    digits = int("".join(sign for sign in number if sign.isdecimal()) or "0")
    return f"{_SURNAMES[digits % len(_SURNAMES)]}{'女士' if digits // 7 % 2 else '先生'}"


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes behind the names, from the console's options."""

    classes: Mapping[str, str]
    streets: Mapping[str, str]
    communities: Mapping[tuple[str, str], str]

    @classmethod
    def read(cls, options: dict[str, Any]) -> Codes:
        """From the answer of /api/options; a class is found by its own name, major classes first."""
        classes: dict[str, str] = {}
        for entry in sorted(options["taxonomy"]["classes"], key=lambda one: len(one["path"])):
            classes.setdefault(entry["name"], entry["code"])
        return cls(
            classes,
            {street["name"]: street["code"] for street in options["streets"]},
            {(s["name"], c["name"]): c["code"] for s in options["streets"] for c in s["communities"]},
        )

    def draft(self, script: CaseScript, share: float = 1.0) -> DraftContent:
        """The form after this share of the text was typed."""
        typed = script.what[: max(1, round(len(script.what) * share))]
        complete = share >= 1.0
        return DraftContent(
            what=typed,
            address=script.address if complete else "",
            street_code=self.streets[script.street],
            community_code=self.communities[script.street, script.community] if complete else "",
            class_code=self.classes[script.class_] if complete else "",
            urgency=script.urgency.value,
            callback_wanted=script.callback.wanted,
            callback_way=script.callback.by,
        )

    def form(self, script: CaseScript, number: str, call_id: str, draft_id: UUID, request_id: UUID) -> CaseForm:
        """The complete form."""
        return CaseForm(
            request_id=request_id,
            draft_id=draft_id,
            call_id=call_id,
            what=script.what,
            address=script.address,
            street_code=self.streets[script.street],
            community_code=self.communities[script.street, script.community],
            class_code=self.classes[script.class_],
            urgency=script.urgency,
            citizen_name=citizen_name(number),
        )


@dataclass
class SimulatedAgent:
    """One agent at one seat.

    `answered` are the calls it took, `filed` maps their ids to the numbers of the cases that were filed for them, and
    `promised` are those for which a callback was to be scheduled. With `calls_back` each citizen whose case was filed
    is called from it once the talk is over; `owing` is how many are still to be called.
    """

    address: str
    username: str
    password: str
    seat: str
    scripts: Sequence[CaseScript]
    calls_back: bool = False
    owing: int = 0
    filed: dict[str, str] = field(default_factory=dict)
    promised: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    _to_call_back: list[UUID] = field(default_factory=list)
    _state: SeatState = SeatState.OFFLINE
    _codes: Codes | None = None
    _cards: dict[str, CallCard] = field(default_factory=dict)
    _events: asyncio.Queue[EventBody | DeskState] = field(default_factory=asyncio.Queue)
    client: ConsoleClient = field(init=False)
    _watchers: list[Callable[[EventBody | DeskState], None]] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.client = ConsoleClient(
            self.address,
            self.username,
            self.password,
            on_event=self._hear,
            on_welcome=self._hear,
        )

    def begin(self) -> None:
        """Forget the calls so far."""
        for kept in (self.answered, self.filed, self.promised):
            kept.clear()

    def also(self, watcher: Callable[[EventBody | DeskState], None]) -> None:
        """Let somebody else hear what this console hears, at the moment it arrives."""
        self._watchers.append(watcher)

    def _hear(self, happened: EventBody | DeskState) -> None:
        for watcher in self._watchers:
            watcher(happened)
        self._events.put_nowait(happened)

    async def __aenter__(self) -> SimulatedAgent:
        await self.client.__aenter__()
        self._codes = Codes.read((await self.client.http.get("/api/options")).raise_for_status().json())
        await self.client.insist(SignInSeat(id=0, seat=self.seat))
        self._task = asyncio.create_task(self._work(), name=f"agent {self.seat}")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.client.connected:
            with suppress(ConsoleAway, CommandRefused):  # the seat is free for whoever comes next, or soon by itself
                await self.client.command(SignOutSeat(id=0), timeout_s=1)
        await self.client.__aexit__()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                happened = await self._events.get()
                match happened:
                    case DeskState():
                        self._catch_up(happened, group)
                    case CallRinging():
                        self._cards[happened.card.call_id] = happened.card
                    case CallAnswered():
                        if happened.card is not None:
                            self._cards.setdefault(happened.call_id, happened.card)
                        if happened.call_id in self._cards:  # not one that this agent placed
                            self._answer(happened.call_id, group)
                    case CallEnded():
                        log.debug("call ended", seat=self.seat, call_id=happened.call_id)
                    case SeatChanged() if happened.seat.seat == self.seat:
                        self._stay_ready(happened.seat, group)

    def _catch_up(self, state: DeskState, group: asyncio.TaskGroup) -> None:
        """After a (re)connection: the state tells what was missed."""
        if state.call is not None:
            self._cards[state.call.call_id] = state.call
            if state.call.answered_at is not None:
                self._answer(state.call.call_id, group)
        if state.seat is not None:
            self._stay_ready(state.seat, group)

    def _answer(self, call_id: str, group: asyncio.TaskGroup) -> None:
        if call_id not in self.answered:
            self.answered.add(call_id)
            group.create_task(self._write_down(call_id))

    def _stay_ready(self, seat: SeatView, group: asyncio.TaskGroup) -> None:
        self._state = seat.state
        waiting = seat.state in (SeatState.PAUSED, SeatState.WRAP_UP) and seat.phone_registered
        if waiting and seat.call_id not in self.answered - set(self.filed):
            group.create_task(self._go_on())

    async def _go_on(self) -> None:
        """What comes after a talk: the citizen who is to be called back, then the next caller."""
        if self._to_call_back and self._state in _MAY_DIAL:
            try:
                await call_back(self.client, self._to_call_back.pop())
            except (HotlineError, httpx.HTTPError, TimeoutError) as error:
                log.info("citizen not called back", seat=self.seat, reason=str(error))
            finally:
                self.owing -= 1
        await self._make_ready()

    async def _make_ready(self) -> None:
        try:
            await self.client.insist(MakeReady(id=0))
        except (CommandRefused, TimeoutError) as error:
            log.info("not ready", seat=self.seat, reason=str(error))

    async def _write_down(self, call_id: str) -> None:
        try:
            await self._file(call_id)
        except (HotlineError, TimeoutError, KeyError) as error:
            self.problems.append(f"{call_id}: {type(error).__name__}: {error}")
            log.warning("case not filed", seat=self.seat, call_id=call_id, error=str(error))
        await self._go_on()

    async def _file(self, call_id: str) -> None:
        assert self._codes is not None
        card = self._cards[call_id]
        script = script_for(card.caller.number, self.scripts)
        draft_id, request_id = uuid4(), uuid4()
        revision = 0
        for share in (0.3, 0.7, 1.0):
            await asyncio.sleep(1.5)
            content = self._codes.draft(script, share)
            try:
                saved = await self.client.command(
                    SaveDraft(id=0, draft_id=draft_id, call_id=call_id, revision=revision, content=content)
                )
                revision = int(saved["revision"])
            except (ConsoleAway, CommandRefused) as error:
                log.info("draft kept here", seat=self.seat, reason=str(error))
        wish = None
        if script.callback.wanted:
            self.promised.add(call_id)
            wish = CallbackWish(way=CallbackWay(script.callback.by), due_at=clock.now() + timedelta(days=1))
        form = self._codes.form(script, card.caller.number, call_id, draft_id, request_id)
        result = await self.client.insist(FileCase(id=0, case=form, callback=wish))
        self.filed[call_id] = result["case"]["number"]
        if self.calls_back:
            self._to_call_back.append(UUID(result["case"]["case_id"]))
            self.owing += 1
