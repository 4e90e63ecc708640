"""Captions are told the moment they are made, to the seat that has the call, and stored nowhere.

They go from `hotline captions` to the hubs of its machine as rings do (`backend.calls.announce`): over a socket that
only the platform's own user can open. What was said is kept as the transcript of the recording, made later and better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from asr.audio import Leg
from asr.live.messages import Caption
from asr.live.recognition import LegState, Standing
from backend.kernel import clock
from backend.kernel.schemas import Schema
from telephony.taps import Tap, tap_of


class CaptionLine(Schema):
    """What somebody said in one breath. The same `line` comes again while it grows; empty and final takes it back.

    Times are from the start of the leg, `at` is when its first word was said.
    """

    leg: Leg
    line: str
    text: str
    from_ms: int
    to_ms: int
    at: datetime
    final: bool


class _OfTalk(Schema):
    """Something about the talk of a seat."""

    seat: str
    call_id: str


class SaidNow(_OfTalk):
    """Something was said."""

    kind: Literal["said"] = "said"
    line: CaptionLine


class StandsNow(_OfTalk):
    """How the captions of a leg stand; `lag_ms` behind the speaker, `skipped_ms` just passed over."""

    kind: Literal["stands"] = "stands"
    leg: Leg
    state: LegState
    lag_ms: int = 0
    skipped_ms: int = 0


CaptionNotice = SaidNow | StandsNow
_NOTICE: TypeAdapter[CaptionNotice] = TypeAdapter(Annotated[CaptionNotice, Field(discriminator="kind")])

Post = Callable[[Iterable[Mapping[str, Any]]], None]


def read(notice: Mapping[str, Any]) -> CaptionNotice:
    """A notice as it was meant."""
    return _NOTICE.validate_python(notice)


class CaptionNotices:
    """Tells what the captions' server hears; knows by the id of a channel which talk it belongs to."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._newest: dict[Tap, str] = {}

    def listener_for(self, channel_id: str) -> _Telling | None:
        """Who tells what is said on this channel; None for one that is no tap."""
        tap = tap_of(channel_id)
        if tap is None:
            return None
        self._newest[tap] = channel_id
        return _Telling(tap, channel_id, clock.now(), self)

    def said(self, tap: Tap, line: CaptionLine) -> None:
        """Something was said in the leg of this tap."""
        self._tell(SaidNow(seat=tap.seat, call_id=tap.call_id, line=line))

    def stands(self, tap: Tap, channel_id: str, standing: Standing) -> None:
        """How the captions of this tap stand on this channel. A leg that is tapped anew, after a hold, is heard before
        the last words of the channel before are read to the end: how that one stands is of no concern any more."""
        if self._newest.get(tap) != channel_id:
            return
        if standing.state is LegState.OFF:
            del self._newest[tap]
        leg = Leg(tap.leg)
        told = {"state": standing.state, "lag_ms": standing.lag_ms, "skipped_ms": standing.skipped_ms}
        self._tell(StandsNow(seat=tap.seat, call_id=tap.call_id, leg=leg, **told))

    def _tell(self, notice: CaptionNotice) -> None:
        self._post([notice.model_dump(mode="json")])


class _Telling:
    """Tells of one leg."""

    def __init__(self, tap: Tap, channel_id: str, began_at: datetime, notices: CaptionNotices) -> None:
        self._tap = tap
        self._channel_id = channel_id
        self._began_at = began_at
        self._notices = notices

    def said(self, caption: Caption) -> None:
        """A caption began, grew or ended."""
        line = CaptionLine(
            leg=Leg(self._tap.leg),
            line=f"{self._channel_id}/{caption.line}",
            text=caption.text,
            from_ms=caption.from_ms,
            to_ms=caption.to_ms,
            at=self._began_at + timedelta(milliseconds=caption.from_ms),
            final=caption.final,
        )
        self._notices.said(self._tap, line)

    def stands(self, standing: Standing) -> None:
        """How the captions stand from now on."""
        self._notices.stands(self._tap, self._channel_id, standing)
