"""The thirteen defects of panoramisk 1.4, each twice: the bare library shows it, our link does not have it.

Should a later panoramisk mend one of them, its `bare` test fails and says that our cover may go.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import panoramisk
import pytest
from panoramisk.ami_protocol import AMIProtocol

from telephony.ami import (
    AmiDisconnected,
    AmiEvent,
    AmiNotConnected,
    AmiParser,
    AmiTimeout,
    AmiUnsafeText,
    LinkState,
    Snapshot,
)
from telephony.facts import Fact
from telephony.link import Follower
from telephony.state import PbxState

PAUSE = {"Event": "QueueMemberPause", "MemberName": "坐席张三", "Interface": "PJSIP/8001", "Queue": "q96010"}
ORIGINATE = {"Action": "Originate", "Channel": "PJSIP/8001", "Exten": "13912345678", "Context": "callback"}
StartLink = Callable[..., Any]


def queued(action: dict[str, str]) -> bytes:
    head = f"Response: Success\r\nActionID: {action['ActionID']}\r\n"
    return f"{head}Message: Originate successfully queued\r\n\r\n".encode()


async def names(link: Any, count: int) -> list[str]:
    """The next `count` arrivals, by name."""
    found: list[str] = []
    while len(found) < count:
        found += ["Snapshot" if isinstance(w, Snapshot) else w.name for _, w in await link.receive()]
    return found


class Owner:
    """A stand-in for panoramisk's factory that keeps what was dispatched."""

    save_stream = None

    def __init__(self) -> None:
        self.events: list[Any] = []

    def dispatch(self, event: Any) -> None:
        self.events.append(event)


# --- 1: a multi-byte character split across segments ----------------------------------------------------------------

SPLIT = "Event: QueueMemberPause\r\nMemberName: 坐席张三\r\n\r\n".encode()
CUT = SPLIT.index("坐".encode()) + 1


def test_1_bare_loses_a_split_character() -> None:
    protocol, owner = AMIProtocol(), Owner()
    protocol.connection_made(None)
    protocol.factory, protocol.encoding = owner, "utf8"
    protocol.data_received(SPLIT[:CUT])
    protocol.data_received(SPLIT[CUT:])
    assert owner.events[0]["MemberName"] == "席张三"


def test_1_link_keeps_a_split_character() -> None:
    parser = AmiParser()
    parser.feed(b"Asterisk Call Manager/11.0.0\r\n")
    (event,) = [*parser.feed(SPLIT[:CUT]), *parser.feed(SPLIT[CUT:])]
    assert event["MemberName"] == "坐席张三"


# --- 2: an exception in a consumer ----------------------------------------------------------------------------------


async def test_2_bare_loses_connection_and_events_when_a_callback_raises(pbx: Any, start_bare: StartLink) -> None:
    manager, got = start_bare(), []

    def callback(_: Any, event: Any) -> None:
        got.append(event.event)
        raise ValueError("a bug in a callback")

    manager.register_event("Queue*", callback)
    await pbx.until(lambda: pbx.logins == 1)
    pbx.send(PAUSE, PAUSE, PAUSE)
    await pbx.until(lambda: pbx.sessions == 2)
    assert got == ["QueueMemberPause"]


async def test_2_link_survives_a_consumer_that_raises(pbx: Any, start_link: StartLink) -> None:
    link, kept, refusals = start_link(), [], 0
    enough = asyncio.Event()

    async def sink(facts: Sequence[Fact]) -> None:
        nonlocal refusals
        if refusals < 2:
            refusals += 1
            raise ValueError("a bug in the sink")
        kept.extend(facts)
        enough.set()

    follower = asyncio.create_task(Follower(link, PbxState(), sink, jitter=lambda: 0.0).run())
    await link.reaches(LinkState.LIVE)
    pbx.send({**PAUSE, "Paused": "1", "PausedReason": "休息"})
    await enough.wait()
    follower.cancel()
    assert [fact.kind for fact in kept] == ["seat_joined_queue", "seat_paused"]
    assert (pbx.sessions, link.state) == (1, LinkState.LIVE)


# --- 3: QueueAdd never completes ------------------------------------------------------------------------------------

ADD = {"Action": "QueueAdd", "Queue": "q96010", "Interface": "PJSIP/8001"}


