"""One console: its WebSocket from the first hello to the last byte.

The order on the wire is what the console relies on: missed events, then the welcome with the whole state, then live
events with rising numbers. Events that arrive while the welcome is being made are held back and sent after it; those
that the welcome already contains are dropped by their number.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ValidationError

from agent_console.captions import CaptionMessage, CaptionsSoFar
from agent_console.commands import COMMANDS
from agent_console.desk import Desk, Listening, desk_state
from agent_console.hub import Hub
from agent_console.messages.calls import Ring
from agent_console.messages.seats import SeatChanged
from agent_console.messages.supervision import HallCallChanged, HallCallGone
from agent_console.protocol import (
    COMMAND,
    PROTOCOL_VERSION,
    Command,
    DeskState,
    Event,
    Hello,
    Reply,
    SignedOut,
    Tick,
    Welcome,
)
from backend.calls.schemas import HallCall
from backend.identity.errors import NotPermitted
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.errors import HotlineError, Unavailable
from backend.kernel.events import StoredEvent, newest_seq, read_after
from backend.kernel.inputs import InputInvalid, input_invalid
from backend.kernel.schemas import Problem
from backend.seats.schemas import SeatView

log = structlog.get_logger(__name__)

_TICK_S = 5.0
_TICKS_A_CHECK = 3
"""A session that has ended is noticed within this many ticks."""
_MOST_MISSED = 2000
_OUTBOX = 1000
_NO_MESSAGE = frozenset({"json_invalid", "union_tag_invalid", "union_tag_not_found", "extra_forbidden", "missing"})
"""What tells that the page is of another version, or no page of ours."""
_LARGEST_MESSAGE = 64 * 1024


class MessageUnreadable(HotlineError):
    """A console sent something that is not a message of the protocol."""


class OtherVersion(MessageUnreadable):
    """A console was built for another version of the protocol."""


@dataclass(frozen=True, slots=True)
class _Close:
    """The last thing in an outbox."""

    code: int
    reason: str


_TOO_SLOW = _Close(1013, "too slow; resume")
_OUTDATED = _Close(4426, "this console is of another version; reload the page")
_NOT_WELCOMED = _Close(1013, "not welcomed; come again")

StillSignedIn = Callable[[], Awaitable[Principal | None]]
"""Asks whether the session of a connection holds; None when it does not."""


class Connection:
    """The hub's side of one console."""

    def __init__(self, socket: WebSocket, hub: Hub, desk: Desk, still_signed_in: StillSignedIn) -> None:
        self._socket = socket
        self._hub = hub
        self._desk = desk
        self._still_signed_in = still_signed_in
        self._outbox: asyncio.Queue[BaseModel | _Close] = asyncio.Queue()
        self._room = _OUTBOX
        self._held: list[Event] | None = []
        self._seq = 0

    async def serve(self) -> None:
        """Serve the console until it goes away or its session ends."""
        sender = asyncio.create_task(self._send_all())
        ticker = asyncio.create_task(self._tick())
        try:
            await self._receive_all()
        finally:
            self._hub.unsubscribe(self)
            for task in (sender, ticker):
                task.cancel()
            await asyncio.gather(sender, ticker, return_exceptions=True)

    # ---- the hub's calls

    def deliver(self, event: Event) -> None:
        """Take an event from the hub."""
        if self._held is not None:
            self._held.append(event)
        elif event.seq > self._seq:
            self._seq = event.seq
            if isinstance(event.body, SeatChanged):
                self._follow_seat(event.body.seat)
            self._put(event)
            if isinstance(event.body, HallCallChanged):
                self._listen_in(event.body.call.call_id, event.body.call)
            elif isinstance(event.body, HallCallGone):
                self._listen_in(event.body.call_id, None)

    def tell(self, message: Ring | CaptionMessage) -> None:
        """Take what has no number; before the welcome there is nothing to show it on."""
        if self._held is None:
            self._put(message)

    def _follow_seat(self, seat: SeatView) -> None:
        """Hear of the seat at which this person sits, whichever tab or supervisor changed that."""
        before = self._desk.audience
        if seat.user_id == self._desk.principal.user_id:
            self._desk.seat = seat.seat
        elif seat.seat == self._desk.seat:
            self._desk.seat = None
        self._move_audience(before)

    def _listen_in(self, call_id: str, call: HallCall | None) -> None:
        """Show the captions of a call for just as long as the record says that the phone of this person takes part in
        it; who may, and that it stands in the audit log, was decided with the order that made it so."""
        before, listened = self._desk.audience, self._desk.listens
        if call is not None and call.seat and any(one.by_seat == self._desk.seat for one in call.supervisors):
            self._desk.listens = Listening(call_id, call.seat)
        elif listened is not None and listened.call_id == call_id:
            self._desk.listens = None
        if self._desk.listens == listened:
            return
        self._move_audience(before)
        if self._desk.listens is not None:
            said = self._hub.captions.of(self._desk.listens.seat, call_id)
            if said is not None:
                self._put(CaptionsSoFar(view=said))

    def _move_audience(self, before: frozenset[str]) -> None:
        after = self._desk.audience
        self._hub.subscribe(self, after - before)
        self._hub.unsubscribe(self, before - after)

    # ---- receiving

    async def _receive_all(self) -> None:
        while True:
            received = await self._socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            text = received.get("text") or ""
            try:
                command = _parse(text)
            except (MessageUnreadable, InputInvalid) as error:
                self._put(Reply(id=_id_of(text), ok=False, problem=_problem(error)))
                continue
            await self._answer(command)

    async def _answer(self, command: Command) -> None:
        unwelcome = _NOT_WELCOMED
        try:
            if isinstance(command, Hello):
                await self._welcome(command)
                return
            result = await self._run(command)
            reply = Reply(id=command.id, ok=True, result=result.model_dump(mode="json") if result else {})
        except HotlineError as error:
            unwelcome = _OUTDATED if isinstance(error, OtherVersion) else _NOT_WELCOMED
            reply = Reply(id=command.id, ok=False, problem=_problem(error))
        except Exception:
            log.exception("command failed", command=command.command)
            reply = Reply(id=command.id, ok=False, problem=_problem(_unexpected()))
        self._put(reply)
        if isinstance(command, Hello):
            # a console without a welcome would show nothing and hear nothing: let it come again
            self._put(unwelcome)

    async def _run(self, command: Command) -> BaseModel | None:
        spec = COMMANDS[command.command]
        principal = self._desk.principal
        if not principal.may(spec.permission):
            raise NotPermitted(spec.permission)
        before = self._desk.audience
        result = await spec.handler(self._desk, command)
        self._move_audience(before)
        return result

    async def _welcome(self, hello: Hello) -> None:
        if hello.protocol != PROTOCOL_VERSION:
            raise OtherVersion(
                "This console is of another version than the server.", next_step="Reload the page.", field="protocol"
            )
        state, seq, missed = await self._snapshot(hello.last_seq)
        too_many = len(missed) > _MOST_MISSED
        replay = [] if too_many else await self._hub.render(missed)
        # what is replayed takes no room from what comes live, else whoever missed much could never catch up
        self._room = _OUTBOX + len(replay)
        for event in replay:
            self._put(event)
        welcome = Welcome(
            id=hello.id,
            seq=seq,
            server_time=clock.now(),
            me=self._desk.principal.as_me(),
            desk=self._with_captions(state),
            missed_too_many=too_many,
        )
        self._put(welcome)
        for call in state.hall.calls if state.hall is not None else ():
            self._listen_in(call.call_id, call)
        self._release(seq)

    async def _snapshot(self, last_seq: int | None) -> tuple[DeskState, int, list[StoredEvent]]:
        """The whole state, the number of the newest event in it, and the events up to there that were missed.

        The hub is subscribed to before the snapshot is taken, and what it brings is held back: an event that is
        committed meanwhile is in one of the two. Whoever changes seats in between is looked up again.
        """
        self._held = []
        while True:
            audience = self._desk.audience
            self._hub.unsubscribe(self)
            self._hub.subscribe(self, audience)
            async with self._desk.database.transaction(isolation="REPEATABLE READ") as tx:
                seat = await self._desk.find_seat(tx)
                if self._desk.audience != audience:
                    continue
                state = await desk_state(tx, self._desk, seat, clock.now())
                seq = await newest_seq(tx.session)
                missed: list[StoredEvent] = []
                if last_seq is not None:
                    missed = await read_after(
                        tx.session, last_seq, audience=sorted(audience), until=seq, limit=_MOST_MISSED + 1
                    )
            return state, seq, missed

    def _with_captions(self, state: DeskState) -> DeskState:
        """What was said so far in the call; read when nothing waits any more before live captions follow."""
        if state.call is None or self._desk.seat is None:
            return state
        said = self._hub.captions.of(self._desk.seat, state.call.call_id)
        return state.model_copy(update={"captions": said})

    def _release(self, seq: int) -> None:
        self._seq = seq
        held: Sequence[Event] = self._held or []
        self._held = None
        for event in sorted(held, key=lambda one: one.seq):
            self.deliver(event)

    # ---- sending

    def _put(self, message: BaseModel | _Close) -> None:
        if self._outbox.qsize() < self._room:
            self._outbox.put_nowait(message)
            return
        log.warning("console too slow; cut off, it will resume", username=self._desk.principal.username)
        self._hub.unsubscribe(self)
        self._outbox = asyncio.Queue()
        self._outbox.put_nowait(_TOO_SLOW)

    async def _send_all(self) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            while True:
                message = await self._outbox.get()
                if isinstance(message, _Close):
                    await self._socket.close(code=message.code, reason=message.reason)
                    return
                await self._socket.send_text(
                    message.as_text() if isinstance(message, Event) else message.model_dump_json()
                )
                if isinstance(message, SignedOut):
                    await self._socket.close(code=4401, reason=message.reason)
                    return

    async def _tick(self) -> None:
        # consoles that came at the same moment, after a restart, do not all ask after their sessions at the same moment
        until_check = random.randrange(_TICKS_A_CHECK) + 1  # noqa: S311 - spread, not a secret
        while True:
            await asyncio.sleep(_TICK_S)
            self._put(Tick(server_time=clock.now(), seq=self._hub.newest_seq, links=self._hub.links))
            until_check -= 1
            if until_check:
                continue
            until_check = _TICKS_A_CHECK
            if not await self._check_session():
                self._put(SignedOut(reason="expired"))
                return

    async def _check_session(self) -> bool:
        try:
            principal = await self._still_signed_in()
        except Unavailable:
            return True
        if principal is None:
            return False
        before = self._desk.audience
        self._desk.principal = principal
        self._move_audience(before)
        return True


