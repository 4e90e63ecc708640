"""What the configuration says of the PBX: numbers, queues, seats, trunk, ports."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from telephony.names import DEFAULT_HOST
from telephony.pbx.host_settings import HostSettings, PortSettings, TrunkSettings
from telephony.pbx.routing_settings import (
    AnnouncementName,
    Digits,
    HostName,
    Level,
    MergedNumber,
    OverflowSettings,
    QueueName,
    Seconds,
    Settings,
    SiteName,
    SiteSettings,
    SkillName,
    SkillSettings,
    SurveySettings,
)

OWN_SEAT_QUEUE = "own-seat"
"""The queue in which a caller waits for one certain seat: every signed-in seat is a member at a place of its own."""


class Phone(StrEnum):
    """What a seat's phone is: the softphone in the console, or a SIP device (a hardware phone, a simulation)."""

    BROWSER = "browser"
    SIP = "sip"


DialPattern = Annotated[str, StringConstraints(pattern=r"^(?:[0-9XZN]|\[[0-9-]+\]){3,20}$")]
"""Numbers as Asterisk's dialplan writes them (X any digit, Z 1-9, N 2-9, [..] a choice), each of a fixed length."""

MAINLAND_NUMBERS: tuple[DialPattern, ...] = (
    *("1[3-9]XXXXXXXXX", "[2-8]XXXXXXX", "010[2-8]XXXXXXX", "02XXXXXXXXX", "0[3-9]XXXXXXXXX", "0[3-9]XXXXXXXXXX"),
    *("11[0249]", "12[02]", "12[0-9]XX", "95XXX", "96XXX", "400XXXXXXX", "800XXXXXXX"),
)
"""Mobile and fixed numbers, emergency and public services; nothing international, no value-added services."""


class NumberSettings(Settings):
    """A number that citizens dial, the queue that its callers wait in, and what they hear first (usually nothing).

    The carrier delivers its calls to the PBX `host`, wherever the queue is.
    """

    number: Digits
    queue: QueueName
    announcement: AnnouncementName | None = None
    host: HostName = DEFAULT_HOST


class QueueSettings(Settings):
    """A queue of callers. `leastrecent` rings the seat that has been idle longest.

    Its members are the seats whose people have `skill`; at `sites`, if any are named, else anywhere. Better levels
    ring first. A caller is offered to level 1 alone at first, and to one level more after each of `widen_after`
    seconds, the last of which opens the queue to every level; with none given all levels are open at once.

    A queue is on one PBX and rings the seats there: `host`, else the PBX of its sites' seats, else the first.
    """

    name: QueueName
    title: str = ""
    skill: SkillName = "general"
    sites: tuple[SiteName, ...] = ()
    host: HostName | None = None
    widen_after: tuple[Seconds, ...] = ()
    overflow: OverflowSettings | None = None
    strategy: Literal["leastrecent", "rrmemory", "fewestcalls", "linear"] = "leastrecent"
    ring_seconds: Annotated[int, Field(ge=3, le=120)] = 20
    """How long one seat rings before the next is tried and this one is paused."""
    weight: Annotated[int, Field(ge=0, le=100)] = 0
    """Among queues that want the same seat, the heavier one is served first."""
    max_waiting: Annotated[int, Field(ge=0, le=10_000)] = 0
    """How many callers may wait; 0 sets no limit."""
    service_level_seconds: Annotated[int, Field(ge=1, le=300)] = 15

    @model_validator(mode="after")
    def _widening_rises(self) -> Self:
        if list(self.widen_after) != sorted(set(self.widen_after)):
            raise ValueError(f"queue {self.name} widens after {self.widen_after}, which does not rise")
        return self