def added(action: dict[str, str]) -> bytes:
    return f"Response: Success\r\nActionID: {action['ActionID']}\r\nMessage: Added interface to queue\r\n\r\n".encode()


async def test_3_bare_waits_for_ever_on_queue_add(pbx: Any, start_bare: StartLink) -> None:
    pbx.answers["QueueAdd"] = added
    manager = start_bare()
    await pbx.until(lambda: pbx.logins == 1)
    add = manager.send_action(dict(ADD))
    await manager.send_action({"Action": "Ping"})  # answered after QueueAdd was
    assert not add.done()


async def test_3_link_completes_queue_add(pbx: Any, start_link: StartLink) -> None:
    pbx.answers["QueueAdd"] = added
    link = start_link()
    await link.reaches(LinkState.LIVE)
    assert (await link.action(ADD)).message == "Added interface to queue"


# --- 4: Originate without Async -------------------------------------------------------------------------------------


async def test_4_bare_drops_the_connection_on_originate_without_async(pbx: Any, start_bare: StartLink) -> None:
    pbx.answers["Originate"] = queued
    manager = start_bare()
    await pbx.until(lambda: pbx.logins == 1)
    manager.send_action(dict(ORIGINATE))
    await pbx.until(lambda: pbx.sessions == 2)


async def test_4_link_takes_originate_without_async(pbx: Any, start_link: StartLink) -> None:
    pbx.answers["Originate"] = queued
    link = start_link()
    await link.reaches(LinkState.LIVE)
    assert (await link.action(ORIGINATE)).ok
    assert (pbx.sessions, link.state) == (1, LinkState.LIVE)


# --- 5: a stale Originate after a reconnect -------------------------------------------------------------------------


async def test_5_bare_dials_again_after_a_reconnect(pbx: Any, start_bare: StartLink) -> None:
    pbx.answers["Originate"] = lambda _: None
    manager = start_bare()
    await pbx.until(lambda: pbx.logins == 1)
    pbx.hang_up_after = "Originate"
    manager.send_action({**ORIGINATE, "Async": "true"})
    await pbx.until(lambda: len(pbx.actions("Originate")) == 2)


async def test_5_link_never_dials_twice(pbx: Any, start_link: StartLink) -> None:
    pbx.answers["Originate"] = lambda _: None
    link = start_link()
    await link.reaches(LinkState.LIVE)
    pbx.hang_up_after = "Originate"
    with pytest.raises(AmiDisconnected, match="not sent a second time"):
        await link.action({**ORIGINATE, "Async": "true"})
    await pbx.until(lambda: pbx.logins == 2)
    await link.reaches(LinkState.LIVE)
    await link.action({"Action": "Ping"})
    assert len(pbx.actions("Originate")) == 1


# --- 6: no time-outs, and a list that is cut never ends -------------------------------------------------------------


def half_a_list(action: dict[str, str]) -> bytes:
    tag = f"ActionID: {action['ActionID']}\r\n"
    return (
        f"Response: Success\r\n{tag}EventList: start\r\nMessage: will follow\r\n\r\n"
        f"Event: Status\r\n{tag}Channel: PJSIP/8001-1\r\n\r\n"
    ).encode()


async def test_6_bare_never_ends_a_list_that_was_cut(pbx: Any, start_bare: StartLink) -> None:
    pbx.answers["Status"] = half_a_list
    manager = start_bare()
    await pbx.until(lambda: pbx.logins == 1)
    pbx.hang_up_after = "Status"
    listing = manager.send_action({"Action": "Status"})
    await pbx.until(lambda: pbx.logins == 2)
    await manager.send_action({"Action": "Ping"})
    assert not listing.done()


async def test_6_link_ends_a_list_that_was_cut(pbx: Any, start_link: StartLink) -> None:
    pbx.answers["Status"] = half_a_list
    link = start_link()
    await link.reaches(LinkState.LIVE)
    pbx.hang_up_after = "Status"
    with pytest.raises(AmiDisconnected):
        await link.action({"Action": "Status"})


async def test_6_link_ends_a_list_that_stalls(pbx: Any, start_link: StartLink) -> None:
    pbx.answers["Status"] = half_a_list
    link = start_link()
    await link.reaches(LinkState.LIVE)
    with pytest.raises(AmiTimeout):
        await link.action({"Action": "Status"}, timeout=0.01)
    assert link.state is LinkState.LIVE


