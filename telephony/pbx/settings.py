"""What the configuration says of the PBX: numbers, queues, seats, trunk, ports."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Digits = Annotated[str, StringConstraints(pattern=r"^\d{2,15}$")]
QueueName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP or UDP port; 0 picks a free one, which the state folder then remembers."""


class Phone(StrEnum):
    """What a seat's phone is: the softphone in the console, or a SIP device (a hardware phone, a simulation)."""

    BROWSER = "browser"
    SIP = "sip"


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NumberSettings(_Settings):
    """A number that citizens dial, and the queue that its callers wait in."""

    number: Digits
    queue: QueueName


class QueueSettings(_Settings):
    """A queue of callers. `leastrecent` rings the seat that has been idle longest."""

    name: QueueName
    strategy: Literal["leastrecent", "rrmemory", "fewestcalls", "linear"] = "leastrecent"
    ring_seconds: Annotated[int, Field(ge=3, le=120)] = 20
    """How long one seat rings before the next is tried and this one is paused."""
    weight: Annotated[int, Field(ge=0, le=100)] = 0
    """Among queues that want the same seat, the heavier one is served first."""
    max_waiting: Annotated[int, Field(ge=0, le=10_000)] = 0
    """How many callers may wait; 0 sets no limit."""
    service_level_seconds: Annotated[int, Field(ge=1, le=300)] = 15


class SeatRange(_Settings):
    """The seats from `first` to `last`, both included, and the kind of their phones."""

    first: Annotated[int, Field(ge=100, le=99_999)]
    last: Annotated[int, Field(ge=100, le=99_999)]
    phone: Phone = Phone.BROWSER

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"seat range {self.first}-{self.last} ends before it begins")
        if self.last - self.first >= 5_000:
            raise ValueError(f"seat range {self.first}-{self.last} holds more than 5,000 seats")
        return self


class Seat(_Settings):
    """One seat: its number is its SIP user name, its queue member name and its extension."""

    number: str
    phone: Phone


class TrunkSettings(_Settings):
    """The line to the carrier."""

    host: IPv4Address
    port: Port = 5060
    identify: tuple[IPv4Network, ...] = ()
    """The addresses from which the carrier's calls come; the host itself when empty."""

    @property
    def networks(self) -> tuple[str, ...]:
        """The addresses whose calls are taken as the carrier's."""
        return tuple(str(network) for network in self.identify) or (str(self.host),)


class PortSettings(_Settings):
    """Where Asterisk listens. RTP stays below the range from which the kernel hands out ports."""

    ami: Port = 0
    http: Port = 0
    sip: Port = 0
    rtp_first: Annotated[int, Field(ge=1024, le=65_000)] = 20_000
    rtp_last: Annotated[int, Field(ge=1024, le=65_535)] = 24_999

    @model_validator(mode="after")
    def _enough_rtp(self) -> Self:
        if self.rtp_last - self.rtp_first < 3:
            raise ValueError("the RTP range needs at least four ports: two for each leg of a call")
        return self


class PbxSettings(_Settings):
    """The whole PBX. Every number leads to a queue that exists; every queue and seat stands once."""

    numbers: tuple[NumberSettings, ...]
    queues: tuple[QueueSettings, ...]
    seat_ranges: tuple[SeatRange, ...]
    trunk: TrunkSettings
    ports: PortSettings = PortSettings()
    address: IPv4Address = IPv4Address("127.0.0.1")
    """The address on which SIP and the audio of SIP phones are taken. AMI and HTTP are on the loopback always."""
    max_calls: Annotated[int, Field(ge=1, le=20_000)] = 400

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _refuse_doubles("number", [n.number for n in self.numbers])
        queues = [q.name for q in self.queues]
        _refuse_doubles("queue", queues)
        for number in self.numbers:
            if number.queue not in queues:
                raise ValueError(f"number {number.number} leads to queue {number.queue}, which does not exist")
        dialed = {n.number for n in self.numbers}
        clash = dialed & {seat.number for seat in self.seats}
        if clash:
            raise ValueError(f"{sorted(clash)} is both a number that citizens dial and a seat")
        return self

    @property
    def seats(self) -> tuple[Seat, ...]:
        """All seats in the order of their numbers; a later range overrides the phone of an earlier one."""
        phones = {n: r.phone for r in self.seat_ranges for n in range(r.first, r.last + 1)}
        return tuple(Seat(number=str(number), phone=phones[number]) for number in sorted(phones))

    def with_phones(self, phone: Phone, first: int, last: int) -> PbxSettings:
        """The same PBX with the seats `first` to `last` on phones of this kind."""
        extra = SeatRange(first=first, last=last, phone=phone)
        return self.model_copy(update={"seat_ranges": (*self.seat_ranges, extra)})


def _refuse_doubles(what: str, values: list[str]) -> None:
    doubles = sorted({value for value in values if values.count(value) > 1})
    if doubles:
        raise ValueError(f"{what} {', '.join(doubles)} stands twice")
