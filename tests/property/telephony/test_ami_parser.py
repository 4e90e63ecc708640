"""The byte parser: however the network cuts the stream, the same messages come out."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from panoramisk.message import Message

from telephony.ami import AmiEvent, AmiParser

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
keys = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
values = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30)
names = st.sampled_from(["Hangup", "VarSet", "Newchannel", "QueueCallerJoin"])
free_keys = keys.filter(lambda key: key.lower() not in {"event", "actionid", "response"})
headers = st.dictionaries(free_keys, values, max_size=6)
cuts = st.lists(st.integers(0, 10_000), max_size=40)


def wire(name: str, fields: dict[str, str]) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in {"Event": name, **fields}.items()).encode() + b"\r\n"


def pieces(data: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in at), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(events=st.lists(st.tuples(names, headers), max_size=8), cuts=cuts)
def test_any_chunks_give_the_same_events(events: list[tuple[str, dict[str, str]]], cuts: list[int]) -> None:
    data = BANNER + b"".join(wire(name, fields) for name, fields in events)
    parser = AmiParser()
    parsed = [message for piece in pieces(data, cuts) for message in parser.feed(piece)]
    assert parsed == [{"Event": name, **fields} for name, fields in events]
    assert parser.version == "11.0.0"


@given(events=st.lists(st.tuples(names, headers), max_size=8), cuts=cuts)
def test_the_filter_only_leaves_out(events: list[tuple[str, dict[str, str]]], cuts: list[int]) -> None:
    data = BANNER + b"".join(wire(name, fields) for name, fields in events)
    parser = AmiParser({"Hangup", "Newchannel"})
    parsed = [message for piece in pieces(data, cuts) for message in parser.feed(piece)]
    wanted = [{"Event": name, **fields} for name, fields in events if name in {"Hangup", "Newchannel"}]
    assert parsed == wanted


@given(data=st.binary(max_size=400), cuts=cuts)
def test_garbage_after_the_banner_never_raises_and_never_depends_on_the_cuts(data: bytes, cuts: list[int]) -> None:
    stream = data + b"\r\n\r\n" + wire("Hangup", {"Cause": "16"})
    one, many = AmiParser(), AmiParser()
    at_once = one.feed(BANNER + stream)
    in_pieces = [message for piece in pieces(BANNER + stream, cuts) for message in many.feed(piece)]
    assert [dict(message) for message in in_pieces] == [dict(message) for message in at_once]
    assert {"Event": "Hangup", "Cause": "16"} in [dict(message) for message in at_once]


@given(fields=headers, cuts=cuts)
def test_a_list_item_passes_every_filter(fields: dict[str, str], cuts: list[int]) -> None:
    """Some lists of Asterisk carry the ActionID last, so it is looked for everywhere."""
    data = BANNER + wire("QueueMember", {**fields, "ActionID": "action/1"})
    parser = AmiParser({"Hangup"})
    (item,) = [message for piece in pieces(data, cuts) for message in parser.feed(piece)]
    assert isinstance(item, AmiEvent)
    assert item["ActionID"] == "action/1"


def test_a_reply_is_panoramisks_message() -> None:
    parser = AmiParser(frozenset())
    (reply,) = parser.feed(BANNER + b"Response: Success\r\nActionID: a/1\r\nOutput: one\r\nOutput: two\r\n\r\n")
    assert isinstance(reply, Message)
    assert (reply.success, reply.actionid, reply.output) == (True, "a/1", ["one", "two"])


def test_bytes_that_are_not_utf_8_stay_visible() -> None:
    (event,) = AmiParser().feed(BANNER + b"Event: Newchannel\r\nCallerIDName: \xd5\xc5 Zhang\r\n\r\n")
    assert "�" in event["CallerIDName"]
    assert event["CallerIDName"].endswith(" Zhang")
