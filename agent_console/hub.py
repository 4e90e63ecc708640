"""The hub: reads every event once and hands each console what it may hear.

One hub runs in each `hotline serve`. It follows the event table, turns each stored event into the message that
consoles know, and gives it to the connections whose audience the event names. A console that is slow is cut off rather
than waited for: it comes back and resumes from the number it has, so that nothing is lost and nobody else waits.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from agent_console.captions import CaptionDesk, CaptionMessage
from agent_console.desk import captions_of, link_views
from agent_console.messages.calls import Ring
from agent_console.messages.seats import LinkView
from agent_console.popups import Popups
from agent_console.protocol import Event, EventBody
from backend.kernel.database import Database
from backend.kernel.errors import Unavailable
from backend.kernel.events import EventStream, StoredEvent
from telephony.pbx.settings import PbxSettings

log = structlog.get_logger(__name__)

Render = Callable[[Sequence[StoredEvent]], Awaitable[list[EventBody | None]]]
"""Turns stored events of one topic into their messages, one for one; None where there is nothing to tell any more.

All events of a batch are rendered together: when 56 calls ring at once, their cards cost a few queries, not hundreds.
"""

_RETRY_S = 0.2
_LINK_EVERY_S = 3.0
_SEAT_CHANGED = "seat_changed"


class Listener(Protocol):
    """A connection as the hub sees it."""

    def deliver(self, event: Event) -> None:
        """Take an event without waiting; a listener that cannot keep up closes itself."""

    def tell(self, message: Ring | CaptionMessage) -> None:
        """Take what has no number and may be lost: a pop-up ahead of its event, a caption."""


class Hub:
    """Fans events out to the listeners of this process."""

    def __init__(
        self,
        database: Database,
        pbx: PbxSettings,
        renderers: dict[str, Render],
        popups: Popups | None = None,
        captions: CaptionDesk | None = None,
    ) -> None:
        self._pbx = pbx
        self._database = database
        self._stream = EventStream(database)
        self._popups = popups
        self.captions = captions or CaptionDesk()
        self._renderers = renderers
        self._by_audience: dict[str, set[Listener]] = defaultdict(set)
        self.newest_seq = 0
        self.links: list[LinkView] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def connected(self) -> bool:
        """Whether events are flowing."""
        return self._stream.connected

    @property
    def listeners(self) -> int:
        """How many consoles are connected."""
        return len({id(listener) for group in self._by_audience.values() for listener in group})

    def subscribe(self, listener: Listener, audience: Iterable[str]) -> None:
        """From now on the listener hears events for any of these audiences."""
        for name in audience:
            self._by_audience[name].add(listener)

    def unsubscribe(self, listener: Listener, audience: Iterable[str] | None = None) -> None:
        """The listener no longer hears events for these audiences (None: for any)."""
        for name in list(self._by_audience) if audience is None else list(audience):
            group = self._by_audience.get(name)
            if group is not None:
                group.discard(listener)
                if not group:
                    del self._by_audience[name]

    def tell(self, seat: str, message: Ring | CaptionMessage) -> None:
        """Show this at the seat now, and nowhere else."""
        for listener in list(self._by_audience.get(f"seat:{seat}", ())):
            listener.tell(message)

    def tell_captions(self, seat: str, message: CaptionMessage) -> None:
        """Show what is said at the seat there, and to those who listen to it."""
        self.tell(seat, message)
        for listener in list(self._by_audience.get(captions_of(seat), ())):
            listener.tell(message)

    def start(self) -> None:
        """Begin to follow the events."""
        self._tasks = [asyncio.create_task(self._follow(), name="console hub")]
        self._tasks.append(asyncio.create_task(self._watch_link(), name="link watch"))
        if self._popups is not None:
            self._tasks.append(asyncio.create_task(self._popups.follow(self.tell), name="pop-ups"))
        self._tasks.append(asyncio.create_task(self.captions.follow(self.tell_captions), name="captions"))

    async def stop(self) -> None:
        """Stop following."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def render(self, batch: Sequence[StoredEvent]) -> list[Event]:
        """The messages for stored events, in their order; those without a message are left out.

        An event that cannot be shown goes to the log and stops no other. Raises `Unavailable` when the database does
        not answer.
        """
        by_topic: dict[str, list[StoredEvent]] = defaultdict(list)
        for stored in batch:
            by_topic[stored.topic].append(stored)
        rendered = [await self._render_topic(topic, group) for topic, group in by_topic.items()]
        return sorted((event for events in rendered for event in events), key=lambda event: event.seq)

    async def _render_topic(self, topic: str, group: Sequence[StoredEvent]) -> list[Event]:
        renderer = self._renderers.get(topic)
        if renderer is None:
            return []
        try:
            bodies = await renderer(group)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one event must not stop all others
            if len(group) == 1:
                log.error("event not shown", topic=topic, seq=group[0].seq, error=repr(error))
                return []
            alone = [await self._render_topic(topic, [stored]) for stored in group]
            return [event for events in alone for event in events]
        return [
            Event(seq=stored.seq, at=stored.at, body=body)
            for stored, body in zip(group, bodies, strict=True)
            if body is not None
        ]

    async def _follow(self) -> None:
        async for batch in self._stream.follow():
            heard = self._heard_here(batch)
            audiences = {stored.seq: stored.audience for stored in heard}
            for event in await self._render_when_possible(heard):
                self._fan_out(event, audiences[event.seq])
            self.newest_seq = batch[-1].seq

    def _heard_here(self, batch: Sequence[StoredEvent]) -> list[StoredEvent]:
        """Those that somebody hears here by now, or may hear by the time they are told: whoever is told of a seat may
        have sat down there, and then hears what follows for that seat."""
        heard = [stored for stored in batch if any(name in self._by_audience for name in stored.audience)]
        moved = {f"seat:{stored.entity}" for stored in heard if stored.topic == _SEAT_CHANGED}
        names = self._by_audience.keys() | moved
        return [stored for stored in batch if not names.isdisjoint(stored.audience)] if moved else heard

    async def _watch_link(self) -> None:
        """Know how old the truth is, once for all consoles of this process."""
        while True:
            with suppress(Unavailable):
                async with self._database.transaction() as tx:
                    self.links = await link_views(tx, self._pbx)
            await asyncio.sleep(_LINK_EVERY_S)

    async def _render_when_possible(self, batch: Sequence[StoredEvent]) -> list[Event]:
        while True:
            try:
                return await self.render(batch)
            except Unavailable:
                await asyncio.sleep(_RETRY_S)

    def _fan_out(self, event: Event, audience: Iterable[str]) -> None:
        for listener in {listener for name in audience for listener in self._by_audience.get(name, ())}:
            listener.deliver(event)
