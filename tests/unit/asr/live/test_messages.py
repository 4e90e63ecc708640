"""The messages to the recogniser's process come through a pipe, which cuts them anywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asr.live.messages import Kind, packed, unpacked

_MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(Kind),
        st.integers(0, 2**32 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.binary(max_size=60),
    ),
    max_size=8,
)


@given(_MESSAGES, st.lists(st.integers(1, 40), min_size=1, max_size=10))
def test_messages_come_out_as_they_went_in_wherever_they_are_cut(
    messages: list[tuple[Kind, int, float, bytes]], cuts: list[int]
) -> None:
    sent = b"".join(packed(*message) for message in messages)
    come, got, at = bytearray(), list[tuple[Kind, int, float, bytes]](), 0
    while at < len(sent):
        for cut in cuts:
            come += sent[at : at + cut]
            at += cut
            got += unpacked(come)
    assert got == messages
    assert not come