# --- 7: a silent peer -----------------------------------------------------------------------------------------------


async def test_7_bare_does_not_notice_a_silent_peer(pbx: Any, start_bare: StartLink) -> None:
    manager = start_bare()
    await pbx.until(lambda: pbx.logins == 1)
    pbx.silent = True
    for _ in range(3):
        manager.ping()
    await pbx.until(lambda: len(pbx.actions("Ping")) == 3)
    assert manager._connected
    assert pbx.sessions == 1


async def test_7_link_leaves_a_silent_peer(pbx: Any, start_link: StartLink) -> None:
    link = start_link(ping_interval=0.02)
    await link.reaches(LinkState.LIVE)
    link._settings = replace(link._settings, action_timeout=0.5)  # it came up however long that took
    pbx.silent = True
    await pbx.until(lambda: pbx.sessions >= 2)
    assert "did not answer Ping" in link.last_error
    pbx.silent = False
    await link.reaches(LinkState.LIVE)


# --- 8: line breaks in a value --------------------------------------------------------------------------------------

INJECTED = "rest\r\n\r\nAction: Originate\r\nActionID: evil\r\nChannel: PJSIP/trunk/110"
EVIL_PAUSE = {"Action": "QueuePause", "Interface": "PJSIP/8001", "Paused": "true", "Reason": INJECTED}


async def test_8_bare_sends_an_injected_action(pbx: Any, start_bare: StartLink) -> None:
    manager = start_bare()
    await pbx.until(lambda: pbx.logins == 1)
    manager.send_action(dict(EVIL_PAUSE))
    await pbx.until(lambda: pbx.actions("Originate"))


@pytest.mark.parametrize(
    "action",
    [
        EVIL_PAUSE,
        {**EVIL_PAUSE, "Reason": "a\nAction: Originate"},
        {**EVIL_PAUSE, "Reason": "a\rb"},
        {"Action": "Originate", "Variable": ["a=1", "b=2\r\nAction: Command"]},
        {"Action": "Ping", "X\r\nAction: Originate": "1"},
        {"Action": "Ping", "X: 1": "1"},
    ],
)
async def test_8_link_refuses_line_breaks(pbx: Any, start_link: StartLink, action: dict[str, Any]) -> None:
    link = start_link()
    await link.reaches(LinkState.LIVE)
    before = len(pbx.seen)
    with pytest.raises(AmiUnsafeText):
        await link.action(action)
    await link.action({"Action": "Ping"})
    assert [seen["Action"] for seen in pbx.seen[before:]] == ["Ping"]


# --- 9: a consumer that blocks --------------------------------------------------------------------------------------

FLOOD = b"".join(b"Event: VarSet\r\nVariable: X\r\nValue: %d\r\n\r\n" % n for n in range(2000)) * 100  # about 9 MB


async def written(pbx: Any, patience: float) -> bool:
    """Asterisk's `writetimeout`: whether the client read all of the flood in that time."""
    writer = pbx.writers[0]
    # no machine is so generous that what nobody reads fits into its buffers
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
    writer.transport.set_write_buffer_limits(high=0)
    writer.write(FLOOD)
    try:
        await asyncio.wait_for(writer.drain(), patience)
    except TimeoutError:
        return False
    return True


async def test_9_bare_stops_reading_while_a_callback_blocks(pbx: Any) -> None:
    release, blocked = threading.Event(), threading.Event()

    def client() -> None:
        async def main() -> None:
            manager = panoramisk.Manager(host="127.0.0.1", port=pbx.port, username="u", secret="right", ping_delay=3600)

            def callback(*_: Any) -> None:
                blocked.set()
                release.wait()

            manager.register_event("VarSet", callback)
            await manager.connect()
            while not release.is_set():
                await asyncio.sleep(0.01)
            manager.connect = lambda: None
            manager.close()

        asyncio.run(main())

    thread = threading.Thread(target=client)
    thread.start()
    try:
        await pbx.until(lambda: pbx.logins == 1)
        assert not await written(pbx, 0.5)
        assert await asyncio.to_thread(blocked.wait, 30)
    finally:
        release.set()
        pbx.drop()
        await asyncio.to_thread(thread.join)


