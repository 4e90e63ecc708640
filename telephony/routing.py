"""Which seat a call goes to, and why: the decision as a pure function.

Asterisk decides while calls come in, from the files that are rendered from the same settings and from the queue
memberships that follow `places_of` (a level is the member's penalty). What stands here says what it decides: it
places the seats, explains a number to a person, and is what the tests hold the real PBX against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from telephony.pbx.parts import HostPart
from telephony.pbx.routing_settings import MergedNumber, Standing
from telephony.pbx.settings import OWN_SEAT_QUEUE, PbxSettings, QueueSettings

Skills = Mapping[str, int]
"""Skill -> level, 1 is best."""

LEADER_LEVEL = 0
"""The place of a leader who answers citizens in person: before every level."""
EVERY_LEVEL = 99
AREA_CODE = "10"
"""Beijing: a caller's number of eight digits belongs to this area."""


@dataclass(frozen=True, slots=True)
class SeatNow:
    """A seat as routing sees it: its place in each queue it serves, whether it is free, and since when it is idle."""

    seat: str
    places: Mapping[str, int]
    free: bool
    idle_since: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """The seat that rings (None: the caller waits), and why."""

    seat: str | None
    why: str


def caller_key(e164: str) -> str:
    """A telephone number as the dialplan looks it up: a Chinese one without country code, another with 00 before it."""
    digits = e164.removeprefix("+")
    return digits.removeprefix("86") if digits.startswith("86") else f"00{digits}"


def number_of_key(key: str) -> str:
    """The reverse of `caller_key`: E.164."""
    return f"+{key.removeprefix('00')}" if key.startswith("00") else f"+86{key}"


def skills_at(settings: PbxSettings, own: Skills, site: str | None) -> Skills:
    """The skills of somebody who sits at a seat of this site: their own, else the site's, else the hall's."""
    if own:
        return own
    return next((known.skills for known in settings.sites if known.name == site), settings.default_skills)


def places_of(part: HostPart, seat: str, skills: Skills, site: str | None, *, leader: bool = False) -> dict[str, int]:
    """The queues of its PBX that this seat serves, each with its place there; lower places ring first."""
    places = {
        queue.name: LEADER_LEVEL if leader else skills[queue.skill]
        for queue in part.queues
        if queue.skill in skills and (not queue.sites or site in queue.sites)
    }
    own = part.own_penalties.get(seat)
    if part.pbx.own_seat_seconds and own is not None:
        places[OWN_SEAT_QUEUE] = own
    return places


def open_level(queue: QueueSettings, waited_s: float) -> int:
    """The worst level that may ring for a caller who has waited so long in this queue."""
    passed = sum(waited_s >= after for after in queue.widen_after)
    return EVERY_LEVEL if passed == len(queue.widen_after) else passed + 1


def choose(queue: QueueSettings, seats: Iterable[SeatNow], waited_s: float) -> Choice:
    """The seat that rings now for the caller at the head of this queue: the best level that is free, in it the seat
    that has been idle longest."""
    serving = [seat for seat in seats if queue.name in seat.places]
    level = open_level(queue, waited_s)
    open_now = [seat for seat in serving if seat.places[queue.name] <= level]
    free = sorted((seat.places[queue.name], seat.idle_since, seat.seat) for seat in open_now if seat.free)
    if free:
        place, since, seat = free[0]
        rank = "a leader" if place == LEADER_LEVEL else f"level {place}"
        return Choice(
            seat, f"seat {seat} is free, {rank} in {queue.skill}, idle longest there (since {since:%H:%M:%S})"
        )
    if not serving:
        return Choice(None, f"nobody who is signed in has the skill {queue.skill}")
    later = next((after for after in queue.widen_after if after > waited_s), None)
    if len(open_now) < len(serving) and later is not None:
        return Choice(None, f"no seat up to level {level} is free; after {later} s the next level is asked too")
    return Choice(None, "no seat is free")


def explain(settings: PbxSettings, dialed: str) -> Sequence[str]:
    """What becomes of a call to this number, step by step, in the order in which the PBX takes them."""
    number = next((n for n in settings.all_numbers if n.number == dialed), None)
    if number is None:
        return [f"{dialed} is not a number of this hall: the call is refused."]
    old = next((m for m in settings.merged_numbers if m.number == dialed), None)
    steps = [_explain_old(old)] if old else []
    steps.append("A number on the black list hears an announcement and is hung up.")
    if number.announcement:
        steps.append(f"The caller hears the announcement {number.announcement}, free of charge.")
    if settings.own_seat_seconds:
        steps.append(
            f"If the seat that took the caller's open case is free, it alone rings for {settings.own_seat_seconds} s."
        )
    queues = {queue.name: queue for queue in settings.queues}
    steps += _explain_host(settings, number.host, settings.host_of(queues[number.queue]))
    return [*steps, *_explain_queue(queues[number.queue]), *_explain_overflow(queues[number.queue], queues)]


def _explain_old(old: MergedNumber) -> str:
    known = {
        Standing.VERIFIED: f"verified: {old.source}",
        Standing.UNVERIFIED: "not verified: nobody has confirmed that it is merged into this hotline",
        Standing.SAMPLE: "a sample: this entry was made up, put in your own",
    }
    return f"{old.number} is the old number of {old.title} ({known[old.standing]})."


def _explain_host(settings: PbxSettings, arrives_at: str, waits_at: str) -> list[str]:
    if arrives_at == waits_at:
        return []
    title = next(host.title for host in settings.all_hosts if host.name == waits_at)
    return [f"The call goes on to the PBX {title}; while that is away, its caller waits here in another queue."]


def _explain_queue(queue: QueueSettings) -> list[str]:
    where = f" at {', '.join(queue.sites)}" if queue.sites else ""
    steps = [
        f"The caller joins the queue {queue.name} (skill {queue.skill}{where}); emergencies stand before all others.",
        f"Of the best level that is free the seat idle longest rings, {queue.ring_seconds} s each.",
    ]
    for after in queue.widen_after:
        level = open_level(queue, after)
        steps.append(f"After {after} s {'every level' if level == EVERY_LEVEL else f'level {level}'} may ring too.")
    return steps


def _explain_overflow(queue: QueueSettings, queues: Mapping[str, QueueSettings]) -> list[str]:
    overflow = queue.overflow
    if overflow is None:
        return ["The caller waits until somebody answers."]
    few = f" ({overflow.few_after_seconds} s with at most {overflow.few_seats} seats)" if overflow.few_seats else ""
    full = f", with {queue.max_waiting} callers waiting" if queue.max_waiting else ""
    when = f"If nobody is signed in{full}, or after {overflow.after_seconds} s{few}"
    steps = [f"{when}, he hears that all seats are busy."]
    if overflow.to:
        other = queues[overflow.to]
        steps.append(f"Then {other.name} (skill {other.skill}) is asked too, for {overflow.to_seconds} s.")
    if overflow.offer_callback:
        steps.append("Then he may press 1 for a callback that keeps his place.")
    return [*steps, f"Else he waits on in {queue.name}, before whoever came later."]
