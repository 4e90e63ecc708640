"""What one PBX carries of the whole telephone system, and what it hands over to the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from backend.kernel.errors import NotFound
from telephony.names import DEFAULT_HOST
from telephony.pbx.host_settings import HostSettings
from telephony.pbx.settings import NumberSettings, PbxSettings, QueueSettings, Seat


class HostUnknown(NotFound):
    """The configuration holds no such PBX host."""


@dataclass(frozen=True)
class AwayQueue:
    """A queue on another PBX. Callers whom that one cannot take, because it is away, wait in `instead`."""

    name: str
    host: str
    instead: str


@dataclass(frozen=True)
class HostPart:
    """One PBX: the numbers that its carrier delivers, its queues and seats, and where the rest of the system is.

    `peers` are the other PBX hosts; `away_queues` and `away_seats` are on them.
    """

    pbx: PbxSettings
    host: HostSettings
    numbers: tuple[NumberSettings, ...]
    queues: tuple[QueueSettings, ...]
    seats: tuple[Seat, ...]
    peers: tuple[HostSettings, ...]
    away_queues: tuple[AwayQueue, ...]
    away_seats: tuple[Seat, ...]

    @property
    def name(self) -> str:
        """The name of the PBX in the record."""
        return self.host.name

    @cached_property
    def own_penalties(self) -> dict[str, int]:
        """The place of each seat in the queue OWN_SEAT_QUEUE: its caller asks for exactly this one."""
        return {seat.number: place for place, seat in enumerate(self.seats, start=1)}

    @property
    def line(self) -> str:
        """The endpoint over which calls to the outside go: the carrier's, or the first PBX's where there is none."""
        return "trunk" if self.host.trunk else peer_endpoint(self.pbx.all_hosts[0].name)


def part_of(settings: PbxSettings, host: str = DEFAULT_HOST) -> HostPart:
    """What the PBX `host` carries. Raises HostUnknown."""
    hosts = {each.name: each for each in settings.all_hosts}
    if host not in hosts:
        raise HostUnknown(
            f"There is no PBX host {host}.", next_step=f"Configured are: {', '.join(hosts)}.", field="host"
        )
    on = {queue.name: settings.host_of(queue) for queue in settings.queues}
    own = tuple(queue for queue in settings.queues if on[queue.name] == host)
    away = tuple(
        AwayQueue(queue.name, on[queue.name], _instead(queue, own))
        for queue in settings.queues
        if on[queue.name] != host
    )
    seats = settings.seats
    return HostPart(
        pbx=settings,
        host=hosts[host],
        numbers=tuple(number for number in settings.all_numbers if number.host == host),
        queues=own,
        seats=tuple(seat for seat in seats if seat.host == host),
        peers=tuple(each for each in hosts.values() if each.name != host),
        away_queues=away,
        away_seats=tuple(seat for seat in seats if seat.host != host),
    )


def peer_endpoint(host: str) -> str:
    """What a PBX calls its line to the PBX `host`; `telephony.names.peer_of` reads it from a channel."""
    return f"host-{host}"


def _instead(queue: QueueSettings, own: tuple[QueueSettings, ...]) -> str:
    """Where a caller waits while the PBX of his queue is away: the group that helps out, else one of the same skill."""
    names = [each.name for each in own]
    if queue.overflow and queue.overflow.to in names:
        return queue.overflow.to
    return next((each.name for each in own if each.skill == queue.skill), names[0])
