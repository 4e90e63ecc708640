"""Live captions on their way to the seat that has the call, and to whoever listens to it: the messages, and what a page
that comes later is told.

What is kept here is kept in memory, for the talk that goes on or has just ended; the record is the transcript.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from asr.audio import Leg
from asr.live.recognition import LegState
from backend.calls.captions import CaptionLine, CaptionNotice, SaidNow, StandsNow, read
from backend.kernel.notices import notices
from backend.kernel.schemas import Schema

MOST_LINES = 400
"""Of a talk that is longer the oldest lines are let go."""
_KEPT_S = 1800.0
"""A talk of which nothing was heard for so long is let go; its wrap-up is over by then."""


class Captioned(Schema):
    """Something was said in the call of this seat, or what was shown of it grew; may be lost, and is never an event."""

    type: Literal["caption"] = "caption"
    call_id: str
    line: CaptionLine


class CaptionsStand(Schema):
    """How the captions of one leg of this seat's call stand: live, behind the speaker, lost, or off."""

    type: Literal["captions_stand"] = "captions_stand"
    call_id: str
    leg: Leg
    state: LegState
    lag_ms: int
    skipped_ms: int


class CaptionsView(Schema):
    """All that was said so far in the talk of this seat, and how the captions of its legs stand."""

    call_id: str
    lines: list[CaptionLine]
    legs: dict[Leg, LegState]


class CaptionsSoFar(Schema):
    """To whoever begins to listen to a call: all that was said in it before."""

    type: Literal["captions_so_far"] = "captions_so_far"
    view: CaptionsView


CaptionMessage = Captioned | CaptionsStand
Show = Callable[[str, CaptionMessage], None]
"""Shows something at a seat."""


@dataclass(slots=True)
class _Talk:
    """The latest talk of a seat."""

    call_id: str
    board: Path
    told_at: float = 0.0
    lines: dict[str, CaptionLine] = field(default_factory=dict)
    legs: dict[Leg, LegState] = field(default_factory=dict)

    def take(self, notice: CaptionNotice) -> CaptionMessage:
        if not isinstance(notice, SaidNow):
            self.legs[notice.leg] = notice.state
            return CaptionsStand.model_validate(notice.model_dump(exclude={"kind", "seat"}))
        self.legs.setdefault(notice.line.leg, LegState.LIVE)  # of a hub that came in the middle of the talk
        if notice.line.text:
            self.lines[notice.line.line] = notice.line
            if len(self.lines) > MOST_LINES:
                del self.lines[next(iter(self.lines))]
        else:
            self.lines.pop(notice.line.line, None)
        return Captioned(call_id=self.call_id, line=notice.line)

    def is_later_than(self, notice: CaptionNotice) -> bool:
        """Whether this notice of another talk is of one before: its last words, read to the end when this one has
        begun."""
        if isinstance(notice, SaidNow):
            return any(line.at > notice.line.at for line in self.lines.values())
        return notice.state in (LegState.OFF, LegState.LOST)


class CaptionDesk:
    """Hears the captions of the PBX hosts of this machine."""

    def __init__(self, boards: Sequence[Path] = ()) -> None:
        self._boards = boards
        self._talks: dict[str, _Talk] = {}

    async def follow(self, show: Show) -> None:
        """Show what is said at the seats that have the calls, for ever."""
        async with asyncio.TaskGroup() as group:
            for board in self._boards:
                group.create_task(self._follow_board(board, show))

    def of(self, seat: str, call_id: str) -> CaptionsView | None:
        """What was said so far in this call at this seat; None of any other call that was there."""
        talk = self._talks.get(seat)
        if talk is None or talk.call_id != call_id:
            return None
        return CaptionsView(call_id=call_id, lines=list(talk.lines.values()), legs=dict(talk.legs))

    def take(self, board: Path, notice: CaptionNotice, show: Show) -> None:
        """One notice of the captions' server behind this board."""
        now = time.monotonic()
        talk = self._talks.get(notice.seat)
        if talk is None or talk.call_id != notice.call_id:
            if talk is not None and talk.is_later_than(notice):
                return
            self._talks = {seat: one for seat, one in self._talks.items() if now - one.told_at < _KEPT_S}
            talk = self._talks[notice.seat] = _Talk(notice.call_id, board)
        talk.told_at = now
        show(notice.seat, talk.take(notice))

    def lose(self, board: Path, show: Show) -> None:
        """The captions' server behind this board is gone: no seat may go on believing that it is captioned."""
        for seat, talk in self._talks.items():
            if talk.board == board:
                for leg in talk.legs:
                    lost = StandsNow(seat=seat, call_id=talk.call_id, leg=leg, state=LegState.LOST)
                    show(seat, talk.take(lost))

    async def _follow_board(self, board: Path, show: Show) -> None:
        async for batch in notices(board):
            for notice in batch:
                self.take(board, read(notice), show)
            if not batch:
                self.lose(board, show)