def _parse(text: str) -> Command:
    if len(text) > _LARGEST_MESSAGE:
        raise MessageUnreadable("The message is too large.", next_step="Shorten the text.")
    try:
        return COMMAND.validate_json(text)
    except ValidationError as error:
        found = error.errors()
        if found[0]["type"] not in _NO_MESSAGE and len(found[0]["loc"]) > 1 and found[0]["loc"][1] != "id":
            # a command that this server knows, with a field that is wrong
            raise input_invalid(found, skip=1) from error
        where = ".".join(str(step) for step in found[0]["loc"])
        raise MessageUnreadable(
            f"The message cannot be read: {where}: {found[0]['msg']}",
            kept="Nothing was changed.",
            next_step="Reload the page; report this if it comes again.",
            field=where,
        ) from error


def _id_of(text: str) -> int:
    """The id of a message that cannot be read otherwise, so that its sender still gets its reply; -1 if it has none."""
    try:
        number = json.loads(text).get("id", -1)
    except (ValueError, AttributeError, RecursionError):
        return -1
    return number if type(number) is int else -1


def _problem(error: HotlineError) -> Problem:
    return Problem.model_validate(error.as_dict())


def _unexpected() -> HotlineError:
    return Unavailable(
        "Something went wrong on the server.",
        kept="Nothing was changed; what was typed stays on the screen.",
        next_step="Try again; report this if it comes again.",
    )
