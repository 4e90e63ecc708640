"""What the configuration says of the machines that carry calls: where each PBX listens, and its line to the carrier."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Self

from pydantic import Field, model_validator

from telephony.pbx.routing_settings import HostName, Settings

Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP or UDP port; 0 picks a free one, which the state folder then remembers."""


class TrunkSettings(Settings):
    """The line to the carrier."""

    host: IPv4Address
    port: Port = 5060
    identify: tuple[IPv4Network, ...] = ()
    """The addresses from which the carrier's calls come; the host itself when empty."""

    @property
    def networks(self) -> tuple[str, ...]:
        """The addresses whose calls are taken as the carrier's."""
        return tuple(str(network) for network in self.identify) or (str(self.host),)


class PortSettings(Settings):
    """Where Asterisk listens, and the live captions' server beside it. RTP stays below the range from which the kernel
    hands out ports."""

    ami: Port = 0
    http: Port = 0
    sip: Port = 0
    captions: Port = 0
    rtp_first: Annotated[int, Field(ge=1024, le=65_000)] = 20_000
    rtp_last: Annotated[int, Field(ge=1024, le=65_535)] = 24_999

    @model_validator(mode="after")
    def _enough_rtp(self) -> Self:
        if self.rtp_last - self.rtp_first < 3:
            raise ValueError("the RTP range needs at least four ports: two for each leg of a call")
        return self


class HostSettings(Settings):
    """One PBX. The keys of its address, ports and line mean what those of the same names mean for the first PBX.

    Without a `trunk` it has no line to the carrier of its own: its seats' calls to the outside go over the first PBX.
    `sip_websocket_url` is where its softphones register; needed unless browsers run on its own machine.
    """

    name: HostName
    title: Annotated[str, Field(min_length=1, max_length=40)]
    address: IPv4Address = IPv4Address("127.0.0.1")
    ports: PortSettings = PortSettings()
    trunk: TrunkSettings | None = None
    max_calls: Annotated[int, Field(ge=1, le=20_000)] = 400
    sip_websocket_url: str | None = None
