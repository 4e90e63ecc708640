"""Taps: channels of their own that hear one leg of a talk each, for the live captions. Pure.

A tap is no part of its call: it has an id and a linkedid of its own, leaves no row in the CDR file, and the reducer
states no fact of it. What should be tapped follows from the calls, and is compared with what is: so a tap that fails,
ends, or was left by a process that died costs captions for some seconds and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from telephony.ami import AmiEvent, Snapshot
from telephony.call import Call
from telephony.order import Action, hang_up

CONNECTION = "captions"
"""The live captions' server, as websocket_client.conf names it."""

TapLeg = Literal["caller", "seat"]

_ID = re.compile(r"tap-(caller|seat)-(\d{1,10})-\d+-(.+)")
_ID_KEYS = ("Uniqueid", "DestUniqueid", "SpyerUniqueid")
_AGAIN = (timedelta(seconds=3), timedelta(seconds=10), timedelta(seconds=30))
"""After how long a tap that did not come about, or ended by itself, is ordered again."""
_ENDS_WITHIN = timedelta(seconds=2)
"""A tap ends by itself with its leg, and soon after it was told to: before that nothing more is done about it."""


@dataclass(frozen=True, slots=True)
class Tap:
    """The leg of the citizen, or of the seat, in the talk of `seat` in the call."""

    call_id: str
    seat: str
    leg: TapLeg

    def channel_id(self, at: datetime) -> str:
        """The id of its channel, which tells all of this; the moment of the order makes it one of its own."""
        return f"tap-{self.leg}-{self.seat}-{round(at.timestamp() * 1000)}-{self.call_id}"


def tap_of(channel_id: str) -> Tap | None:
    """The tap whose channel has this id; None for any other channel."""
    match = _ID.fullmatch(channel_id)
    if match is None:
        return None
    return Tap(match[3], match[2], "caller" if match[1] == "caller" else "seat")


def taps_wanted(calls: Iterable[Call]) -> dict[Tap, str]:
    """What should be heard now, with the channel of each leg: talks that go on, and nothing while the recording is
    paused or the citizen is on hold, where what is said is for nobody."""
    wanted: dict[Tap, str] = {}
    for call in calls:
        if call.recording_paused_at is not None:
            continue
        for seat, channel in call.talking.items():
            if seat not in call.held:
                wanted[Tap(call.id, seat, "caller")] = call.channel
                wanted[Tap(call.id, seat, "seat")] = channel
    return wanted


class Taps:
    """The taps that the PBX holds: the id of each tap's channel, with its name."""

    def __init__(self) -> None:
        self.channels: dict[str, str] = {}

    def follow(self, event: AmiEvent) -> bool:
        """Whether this event is about a tap, and so about no call."""
        if not any(event[key].startswith("tap-") for key in _ID_KEYS):
            return False
        if event["Event"] == "Newchannel":
            self.channels[event["Uniqueid"]] = event["Channel"]
        elif event["Event"] == "Hangup":
            self.channels.pop(event["Uniqueid"], None)
        return True

    def resynchronise(self, snapshot: Snapshot) -> None:
        """Take what the PBX lists."""
        self.channels = {
            leg["Uniqueid"]: leg["Channel"] for leg in snapshot.channels if tap_of(leg["Uniqueid"]) is not None
        }


@dataclass(slots=True)
class _Tried:
    """How often a tap was ordered, and when last."""

    times: int
    at: datetime


class TapPlan:
    """What is to be ordered now; remembers what was ordered already, so that nothing is ordered twice at once."""

    def __init__(self) -> None:
        self._tried: dict[Tap, _Tried] = {}
        self._leaving: dict[str, datetime] = {}

    def actions(self, calls: Mapping[str, Call], channels: Mapping[str, str], now: datetime) -> list[Action]:
        """What brings the taps that there are (`Taps.channels`) to those that these calls want."""
        wanted = taps_wanted(calls.values())
        present = {channel_id: tap_of(channel_id) for channel_id in channels}
        self._tried = {tap: tried for tap, tried in self._tried.items() if tap in wanted}
        unwanted = {channel_id: tap for channel_id, tap in present.items() if tap not in wanted}
        self._leaving = {channel_id: at for channel_id, at in self._leaving.items() if channel_id in unwanted}
        ends = [
            hang_up(channels[channel_id])
            for channel_id, tap in unwanted.items()
            if self._must_end(channel_id, now, goes_on=tap is not None and tap.call_id in calls)
        ]
        heard = set(present.values())
        begins = [
            _begin(tap, channel, now) for tap, channel in wanted.items() if tap not in heard and self._is_due(tap, now)
        ]
        return ends + begins

    def _must_end(self, channel_id: str, now: datetime, *, goes_on: bool) -> bool:
        """At once while its call goes on, for what is said now is for nobody; else only if it stays."""
        since = self._leaving.get(channel_id)
        if since is not None and now - since < _ENDS_WITHIN:
            return False
        self._leaving[channel_id] = now
        return goes_on or since is not None

    def _is_due(self, tap: Tap, now: datetime) -> bool:
        tried = self._tried.get(tap)
        if tried is None:
            self._tried[tap] = _Tried(1, now)
            return True
        if now - tried.at < _AGAIN[min(tried.times, len(_AGAIN)) - 1]:
            return False
        self._tried[tap] = _Tried(tried.times + 1, now)
        return True


def _begin(tap: Tap, channel: str, now: datetime) -> Action:
    return {
        "Action": "Originate",
        # d(in): sound for us only, else Asterisk wakes up for each frame once more to ask for what we never send
        "Channel": f"WebSocket/{CONNECTION}/c(slin)d(in)",
        "ChannelId": tap.channel_id(now),
        "Application": "ChanSpy",
        # q: no beep; E and S: over with the leg, also if it is over by now; o: nothing but what this leg says
        "Data": f"{channel},qESo",
        "Async": "true",
        "Variable": ["CDR_PROP(disable)=1"],
    }