async def test_9_link_reads_on_while_its_consumer_blocks(pbx: Any, start_link: StartLink) -> None:
    link = start_link(inbox_limit=5000)
    await link.reaches(LinkState.LIVE)  # and nobody receives
    assert await written(pbx, 60)
    assert 0 < link.backlog <= 5001
    assert link.gaps >= 1
    assert link.state is LinkState.SYNCHRONISING
    snapshots = 0
    while link.state is not LinkState.LIVE:  # the gap is closed once there is room
        snapshots += sum(isinstance(what, Snapshot) for _, what in await link.receive())
    assert snapshots >= 1
    assert pbx.sessions == 1


# --- 10: FullyBooted before authenticated ---------------------------------------------------------------------------


async def test_10_bare_acts_on_fully_booted_before_it_is_authenticated(pbx: Any, start_bare: StartLink) -> None:
    manager, seen = start_bare(), asyncio.get_running_loop().create_future()
    manager.register_event("FullyBooted", lambda m, _: seen.set_result(m.authenticated))
    assert await seen is False


async def test_10_link_goes_live_after_both(pbx: Any, start_link: StartLink) -> None:
    link = start_link()
    (at, snapshot) = (await link.receive())[0]
    assert isinstance(snapshot, Snapshot)
    assert snapshot.booted_at is not None
    assert round((at - snapshot.booted_at).total_seconds()) == 100
    await link.reaches(LinkState.LIVE)


# --- 11: OriginateResponse is news ----------------------------------------------------------------------------------


def queued_and_answered(action: dict[str, str]) -> bytes:
    event = f"Event: OriginateResponse\r\nActionID: {action['ActionID']}\r\nResponse: Success\r\nUniqueid: cb-1\r\n\r\n"
    return queued(action) + event.encode()


async def test_11_bare_hides_originate_response_from_callbacks(pbx: Any, start_bare: StartLink) -> None:
    pbx.answers["Originate"] = queued_and_answered
    manager, got = start_bare(), []
    manager.register_event("*", lambda _, event: got.append(event.event))
    await pbx.until(lambda: pbx.logins == 1)
    await manager.send_action({**ORIGINATE, "Async": "true"})
    await manager.send_action({"Action": "Ping"})
    assert "OriginateResponse" not in got


async def test_11_link_delivers_originate_response(pbx: Any, start_link: StartLink) -> None:
    pbx.answers["Originate"] = queued_and_answered
    link = start_link(wanted=frozenset({"Hangup"}))
    await link.reaches(LinkState.LIVE)
    await link.receive()
    reply = await link.action({**ORIGINATE, "Async": "true"})
    assert reply.message == "Originate successfully queued"
    assert await names(link, 1) == ["OriginateResponse"]


# --- 12: a wrong password, and sending before connecting ------------------------------------------------------------


async def test_12_bare_tries_a_wrong_password_for_ever(pbx: Any, start_bare: StartLink) -> None:
    start_bare(secret="wrong")
    await pbx.until(lambda: pbx.logins >= 5)


async def test_12_link_stops_at_a_wrong_password(pbx: Any, start_link: StartLink) -> None:
    link = start_link(secret="wrong", refused_delay=600.0)
    await link.reaches(LinkState.REFUSED)
    assert "Authentication failed" in link.last_error
    assert pbx.logins == 1
    with pytest.raises(AmiNotConnected):
        await link.action({"Action": "Ping"})


async def test_12_link_is_back_once_the_password_is_right(pbx: Any, start_link: StartLink) -> None:
    pbx.password = "changed"
    link = start_link(refused_delay=0.01)
    await pbx.until(lambda: pbx.logins >= 2)
    pbx.password = "right"
    await link.reaches(LinkState.LIVE)


async def test_12_bare_cannot_send_before_it_connected(pbx: Any) -> None:
    with pytest.raises(AttributeError):
        panoramisk.Manager(host="127.0.0.1", port=pbx.port).send_action({"Action": "Ping"})


async def test_12_link_names_the_error_before_it_connected(start_link: StartLink) -> None:
    with pytest.raises(AmiNotConnected, match="not sent"):
        await start_link().action({"Action": "Ping"})


