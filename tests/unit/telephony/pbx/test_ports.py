from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from telephony.pbx import ports
from telephony.pbx.errors import PortInUse
from telephony.pbx.parts import part_of
from telephony.pbx.ports import PbxPorts, Transport
from telephony.pbx.settings import PbxSettings


def configured(settings: PbxSettings, **given: int) -> PbxSettings:
    return settings.model_copy(update={"ports": settings.ports.model_copy(update=given)})


def picker() -> ports.PickFree:
    numbers = iter(range(50_000, 50_010))
    return lambda _transport: next(numbers)


def free(_port: int, _transport: Transport) -> bool:
    return True


def test_configured_ports_stay_and_the_others_are_picked(settings: PbxSettings) -> None:
    chosen = ports.choose(part_of(configured(settings, ami=5038)).host, {}, is_free=free, pick=picker())
    assert (chosen.ami, chosen.http, chosen.sip, chosen.trunk) == (5038, 50_000, 50_001, 5061)


def test_a_configured_port_wins_over_a_remembered_one(settings: PbxSettings) -> None:
    chosen = ports.choose(part_of(configured(settings, ami=5038)).host, {"ami": 40_001}, is_free=free, pick=picker())
    assert chosen.ami == 5038


def test_a_remembered_port_is_kept_while_it_is_free(settings: PbxSettings) -> None:
    remembered = {"ami": 40_001, "http": 40_002, "sip": 40_003}
    chosen = ports.choose(part_of(settings).host, remembered, is_free=lambda port, _: port != 40_002, pick=picker())
    assert (chosen.ami, chosen.http, chosen.sip) == (40_001, 50_000, 40_003)


def test_ports_are_remembered(tmp_path: Path) -> None:
    chosen = PbxPorts(1, 2, 3, 4, 5, 6, 7)
    path = tmp_path / "asterisk" / "ports.json"
    ports.save(path, chosen)
    assert PbxPorts(**ports.load(path)) == chosen


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"ami": "x"}'])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "ports.json"
    path.write_text(damage)
    assert ports.load(path) == {}


def test_a_missing_memory_is_no_memory(tmp_path: Path) -> None:
    assert ports.load(tmp_path / "ports.json") == {}


@pytest.mark.parametrize(("name", "kind"), [("ami", socket.SOCK_STREAM), ("sip", socket.SOCK_DGRAM)])
def test_a_taken_port_is_refused_with_its_holder(name: str, kind: socket.SocketKind) -> None:
    chosen = PbxPorts(*map(ports.pick, ports.TRANSPORTS.values()), 20_000, 20_100)
    ports.refuse_taken(chosen)
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(PortInUse, match=f"Port {taken}/") as refusal:
            ports.refuse_taken(replace(chosen, **{name: taken}))
        assert f"(process {os.getpid()})" in refusal.value.message
        assert refusal.value.field == f"pbx.ports.{name}"
