"""Which ports Asterisk listens on: those that are configured, else free ones that are kept from start to start."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psutil

from backend.kernel.files import write_whole
from backend.kernel.processes import free_port, port_is_free
from telephony.pbx.errors import PortInUse
from telephony.pbx.host_settings import HostSettings

Transport = Literal["tcp", "udp"]
IsFree = Callable[[int, Transport], bool]
PickFree = Callable[[Transport], int]

TRANSPORTS: dict[str, Transport] = {"ami": "tcp", "http": "tcp", "sip": "udp", "trunk": "udp", "captions": "tcp"}


@dataclass(frozen=True)
class PbxPorts:
    """The ports of one Asterisk. `trunk` is the carrier's own, to which calls out are sent, `captions` that of the live
    captions' server beside it, to which it sends the sound of calls."""

    ami: int
    http: int
    sip: int
    trunk: int
    captions: int
    rtp_first: int
    rtp_last: int


def choose(host: HostSettings, remembered: Mapping[str, int], *, is_free: IsFree, pick: PickFree) -> PbxPorts:
    """Configured ports as they are; for the others the remembered one while it is free, else a new one."""
    ports, trunk = host.ports, host.trunk
    configured = {
        "ami": ports.ami,
        "http": ports.http,
        "sip": ports.sip,
        "trunk": trunk.port if trunk else 0,
        "captions": ports.captions,
    }
    chosen: dict[str, int] = {}
    for name, transport in TRANSPORTS.items():
        port = configured[name] or remembered.get(name, 0)
        if not configured[name] and (not port or not is_free(port, transport)):
            port = pick(transport)
        chosen[name] = port
    return PbxPorts(**chosen, rtp_first=ports.rtp_first, rtp_last=ports.rtp_last)


def load(path: Path) -> dict[str, int]:
    """The ports that were remembered; none when the file is missing or damaged."""
    try:
        stored = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(stored, dict):
        return {}
    return {name: port for name, port in stored.items() if isinstance(port, int)}


def save(path: Path, ports: PbxPorts) -> None:
    """Remember these ports."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(asdict(ports)).encode())


def is_free(port: int, transport: Transport) -> bool:
    """Whether nobody listens on this port of the loopback."""
    return port_is_free(port, kind=_KIND[transport])


def pick(transport: Transport) -> int:
    """A free port of the loopback."""
    return free_port(kind=_KIND[transport])


def refuse_taken(ports: PbxPorts) -> None:
    """Raise PortInUse, naming the port and where possible its holder, when Asterisk could not listen."""
    for name in ("ami", "http", "sip"):
        port, transport = getattr(ports, name), TRANSPORTS[name]
        if not is_free(port, transport):
            by = holder(port, transport)
            raise PortInUse(
                f"Port {port}/{transport}, which Asterisk needs for {name.upper()}, is held by {by}.",
                next_step=f"End that program, or set pbx.ports.{name} to another port (0 picks a free one).",
                field=f"pbx.ports.{name}",
            )


def holder(port: int, transport: Transport) -> str:
    """The process that holds a port, as far as this user may see it."""
    try:
        for connection in psutil.net_connections(kind=f"{transport}4"):
            if connection.laddr and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return "another process"


_KIND = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