# --- 13: close, order, re-synchronisation ---------------------------------------------------------------------------


async def test_13_bare_reconnects_after_close(pbx: Any, start_bare: StartLink) -> None:
    manager = start_bare()
    await pbx.until(lambda: pbx.logins == 1)
    lost = asyncio.Event()
    manager.on_disconnect = lambda *_: lost.set()
    manager.reconnect_timeout = 0.05
    pbx.drop()
    await lost.wait()
    manager.close()
    await pbx.until(lambda: pbx.sessions == 2)


async def test_13_link_stays_closed(pbx: Any, start_link: StartLink) -> None:
    link = start_link(first_delay=30.0, longest_delay=30.0)
    await link.reaches(LinkState.LIVE)
    pbx.drop()
    await link.reaches(LinkState.BACKING_OFF)
    link.close()
    await link.running  # its life is over: nobody is left who could reconnect
    assert (link.state, pbx.sessions) == (LinkState.CLOSED, 1)


async def test_13_bare_finishes_events_out_of_order(pbx: Any, start_bare: StartLink) -> None:
    manager, done, both = start_bare(), [], asyncio.Event()
    second = asyncio.Event()

    async def callback(_: Any, event: Any) -> None:
        if event.queue == "first":
            await second.wait()
        done.append(event.queue)
        second.set()
        if len(done) == 2:
            both.set()

    manager.register_event("QueueMember*", callback)
    await pbx.until(lambda: pbx.logins == 1)
    pbx.send({**PAUSE, "Queue": "first"}, {**PAUSE, "Queue": "second"})
    await both.wait()
    assert done == ["second", "first"]


async def test_13_link_keeps_the_order(pbx: Any, start_link: StartLink) -> None:
    link, kept, enough = start_link(), [], asyncio.Event()

    async def sink(facts: Sequence[Fact]) -> None:
        for fact in facts:
            await asyncio.sleep(0.01 if fact.queue == "first" else 0)
            kept.append(fact.queue)
        if len(kept) == 2:
            enough.set()

    follower = asyncio.create_task(Follower(link, PbxState(), sink).run())
    await link.reaches(LinkState.LIVE)
    pbx.send({**PAUSE, "Queue": "first"})
    pbx.send({**PAUSE, "Queue": "second"})
    await enough.wait()
    follower.cancel()
    assert kept == ["first", "second"]


async def test_13_bare_asks_nothing_after_a_reconnect(pbx: Any, start_bare: StartLink) -> None:
    manager = start_bare()
    await pbx.until(lambda: pbx.logins == 1)
    pbx.drop()
    await pbx.until(lambda: pbx.logins == 2)
    await manager.send_action({"Action": "Ping"})
    assert [action["Action"] for action in pbx.seen] == ["Login", "Login", "Ping"]


async def test_13_link_synchronises_first_and_then_lets_the_live_events_through(
    pbx: Any, start_link: StartLink
) -> None:
    pbx.answers["QueueStatus"] = lambda _: None
    link = start_link()
    await pbx.until(lambda: pbx.actions("QueueStatus") and pbx.actions("PJSIPShowContacts"))
    pbx.send({"Event": "Hold", "Channel": "PJSIP/8001-1"}, {"Event": "Hangup", "Channel": "PJSIP/8001-1"})
    assert link.backlog == 0
    tag = f"ActionID: {pbx.actions('QueueStatus')[0]['ActionID']}\r\n"
    member = f"Event: QueueMember\r\nQueue: q96010\r\nLocation: PJSIP/8001\r\n{tag}\r\n"
    end = f"Event: QueueStatusComplete\r\n{tag}EventList: Complete\r\n\r\n"
    pbx.send(f"Response: Success\r\n{tag}EventList: start\r\n\r\n{member}{end}".encode())
    arrivals = await link.receive()
    assert isinstance(arrivals[0][1], Snapshot)
    assert [member["Location"] for member in arrivals[0][1].members] == ["PJSIP/8001"]
    assert [what.name for _, what in arrivals[1:] if isinstance(what, AmiEvent)] == ["Hold", "Hangup"]
    pbx.drop()
    await pbx.until(lambda: len(pbx.actions("CoreShowChannels")) == 2)
