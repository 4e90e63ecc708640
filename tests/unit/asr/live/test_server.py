"""What the captions' server understands of Asterisk."""

from __future__ import annotations

import pytest

from asr.live.server import media_start


def test_the_first_message_tells_the_channel_and_the_format() -> None:
    said = (
        "MEDIA_START connection_id:media_con channel:WebSocket/captions/0x7f99 channel_id:tap-seat-8001-1-hotline-1.0 "
        "format:slin optimal_frame_size:320 ptime:20"
    )
    told = media_start(said)
    assert (told["channel_id"], told["format"]) == ("tap-seat-8001-1-hotline-1.0", "slin")


@pytest.mark.parametrize("other", ["", "DTMF_END digit:1", b"\0\0", "MEDIA_START"])
def test_anything_else_tells_nothing(other: str | bytes) -> None:
    assert media_start(other) == {}
