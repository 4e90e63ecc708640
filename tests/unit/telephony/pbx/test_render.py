from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from telephony import cdr
from telephony.pbx.errors import PbxConfigInvalid, ProgramMissing
from telephony.pbx.parts import part_of
from telephony.pbx.ports import PbxPorts
from telephony.pbx.render import Host, has_advanced_filters, render, write
from telephony.pbx.settings import PbxSettings

from .conftest import TEMPLATES


def secret_for(purpose: str) -> str:
    return purpose.replace(":", "_").ljust(24, "x")


@pytest.fixture
def files(settings: PbxSettings, ports: PbxPorts, host: Host) -> dict[str, str]:
    return render(part_of(settings), ports, host, secret_for, TEMPLATES)


def section(text: str, header: str) -> dict[str, str]:
    """The options of the section `[header]`, up to the next one."""
    body = re.search(rf"^\[{re.escape(header)}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    assert body, f"there is no [{header}]"
    lines = [line for line in body[1].splitlines() if "=" in line and not line.startswith(";")]
    return dict(line.split("=", 1) for line in lines)


def test_nothing_is_left_of_the_templates(files: dict[str, str]) -> None:
    assert not [name for name, text in files.items() if "{{" in text or "{%" in text]


def test_every_number_leads_to_its_queue(files: dict[str, str]) -> None:
    dialplan = files["extensions.conf"]
    assert "exten => 96010,1,Set(HOTLINE_QUEUE=q96010)\n same => n,Goto(inbound,${EXTEN},1)" in dialplan
    assert "exten => 12345,1,Set(HOTLINE_QUEUE=q12345)" in dialplan


def test_a_number_can_say_something_before_the_queue_and_says_nothing_by_itself(
    settings: PbxSettings, ports: PbxPorts, host: Host
) -> None:
    first, *others = settings.numbers
    changed = settings.model_copy(update={"numbers": (first.model_copy(update={"announcement": "recorded"}), *others)})
    sounds = {"recorded": "/sounds/zh/recorded"}
    dialplan = render(part_of(changed), ports, replace(host, sounds=sounds), secret_for, TEMPLATES)["extensions.conf"]
    assert dialplan.count("Set(FIRST_WORDS=/sounds/zh/recorded)") == 1
    assert dialplan.index("Set(FIRST_WORDS=") < dialplan.index("exten => 12345,1,")
    unspoken = render(part_of(changed), ports, host, secret_for, TEMPLATES)["extensions.conf"]
    assert "Set(FIRST_WORDS=" not in unspoken


def test_a_call_is_not_answered_before_a_seat_answers(files: dict[str, str]) -> None:
    assert "Answer(" not in files["extensions.conf"]
    assert "Playback(${ARG1},noanswer)" in files["extensions.conf"]


def test_a_strangers_number_is_filtered_before_it_reaches_an_event(files: dict[str, str]) -> None:
    dialplan = files["extensions.conf"]
    assert dialplan.index("FILTER(") < dialplan.index("UserEvent(HotlineArrive")
    assert "${CALLERID(name)}" not in dialplan


def test_a_seat_dials_seats_queues_and_what_the_hall_allows(files: dict[str, str], settings: PbxSettings) -> None:
    dialplan = files["extensions_seat.conf"]
    assert all(f"exten => {seat.number},1,Goto(to-seat," in dialplan for seat in settings.seats)
    assert all(f"exten => {queue.name},1,Set(HOTLINE_QUEUE={queue.name})" in dialplan for queue in settings.queues)
    assert "exten => _1[3-9]XXXXXXXXX,1,Goto(to-outside," in dialplan
    from_seat = dialplan[dialplan.index("[from-seat]") : dialplan.index("[to-seat]")]
    assert not re.search(r"exten => _[^,]*[.!]", from_seat), "a pattern without an end lets everything out"


def test_queues_carry_what_the_configuration_says(files: dict[str, str]) -> None:
    queue = section(files["queues.conf"], "q96010")
    assert queue["strategy"] == "leastrecent"
    assert (queue["timeout"], queue["weight"], queue["ringinuse"], queue["autopause"]) == ("17", "5", "no", "yes")
    assert (queue["joinempty"], queue["leavewhenempty"]) == ("yes", "no")


def test_each_seat_has_its_phone_and_its_own_secret(files: dict[str, str]) -> None:
    seats = files["pjsip_seats.conf"]
    assert "[8001](seat-browser)" in seats
    assert "[8003](seat-sip)" in seats
    passwords = re.findall(r"^password=(.+)$", seats, re.MULTILINE)
    assert len(set(passwords)) == 4
    assert secret_for("sip:8001") in passwords


def test_managers_differ_in_their_secret_alone(files: dict[str, str]) -> None:
    platform, bench = (section(files["manager.conf"], name) for name in ("platform", "bench"))
    assert platform.pop("secret") == secret_for("ami:platform")
    assert bench.pop("secret") == secret_for("ami:bench")
    assert platform == bench
    assert "command" not in platform["write"].split(",")


def test_only_the_loopback_is_listened_on(files: dict[str, str]) -> None:
    for name in ("manager.conf", "http.conf"):
        assert section(files[name], "general")["bindaddr"] == "127.0.0.1"
    assert section(files["pjsip_transports.conf"], "udp")["bind"] == "127.0.0.1:15060"


def test_the_record_has_the_columns_that_are_read(files: dict[str, str]) -> None:
    mapping = next(line for line in files["cdr_custom.conf"].splitlines() if line.startswith("calls.csv => "))
    assert re.findall(r"CSV_QUOTE\((\$\{[^}]+\})\)", mapping) == list(cdr.COLUMNS.values())


def test_an_older_asterisk_gets_filters_that_it_understands(settings: PbxSettings, ports: PbxPorts, host: Host) -> None:
    older = render(part_of(settings), ports, Host(host.paths, host.files, (20, 6, 0)), secret_for, TEMPLATES)
    assert "eventfilter=!Event: TestEvent" in older["manager.conf"]
    assert "eventfilter(action" not in older["manager.conf"]


@pytest.mark.parametrize(
    ("version", "advanced"),
    [((20, 6, 0), False), ((20, 11), True), ((21, 5, 9), False), ((22, 0), False), ((22, 1), True), ((23, 0), True)],
)
def test_since_when_events_are_filtered_by_name(version: tuple[int, ...], advanced: bool) -> None:
    assert has_advanced_filters(version) is advanced


@pytest.mark.parametrize("secret", ["short", "sixteen characters; yes", "sixteen-letters-\n", ""])
def test_a_secret_that_a_file_cannot_hold_is_refused(
    settings: PbxSettings, ports: PbxPorts, host: Host, secret: str
) -> None:
    with pytest.raises(PbxConfigInvalid, match="cannot stand"):
        render(part_of(settings), ports, host, lambda _: secret, TEMPLATES)


def test_an_asterisk_without_a_module_is_refused_by_its_name(
    settings: PbxSettings, ports: PbxPorts, host: Host
) -> None:
    (host.files.modules / "app_queue.so").unlink()
    with pytest.raises(ProgramMissing, match="app_queue"):
        render(part_of(settings), ports, host, secret_for, TEMPLATES)


def test_writing_the_same_again_changes_nothing(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    assert write({"a.conf": "1", "b.conf": "2"}, etc).changed == ("a.conf", "b.conf")
    before = etc.resolve()
    assert write({"a.conf": "1", "b.conf": "2"}, etc).changed == ()
    assert etc.resolve() == before


def test_a_change_is_put_in_force_as_a_whole_and_the_old_is_dropped(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    write({"queues.conf": "1", "gone.conf": "x"}, etc)
    rendering = write({"queues.conf": "2"}, etc)
    assert rendering.changed == ("queues.conf",)
    assert not rendering.needs_restart
    assert [path.name for path in etc.iterdir()] == ["queues.conf"]
    assert len(list(tmp_path.glob("etc-*"))) == 1


def test_an_interrupted_rendering_does_not_hinder_the_next(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    write({"a.conf": "1"}, etc)
    for leftover in tmp_path.glob("etc-*"):
        (tmp_path / f"{leftover.name}.partial").mkdir()
    (tmp_path / "etc.link").symlink_to("nowhere")
    write({"a.conf": "2"}, etc)
    assert (etc / "a.conf").read_text() == "2"


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    write({"manager.conf": "secret"}, etc)
    assert (etc / "manager.conf").stat().st_mode & 0o077 == 0
    assert etc.stat().st_mode & 0o077 == 0


def test_a_changed_address_needs_a_restart(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    write({"pjsip_transports.conf": "1"}, etc)
    assert write({"pjsip_transports.conf": "2"}, etc).needs_restart


def test_a_queue_widens_by_its_rule_and_overflows_as_configured(
    settings: PbxSettings, ports: PbxPorts, host: Host
) -> None:
    queues = [
        {"name": "q96010", "widen_after": [5, 10], "overflow": {"to": "q12345", "after_seconds": 40, "few_seats": 2}},
        {"name": "q12345"},
    ]
    changed = PbxSettings.model_validate({**settings.model_dump(), "queues": queues, "own_seat_seconds": 9})
    sounds = {"all-busy": "/sounds/zh/all-busy", "offer-callback": "/sounds/zh/offer-callback"}
    rendered = render(part_of(changed), ports, replace(host, sounds=sounds), secret_for, TEMPLATES)
    assert "[q96010]\npenaltychange => 5,2\npenaltychange => 10,99\n" in rendered["queuerules.conf"]
    assert section(rendered["queues.conf"], "q96010")["defaultrule"] == "q96010"
    assert section(rendered["queues.conf"], "own-seat")["timeout"] == "9"
    dialplan = rendered["extensions.conf"]
    assert "${IF($[${SIGNED_IN} <= 2]?20:40)}" in dialplan
    assert "Gosub(say,s,1(/sounds/zh/all-busy))" in dialplan
    assert "Queue(q12345,rCc,,,60)" in dialplan
    lines = dialplan.splitlines()
    waits = [n for n, line in enumerate(lines) if ",Queue(" in line]
    assert waits
    assert all(lines[n - 1].endswith("Set(MEMBERINTERFACE=)") and lines[n + 1].endswith("?talked,s,1)") for n in waits)
    assert dialplan.index("DB(blacklist/") < dialplan.index("Queue(own-seat,rCcn,,,9)") < dialplan.index("Queue(q96010")
