"""A PBX as the configuration describes it, without an Asterisk."""

from __future__ import annotations

from pathlib import Path

import pytest

from telephony.pbx.modules import MODULES
from telephony.pbx.paths import pbx_paths
from telephony.pbx.ports import PbxPorts
from telephony.pbx.programs import AsteriskFiles
from telephony.pbx.render import Host
from telephony.pbx.settings import PbxSettings

TEMPLATES = Path(__file__).parents[4] / "configs" / "asterisk"


@pytest.fixture
def settings() -> PbxSettings:
    return PbxSettings.model_validate(
        {
            "numbers": [{"number": "96010", "queue": "q96010"}, {"number": "12345", "queue": "q12345"}],
            "queues": [{"name": "q96010", "weight": 5, "ring_seconds": 17}, {"name": "q12345"}],
            "seat_ranges": [{"first": 8001, "last": 8003}, {"first": 8003, "last": 8004, "phone": "sip"}],
            "trunk": {"host": "192.0.2.7", "port": 5061, "identify": ["192.0.2.0/28"]},
        }
    )


@pytest.fixture
def ports() -> PbxPorts:
    return PbxPorts(ami=15038, http=18088, sip=15060, trunk=5061, captions=18100, rtp_first=20000, rtp_last=20100)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    modules = tmp_path / "modules"
    modules.mkdir()
    for name in MODULES:
        (modules / f"{name}.so").touch()
    files = AsteriskFiles(modules=modules, data=tmp_path / "data", sbin=tmp_path / "sbin")
    return Host(pbx_paths(tmp_path), files, (22, 10, 1))
