"""The channels by which cases come, and what a form must say of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from backend.cases import errors
from backend.cases.channels import HOTLINE_ONLY, Channels, load_channels
from backend.cases.origins import Origin
from backend.cases.rules import CallFacts, fingerprint
from backend.cases.schemas import CaseForm, OriginKind
from backend.cases.sources import check_source
from backend.citizens.numbers import read_number
from backend.kernel.config import PROJECT_ROOT, ConfigurationInvalid

CHANNELS = load_channels(PROJECT_ROOT / "configs" / "channels.yaml")
EIGHT = {
    "96010 热线", "12345 热线", "政风行风热线", "微信", "微博", "媒体舆情", "区长信箱", "批示件",
}  # fmt: skip


def form(**changes: Any) -> CaseForm:
    return CaseForm(request_id=UUID(int=1), what="电梯坏了", street_code="110101013", class_code="0101", **changes)


def call(dialed: str) -> CallFacts:
    return CallFacts("call-1", dialed, read_number("13812341234"))


def test_the_eight_channels_and_the_patrols_are_delivered() -> None:
    assert {each.title for each in CHANNELS.channels if not each.by_entry} == EIGHT | {"巡查上报"}


def test_what_an_entry_may_become_has_its_channel_and_nobody_else_may_name_it() -> None:
    assert {each.code for each in CHANNELS.channels if each.by_entry} == set(OriginKind)
    for kind in OriginKind:
        source = check_source(form(channel=kind.value), Origin(kind, UUID(int=2)), CHANNELS)
        assert (source.channel.code, source.caller, source.reference) == (kind.value, None, "")
        with pytest.raises(errors.ChannelIsOfEntry):
            check_source(form(channel=kind.value), None, CHANNELS)


@pytest.mark.parametrize(("dialed", "code"), [("96010", "hotline"), ("12345", "city_hotline"), ("8001", "hotline")])
def test_a_call_comes_by_the_channel_of_the_number_that_was_dialed(dialed: str, code: str) -> None:
    source = check_source(form(call_id="call-1"), call(dialed), CHANNELS)
    assert (source.channel.code, source.reference) == (code, "")
    assert source.caller == read_number("13812341234")


def test_a_case_without_a_call_comes_by_what_its_form_says() -> None:
    said = form(channel="mailbox", source_reference=" 区长信箱\n2026-117 ", citizen_number="010-65120001")
    source = check_source(said, None, CHANNELS)
    assert (source.channel.title, source.reference) == ("区长信箱", "区长信箱 2026-117")
    assert source.caller is not None
    assert source.caller.e164 == "+861065120001"


def test_what_names_no_channel_is_the_hotline_s() -> None:
    source = check_source(form(), None, CHANNELS)
    assert (source.channel.code, source.caller) == ("hotline", None)


@pytest.mark.parametrize("channel", [each.code for each in CHANNELS.channels if each.reference == "required"])
@pytest.mark.parametrize("reference", ["", "  ", "\u200b"])
def test_a_channel_that_asks_for_its_source_gets_it(channel: str, reference: str) -> None:
    with pytest.raises(errors.ChannelWithoutReference) as refused:
        check_source(form(channel=channel, source_reference=reference), None, CHANNELS)
    assert refused.value.field == "source_reference"


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        (errors.UnknownChannel, {"channel": "telegram"}),
        (errors.UnknownChannel, {"channel": "热线"}),
        (errors.CitizenNumberNotWhole, {"channel": "patrol", "citizen_number": "8001"}),
        (errors.CitizenNumberNotWhole, {"channel": "patrol", "citizen_number": "没有电话"}),
    ],
)
def test_what_is_wrong_is_named(error: type[errors.CaseInvalid], changes: dict[str, str]) -> None:
    with pytest.raises(error):
        check_source(form(**changes), None, CHANNELS)


def test_a_call_s_channel_and_number_are_not_made_up() -> None:
    with pytest.raises(errors.ChannelIsOfCall):
        check_source(form(call_id="call-1", channel="wechat", source_reference="x"), call("96010"), CHANNELS)
    with pytest.raises(errors.NumberIsOfCall):
        check_source(form(call_id="call-1", citizen_number="13900001111"), call("96010"), CHANNELS)
    assert check_source(form(call_id="call-1", channel="hotline"), call("96010"), CHANNELS).channel.code == "hotline"


def test_a_form_of_before_has_the_fingerprint_that_it_had() -> None:
    assert fingerprint(form()) == fingerprint(form(channel="", source_reference="", citizen_number=""))
    assert fingerprint(form()) != fingerprint(form(channel="patrol"))
    assert fingerprint(form()) == "a152de5a761f5f5505fa2b33c4815174fb38ee9e8f571b35e8102d6f49694109"


def test_a_channel_that_is_configured_no_longer_still_has_its_code() -> None:
    assert HOTLINE_ONLY.title("wechat") == "wechat"


MISTAKES = [
    ("- {code: hotline, title: 热线, title_en: H, by_call: true, numbers: ['12345']}", "exactly one channel"),
    ("- {code: wechat, title: 微信, title_en: W, numbers: ['12345']}", "only channels with by_call"),
    ("- {code: hotline, title: 又一, title_en: H, by_call: true}\n- {code: hotline, title: 二, title_en: H}", "twice"),
    ("- {code: WeChat, title: 微信, title_en: W}", "code"),
]


@pytest.mark.parametrize(("lines", "said"), MISTAKES)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, lines: str, said: str) -> None:
    path = tmp_path / "channels.yaml"
    path.write_text(f"version: '1'\nchannels:\n{lines}\n")
    with pytest.raises(ConfigurationInvalid, match=said):
        load_channels(path)


def test_a_number_belongs_to_one_channel() -> None:
    assert isinstance(CHANNELS, Channels)
    numbers = [number for each in CHANNELS.channels for number in each.numbers]
    assert len(numbers) == len(set(numbers))
