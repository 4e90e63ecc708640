"""Several PBX hosts: who carries what, and what the files of each say of the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from backend.app.config import Installation
from backend.kernel.config import PROJECT_ROOT, Environment
from telephony.names import peer_of, seat_of
from telephony.pbx.parts import AwayQueue, HostUnknown, part_of
from telephony.pbx.ports import PbxPorts
from telephony.pbx.render import Host, render
from telephony.pbx.settings import PbxSettings
from telephony.routing import explain, places_of

from .conftest import TEMPLATES
from .test_render import section

TWO: dict[str, Any] = {
    "numbers": [
        {"number": "96010", "queue": "q96010"},
        {"number": "12333", "queue": "q-labour"},
        {"number": "12329", "queue": "q-labour", "host": "labour"},
    ],
    "queues": [
        {"name": "q96010"},
        {"name": "q-labour", "skill": "labour", "sites": ["centre"], "overflow": {"to": "q96010"}},
        {"name": "q-night", "host": "labour"},
    ],
    "skills": [{"name": "general", "title": "综合"}, {"name": "labour", "title": "人力社保"}],
    "sites": [{"name": "centre", "title": "分中心", "skills": {"labour": 1}}],
    "seat_ranges": [
        {"first": 8001, "last": 8002},
        {"first": 8101, "last": 8102, "site": "centre", "host": "labour"},
    ],
    "trunk": {"host": "192.0.2.7"},
    "address": "192.0.2.1",
    "hosts": [{"name": "labour", "title": "分中心", "address": "192.0.2.2"}],
    "own_seat_seconds": 5,
}
ADDRESSES = {"hotline": "192.0.2.1:5060", "labour": "192.0.2.2:5060"}


@pytest.fixture
def two() -> PbxSettings:
    return PbxSettings.model_validate(TWO)


def files_of(host: Host, ports: PbxPorts, two: PbxSettings, name: str) -> dict[str, str]:
    peers = {other: address for other, address in ADDRESSES.items() if other != name}
    return render(part_of(two, name), ports, replace(host, peers=peers), _secret, TEMPLATES)


def _secret(purpose: str) -> str:
    return purpose.replace(":", "_").replace("@", "-").ljust(24, "x")


def test_one_host_carries_all_and_hears_of_no_other(settings: PbxSettings, ports: PbxPorts, host: Host) -> None:
    part = part_of(settings)
    assert (part.name, part.line, part.peers, part.away_queues) == ("hotline", "trunk", (), ())
    assert (part.seats, part.queues, part.numbers) == (settings.seats, settings.queues, settings.all_numbers)
    files = render(part, ports, host, _secret, TEMPLATES)
    assert "extensions_hosts.conf" not in files["extensions.conf"]
    assert "header" not in section(files["pjsip.conf"], "global")["endpoint_identifier_order"]


def test_each_host_carries_its_own_and_knows_where_the_rest_is(two: PbxSettings) -> None:
    centre, labour = part_of(two), part_of(two, "labour")
    assert [seat.number for seat in centre.seats] == ["8001", "8002"]
    assert [seat.number for seat in labour.seats] == ["8101", "8102"]
    assert [queue.name for queue in labour.queues] == ["q-labour", "q-night"], "a queue follows the seats of its site"
    assert [number.number for number in centre.numbers] == ["96010", "12333"]
    assert centre.away_queues[0] == AwayQueue("q-labour", "labour", instead="q96010")
    assert labour.away_queues == (AwayQueue("q96010", "hotline", instead="q-night"),)
    assert labour.line == "host-hotline", "without a carrier of its own"


def test_a_seat_serves_the_queues_of_its_own_host_alone(two: PbxSettings) -> None:
    able = {"general": 1, "labour": 1}
    assert places_of(part_of(two), "8001", able, None) == {"q96010": 1, "own-seat": 1}
    assert places_of(part_of(two, "labour"), "8102", able, "centre") == {"q-labour": 1, "q-night": 1, "own-seat": 2}


def test_the_hosts_know_each_other_by_one_secret_and_each_only_from_its_address(
    two: PbxSettings, ports: PbxPorts, host: Host
) -> None:
    centre, labour = (files_of(host, ports, two, name)["pjsip_hosts.conf"] for name in ("hotline", "labour"))
    given, expected = section(centre, "host-labour-out"), section(labour, "host-hotline-in")
    assert (given["username"], given["password"]) == (expected["username"], expected["password"])
    line = section(labour, "host-hotline")
    assert (line["permit"], line["context"]) == ("192.0.2.1/255.255.255.255", "from-host")
    assert "contact=sip:192.0.2.1:5060" in labour
    assert "match_header=X-Hotline-Host: hotline" in labour


def test_a_caller_for_another_host_goes_there_and_waits_here_when_it_is_away(
    two: PbxSettings, ports: PbxPorts, host: Host
) -> None:
    files = files_of(host, ports, two, "hotline")
    assert "exten => 12333,1,Set(HOTLINE_QUEUE=q-labour)" in files["extensions.conf"]
    assert "exten => 12329,1" not in files["extensions.conf"], "its carrier delivers it elsewhere"
    hosts = files["extensions_hosts.conf"]
    assert "Dial(PJSIP/${EXTEN}@host-labour,,b(to-host^s^1(${CHANNEL(linkedid)}^" in hosts
    assert "Goto(q96010,1)" in hosts
    assert "exten => 8101,1,Goto(to-away-seat,${EXTEN},1)" in files["extensions_seat.conf"]


def test_a_host_without_a_carrier_calls_out_over_the_first(two: PbxSettings, ports: PbxPorts, host: Host) -> None:
    labour, centre = files_of(host, ports, two, "labour"), files_of(host, ports, two, "hotline")
    assert "[trunk]" not in labour["pjsip_trunk.conf"]
    assert "Dial(PJSIP/${EXTEN}@host-hotline,45," in labour["extensions_outbound.conf"]
    assert "exten => _1[3-9]XXXXXXXXX,1,Dial(PJSIP/${EXTEN}@trunk,60)" in centre["extensions_hosts.conf"]


def test_the_platform_signs_in_with_another_secret_at_each_host(two: PbxSettings, ports: PbxPorts, host: Host) -> None:
    secrets = {
        section(files_of(host, ports, two, name)["manager.conf"], "platform")["secret"]
        for name in ("hotline", "labour")
    }
    assert len(secrets) == 2


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"hosts": [{"name": "hotline", "title": "x"}]}, "host hotline stands twice"),
        ({"hosts": []}, "host labour does not exist"),
        ({"hosts": [*TWO["hosts"], {"name": "idle", "title": "x"}]}, "idle has no queue"),
        ({"hosts": [{"name": "la-bour", "title": "x"}]}, "pattern"),
    ],
)
def test_hosts_that_cannot_work_are_refused_with_their_reason(parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        PbxSettings.model_validate({**TWO, **parts})


def test_an_unknown_host_is_named(two: PbxSettings) -> None:
    with pytest.raises(HostUnknown, match="nowhere") as refused:
        part_of(two, "nowhere")
    assert "hotline, labour" in str(refused.value.next_step)


def test_the_way_to_another_host_is_explained(two: PbxSettings) -> None:
    assert any("goes on to the PBX 分中心" in step for step in explain(two, "12333"))
    assert not any("goes on" in step for step in explain(two, "12329"))


def test_the_line_between_hosts_is_told_from_a_seat_and_from_the_carrier() -> None:
    assert peer_of("PJSIP/host-labour-0000002a") == "labour"
    assert seat_of("PJSIP/host-labour-0000002a") is None
    assert peer_of("PJSIP/trunk-0000002a") is None


def test_a_machine_carries_the_hosts_that_it_is_told(tmp_path: Path) -> None:
    def hosts(named: str) -> tuple[str, ...]:
        example = PROJECT_ROOT / "configs" / "sub_centre.yaml"
        return Installation(Environment(state=tmp_path, overlay=example, hosts=named)).hosts

    assert hosts("") == ("hotline", "labour")
    assert hosts(" labour ") == ("labour",)
    assert hosts("none") == ()
    with pytest.raises(HostUnknown):
        hosts("nowhere")


def test_the_example_of_a_sub_centre_has_its_queue_and_seats_at_its_site(tmp_path: Path) -> None:
    example = PROJECT_ROOT / "configs" / "sub_centre.yaml"
    part = Installation(Environment(state=tmp_path, overlay=example)).part("labour")
    assert ([queue.name for queue in part.queues], len(part.seats)) == (["q-labour"], 8)
    assert part.away_queues[0].name == "q96010"
