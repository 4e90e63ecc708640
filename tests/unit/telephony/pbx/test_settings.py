from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from backend.app.config import Installation
from backend.kernel.config import Environment
from telephony.pbx.routing_settings import Standing
from telephony.pbx.settings import PbxSettings, Phone
from telephony.routing import explain


def changed(settings: PbxSettings, **parts: Any) -> PbxSettings:
    return PbxSettings.model_validate({**settings.model_dump(), **parts})


def test_a_later_range_overrides_the_phones_of_an_earlier_one(settings: PbxSettings) -> None:
    assert [(seat.number, seat.phone) for seat in settings.seats] == [
        ("8001", Phone.BROWSER),
        ("8002", Phone.BROWSER),
        ("8003", Phone.SIP),
        ("8004", Phone.SIP),
    ]


def test_phones_can_be_changed_for_a_demo(settings: PbxSettings) -> None:
    demo = settings.with_phones(Phone.SIP, 8002, 8004)
    assert [seat.number for seat in demo.seats if seat.phone is Phone.BROWSER] == ["8001"]
    assert settings.seats[1].phone is Phone.BROWSER


def test_the_carrier_is_its_host_where_no_networks_are_given(settings: PbxSettings) -> None:
    assert settings.trunk.networks == ("192.0.2.0/28",)
    assert changed(settings, trunk={"host": "192.0.2.9"}).trunk.networks == ("192.0.2.9",)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"numbers": [{"number": "96010", "queue": "nowhere"}]}, "does not exist"),
        ({"numbers": [{"number": "96010", "queue": "q96010"}] * 2}, "stands twice"),
        ({"queues": [{"name": "q96010"}, {"name": "q12345"}, {"name": "q12345"}]}, "stands twice"),
        ({"numbers": [{"number": "8001", "queue": "q96010"}]}, "both a number that citizens dial and a seat"),
        ({"seat_ranges": [{"first": 8056, "last": 8001}]}, "ends before it begins"),
        ({"seat_ranges": [{"first": 1000, "last": 90000}]}, "more than 5,000"),
        ({"numbers": [{"number": "96010\n[evil]", "queue": "q96010"}]}, "pattern"),
        ({"queues": [{"name": "q 1"}]}, "pattern"),
        ({"ports": {"rtp_first": 20000, "rtp_last": 20001}}, "at least four ports"),
        ({"ports": {"sip": 70000}}, "65535"),
        ({"surprise": 1}, "not permitted"),
    ],
)
def test_what_cannot_work_is_refused_with_its_reason(settings: PbxSettings, parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        changed(settings, **parts)


def test_the_delivered_old_numbers_fit_the_delivered_queues(tmp_path: Path) -> None:
    pbx = Installation(Environment(state=tmp_path, overlay=None)).config.pbx
    assert len(pbx.merged_numbers) == 62
    assert sum(merged.standing is not Standing.SAMPLE for merged in pbx.merged_numbers) >= 20
    said = {Standing.SAMPLE: "a sample", Standing.UNVERIFIED: "not verified"}
    for merged in pbx.merged_numbers:
        steps = explain(pbx, merged.number)
        assert merged.title in steps[0]
        assert said[merged.standing] in steps[0]
        assert any(merged.queue in step for step in steps)
    assert "refused" in explain(pbx, "99999")[0]


def test_an_old_number_is_verified_by_somebody_or_it_is_not(settings: PbxSettings) -> None:
    old = {"number": "12333", "title": "人社热线", "queue": "q96010", "standing": "verified"}
    with pytest.raises(ValidationError, match="verified and its source go together"):
        changed(settings, merged_numbers=[old])
    confirmed = changed(settings, merged_numbers=[old | {"source": "carrier's order 17, 2026-11-20"}])
    assert "verified: carrier's order 17" in explain(confirmed, "12333")[0]


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"default_skills": {"flying": 1}}, "skill flying does not exist"),
        ({"queues": [{"name": "q96010", "overflow": {"to": "q96010"}}, {"name": "q12345"}]}, "into itself"),
        ({"queues": [{"name": "q96010", "overflow": {"to": "q-x"}}, {"name": "q12345"}]}, "queue q-x does not exist"),
        ({"queues": [{"name": "q96010", "widen_after": [9, 3]}, {"name": "q12345"}]}, "does not rise"),
        ({"queues": [{"name": "q96010", "sites": ["moon"]}, {"name": "q12345"}]}, "site moon does not exist"),
        ({"merged_numbers": [{"number": "96010", "title": "x", "queue": "q96010"}]}, "number 96010 stands twice"),
    ],
)
def test_what_cannot_be_routed_is_refused(settings: PbxSettings, parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        changed(settings, **parts)