class SeatRange(Settings):
    """The seats from `first` to `last`, both included: the kind of their phones, the sub-centre they stand in, and the
    PBX that their phones register at."""

    first: Annotated[int, Field(ge=100, le=99_999)]
    last: Annotated[int, Field(ge=100, le=99_999)]
    phone: Phone = Phone.BROWSER
    site: SiteName | None = None
    host: HostName | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"seat range {self.first}-{self.last} ends before it begins")
        if self.last - self.first >= 5_000:
            raise ValueError(f"seat range {self.first}-{self.last} holds more than 5,000 seats")
        return self


class Seat(Settings):
    """One seat: its number is its SIP user name, its queue member name and its extension."""

    number: str
    phone: Phone
    site: str | None = None
    host: str = DEFAULT_HOST


class LostAfter(Settings):
    """For how many seconds no sound comes from a seat's phone until its leg in a call counts as lost.

    A browser never stops sending, and a page that is loaded anew needs some five seconds to take its call back; a SIP
    phone may be silent while nobody speaks into it.
    """

    browser_seconds: Annotated[int, Field(ge=10, le=300)] = 20
    sip_seconds: Annotated[int, Field(ge=3, le=300)] = 60


class PbxSettings(Settings):
    """The whole telephone system. Every number leads to a queue that exists; every queue and seat stands once.

    `trunk`, `ports`, `address` and `max_calls` are those of the first PBX, which is all that most halls have.
    """

    numbers: tuple[NumberSettings, ...]
    queues: tuple[QueueSettings, ...]
    seat_ranges: tuple[SeatRange, ...]
    trunk: TrunkSettings
    skills: tuple[SkillSettings, ...] = (SkillSettings(name="general", title="综合"),)
    default_skills: dict[SkillName, Level] = {"general": 1}
    """The skills of people who have none of their own and sit at no sub-centre."""
    sites: tuple[SiteSettings, ...] = ()
    merged_numbers: tuple[MergedNumber, ...] = ()
    languages: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")], ...] = ("zh",)
    """The languages of the announcements, said after one another (configs/announcements)."""
    survey: SurveySettings = SurveySettings()
    own_seat_seconds: Annotated[int, Field(ge=0, le=60)] = 0
    """How long the seat that took a caller's open case rings alone, if it is free; 0 sends him to the queue at once."""
    ports: PortSettings = PortSettings()
    address: IPv4Address = IPv4Address("127.0.0.1")
    """The address on which SIP and the audio of SIP phones are taken. AMI and HTTP are on the loopback always."""
    max_calls: Annotated[int, Field(ge=1, le=20_000)] = 400
    title: Annotated[str, Field(min_length=1, max_length=40)] = "中心"
    """What the screen calls the first PBX where there are several."""
    hosts: tuple[HostSettings, ...] = ()
    """Further PBX hosts, such as that of a sub-centre at its own site."""
    outside_numbers: tuple[DialPattern, ...] = MAINLAND_NUMBERS
    """What a seat may dial, consult or hand a citizen over to outside the hall."""
    lost_after: LostAfter = LostAfter()
    """When the citizen who talked with a seat whose line died is taken back to those who wait."""
    transfer_ring_seconds: Annotated[int, Field(ge=5, le=120)] = 20
    """How long a seat rings for a colleague, or for a citizen who is handed over to it."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _refuse_doubles("number", [n.number for n in self.all_numbers])
        queues = [q.name for q in self.queues]
        _refuse_doubles("queue", queues)
        if OWN_SEAT_QUEUE in queues:
            raise ValueError(f"queue {OWN_SEAT_QUEUE} is the platform's own")
        for number in self.all_numbers:
            if number.queue not in queues:
                raise ValueError(f"number {number.number} leads to queue {number.queue}, which does not exist")
        dialed = {n.number for n in self.all_numbers}
        clash = dialed & {seat.number for seat in self.seats}
        if clash:
            raise ValueError(f"{sorted(clash)} is both a number that citizens dial and a seat")
        return self

    @model_validator(mode="after")
    def _routable(self) -> Self:
        skills, sites = [s.name for s in self.skills], [s.name for s in self.sites]
        _refuse_doubles("skill", skills)
        _refuse_doubles("site", sites)
        queues = {q.name: q for q in self.queues}
        used = {q.skill for q in self.queues} | set(self.default_skills) | {n for s in self.sites for n in s.skills}
        _refuse_unknown("skill", used, skills)
        placed = {site for q in self.queues for site in q.sites} | {r.site for r in self.seat_ranges if r.site}
        _refuse_unknown("site", placed, sites)
        _refuse_unknown("queue", {q.overflow.to for q in self.queues if q.overflow and q.overflow.to}, list(queues))
        for queue in self.queues:
            if queue.overflow and queue.overflow.to == queue.name:
                raise ValueError(f"queue {queue.name} overflows into itself")
        return self

    @model_validator(mode="after")
    def _placed(self) -> Self:
        names = [host.name for host in self.all_hosts]
        _refuse_doubles("host", names)
        used = {n.host for n in self.all_numbers} | {r.host for r in self.seat_ranges if r.host}
        _refuse_unknown("host", used | {q.host for q in self.queues if q.host}, names)
        idle = sorted(set(names) - {self.host_of(queue) for queue in self.queues})
        if idle:
            raise ValueError(f"host {', '.join(idle)} has no queue, so nobody could wait there")
        return self

    @property
    def all_hosts(self) -> tuple[HostSettings, ...]:
        """Every PBX, the first one first."""
        first = HostSettings(
            name=DEFAULT_HOST,
            title=self.title,
            address=self.address,
            ports=self.ports,
            trunk=self.trunk,
            max_calls=self.max_calls,
        )
        return (first, *self.hosts)

    def host_of(self, queue: QueueSettings) -> str:
        """The PBX that this queue is on."""
        of_sites = {seat.host for seat in self.seats if seat.site in queue.sites} if queue.sites else set()
        return queue.host or (of_sites.pop() if len(of_sites) == 1 else DEFAULT_HOST)

    @property
    def all_numbers(self) -> tuple[NumberSettings, ...]:
        """Every number that citizens dial, those of the merged hotlines too."""
        merged = (
            NumberSettings(number=m.number, queue=m.queue, announcement=m.announcement, host=m.host)
            for m in self.merged_numbers
        )
        return (*self.numbers, *merged)

    @property
    def seats(self) -> tuple[Seat, ...]:
        """All seats in the order of their numbers; a later range overrides the phone, and site and host if it names
        them."""
        phones = {n: r.phone for r in self.seat_ranges for n in range(r.first, r.last + 1)}
        sites = {n: r.site for r in self.seat_ranges if r.site for n in range(r.first, r.last + 1)}
        hosts = {n: r.host for r in self.seat_ranges if r.host for n in range(r.first, r.last + 1)}
        return tuple(
            Seat(number=str(n), phone=phones[n], site=sites.get(n), host=hosts.get(n, DEFAULT_HOST))
            for n in sorted(phones)
        )

    def with_merged(self, numbers: tuple[MergedNumber, ...]) -> PbxSettings:
        """The same PBX with these old numbers. Raises ValidationError when one does not fit."""
        return PbxSettings.model_validate({**self.model_dump(), "merged_numbers": numbers})

    def with_phones(self, phone: Phone, first: int, last: int) -> PbxSettings:
        """The same PBX with the seats `first` to `last` on phones of this kind."""
        extra = SeatRange(first=first, last=last, phone=phone)
        return self.model_copy(update={"seat_ranges": (*self.seat_ranges, extra)})


def _refuse_unknown(what: str, used: set[str], known: list[str]) -> None:
    unknown = sorted(used.difference(known))
    if unknown:
        raise ValueError(f"{what} {', '.join(unknown)} does not exist")


def _refuse_doubles(what: str, values: list[str]) -> None:
    doubles = sorted({value for value in values if values.count(value) > 1})
    if doubles:
        raise ValueError(f"{what} {', '.join(doubles)} stands twice")
