"""The link's states, its patience, and what it says when something is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from backend.kernel.processes import free_port
from telephony.ami import (
    AmiActionFailed,
    AmiDisconnected,
    AmiEvent,
    AmiLink,
    AmiNotConnected,
    AmiParser,
    AmiProtocolError,
    AmiSettings,
    LinkState,
    Snapshot,
)
from telephony.ami.backoff import delays
from telephony.ami.errors import IllegalLinkMove
from telephony.ami.parser import LONGEST_MESSAGE
from telephony.ami.states import TRANSITIONS, check_move

StartLink = Callable[..., Any]
HANGUP = {"Event": "Hangup", "Channel": "PJSIP/8001-1"}


def test_every_state_is_reached_and_closed_is_final() -> None:
    assert set(TRANSITIONS) == set(LinkState)
    reached = set().union(*TRANSITIONS.values())
    assert reached == set(LinkState)
    assert TRANSITIONS[LinkState.CLOSED] == frozenset()
    assert all(LinkState.CLOSED in TRANSITIONS[state] for state in LinkState if state is not LinkState.CLOSED)
    with pytest.raises(IllegalLinkMove):
        check_move(LinkState.CLOSED, LinkState.CONNECTING)


def test_delays_double_to_their_limit_and_never_march_in_step() -> None:
    assert list(islice(delays(0.1, 1.0, lambda: 1.0), 6)) == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
    assert list(islice(delays(0.1, 1.0, lambda: 0.0), 3)) == pytest.approx([0.05, 0.1, 0.2])


async def test_the_way_to_live(pbx: Any, start_link: StartLink, monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[LinkState] = []
    original = AmiLink._move
    monkeypatch.setattr(AmiLink, "_move", lambda link, state: (states.append(state), original(link, state))[1])
    link = start_link()
    await link.reaches(LinkState.LIVE)
    pbx.drop()
    await pbx.until(lambda: pbx.logins == 2)
    await link.reaches(LinkState.LIVE)
    up = [LinkState.AUTHENTICATING, LinkState.SYNCHRONISING, LinkState.LIVE]
    assert states == [*up, LinkState.BACKING_OFF, LinkState.CONNECTING, *up]
    assert link.sessions == 2


async def test_a_pbx_that_is_away_is_tried_again(pbx: Any, start_link: StartLink) -> None:
    await pbx.stop()
    pbx.port = free_port()  # dealt out to nobody else meanwhile
    link = start_link()
    await link.reaches(LinkState.BACKING_OFF)
    assert link.last_error
    await pbx.start()
    await link.reaches(LinkState.LIVE)


async def test_another_service_on_the_port_is_named(start_link: StartLink, pbx: Any) -> None:
    async def smtp(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")

    server = await asyncio.start_server(smtp, "127.0.0.1", 0)
    pbx.port = server.sockets[0].getsockname()[1]
    link = start_link()
    await link.reaches(LinkState.BACKING_OFF)
    assert "not an Asterisk manager" in link.last_error
    server.close()


@pytest.mark.parametrize("junk", [b"HTTP/1.1 400 Bad\r\n", b"\x00\x01", b"Asterisk Call Manager/" + b"9" * 300])
def test_what_does_not_begin_like_a_manager_is_refused(junk: bytes) -> None:
    with pytest.raises(AmiProtocolError):
        AmiParser().feed(junk)


def test_a_message_without_end_does_not_eat_the_memory() -> None:
    parser = AmiParser()
    parser.feed(b"Asterisk Call Manager/11.0.0\r\n")
    parser.feed(b"x" * LONGEST_MESSAGE)
    with pytest.raises(AmiProtocolError, match="did not end"):
        parser.feed(b"x")


async def test_a_pbx_that_is_still_loading_is_waited_for(pbx: Any, start_link: StartLink) -> None:
    refusals = 2

    def not_yet(action: dict[str, str]) -> bytes:
        nonlocal refusals
        refusals -= 1
        if not refusals:
            del pbx.answers["QueueStatus"]
        error = "Response: Error\r\nActionID: {}\r\nMessage: Invalid/unknown command\r\n\r\n"
        return error.format(action["ActionID"]).encode()

    pbx.answers["QueueStatus"] = not_yet
    link = start_link()
    await link.reaches(LinkState.LIVE)
    assert len(pbx.actions("QueueStatus")) == 3
    assert pbx.sessions == 1


async def test_a_pbx_that_boots_is_asked_when_it_has_booted(pbx: Any, start_link: StartLink) -> None:
    """Else a call that the restart cut could not be told from one that just ended."""
    pbx.booted = False
    link = start_link(boot_grace=600.0)
    await link.reaches(LinkState.SYNCHRONISING)
    await link.action({"Action": "Ping"})
    assert not pbx.actions("QueueStatus")
    pbx.send({"Event": "FullyBooted", "Uptime": "1"})
    (_, snapshot), *_ = await link.receive()
    assert snapshot.booted_at is not None


async def test_an_account_that_may_not_hear_of_the_boot_goes_live_too(pbx: Any, start_link: StartLink) -> None:
    pbx.booted = False
    link = start_link(boot_grace=0.01)
    (_, snapshot), *_ = await link.receive()
    assert snapshot.booted_at is None


async def test_no_registered_phone_is_an_empty_list(pbx: Any, start_link: StartLink) -> None:
    error = "Response: Error\r\nActionID: {}\r\nMessage: No Contacts found\r\n\r\n"
    pbx.answers["PJSIPShowContacts"] = lambda action: error.format(action["ActionID"]).encode()
    link = start_link()
    await link.reaches(LinkState.LIVE)
    assert [what.contacts for _, what in await link.receive()] == [()]


async def test_a_refused_action_is_an_error_in_the_pbxs_words(pbx: Any, start_link: StartLink) -> None:
    error = "Response: Error\r\nActionID: {}\r\nMessage: Unable to add interface: Already there\r\n\r\n"
    pbx.answers["QueueAdd"] = lambda action: error.format(action["ActionID"]).encode()
    link = start_link()
    await link.reaches(LinkState.LIVE)
    with pytest.raises(AmiActionFailed, match="Already there"):
        await link.action({"Action": "QueueAdd", "Queue": "q96010", "Interface": "PJSIP/8001"})


async def test_a_list_comes_with_its_items(pbx: Any, start_link: StartLink) -> None:
    pbx.lists["QueueStatus"] = [{"Event": "QueueParams", "Queue": "q"}, {"Event": "QueueMember", "Name": "坐席"}]
    link = start_link(wanted=frozenset({"Hangup"}))
    await link.reaches(LinkState.LIVE)
    reply = await link.action({"Action": "QueueStatus"})
    assert [item.name for item in reply.items] == ["QueueParams", "QueueMember"]
    assert reply.items[1]["Name"] == "坐席"
    assert link.backlog == 1  # the items are the reply's, not news


async def test_replies_find_their_actions_in_any_order(pbx: Any, start_link: StartLink) -> None:
    waiting: list[dict[str, str]] = []
    pbx.answers["Getvar"] = waiting.append
    link = start_link()
    await link.reaches(LinkState.LIVE)
    asked = [asyncio.create_task(link.action({"Action": "Getvar", "Variable": name})) for name in "ab"]
    await pbx.until(lambda: len(waiting) == 2)
    for action in reversed(waiting):
        pbx.send({"Response": "Success", "ActionID": action["ActionID"], "Value": action["Variable"]})
    assert [(await task).headers.value for task in asked] == ["a", "b"]


async def test_a_late_reply_hurts_nobody(pbx: Any, start_link: StartLink) -> None:
    late: list[dict[str, str]] = []
    pbx.answers["Getvar"] = late.append
    link = start_link()
    await link.reaches(LinkState.LIVE)
    task = asyncio.create_task(link.action({"Action": "Getvar"}))
    await pbx.until(lambda: late)
    task.cancel()
    await asyncio.wait([task])
    pbx.send({"Response": "Success", "ActionID": late[0]["ActionID"]}, HANGUP)
    assert isinstance((await link.receive())[0][1], Snapshot)
    assert (await link.receive())[0][1] == HANGUP
    assert link.state is LinkState.LIVE


async def test_only_wanted_events_arrive(pbx: Any, start_link: StartLink) -> None:
    link = start_link(wanted=frozenset({"Hangup"}))
    await link.receive()
    pbx.send({"Event": "VarSet", "Variable": "X"}, HANGUP, {"Event": "RTCPSent"})
    assert [what for _, what in await link.receive()] == [HANGUP]


async def test_what_is_read_late_happened_when_the_pbx_says(pbx: Any, start_link: StartLink) -> None:
    link = start_link()
    (connected, _), *_ = await link.receive()
    now = connected
    link._clock = lambda: now
    now = connected + timedelta(seconds=20)  # the machine stood still
    said = {"waits": 3.0, "is_answered": 15.5, "of_another_clock": -9999.0, "ahead": 25.0, "earlier": 16.0}
    pbx.send(*(event(name, connected + timedelta(seconds=after)) for name, after in said.items()), HANGUP)
    arrivals = await link.receive()
    while len(arrivals) < len(said) + 1:
        arrivals += await link.receive()
    after = [round((at - connected).total_seconds(), 3) for at, _ in arrivals]
    assert after == [3.0, 15.5, 20.0, 20.0, 20.0, 20.0]


def event(name: str, at: datetime) -> dict[str, str]:
    return {"Event": name, "Timestamp": f"{at.timestamp():.6f}"}


async def test_close_fails_what_is_pending_and_may_be_repeated(pbx: Any, start_link: StartLink) -> None:
    pbx.answers["Getvar"] = lambda _: None
    link = start_link()
    await link.reaches(LinkState.LIVE)
    pending = asyncio.create_task(link.action({"Action": "Getvar"}))
    await pbx.until(lambda: pbx.actions("Getvar"))
    link.close()
    link.close()
    with pytest.raises(AmiDisconnected):
        await pending
    with pytest.raises(AmiNotConnected, match="closed"):
        await link.action({"Action": "Ping"})
    await link.running


async def test_close_while_connecting(pbx: Any) -> None:
    link = AmiLink(AmiSettings(host="127.0.0.1", port=pbx.port, username="platform", secret="right"))
    running = asyncio.create_task(link.run())
    await asyncio.sleep(0)
    link.close()
    await running
    assert link.state is LinkState.CLOSED


async def test_cancelling_its_life_closes_the_link(pbx: Any, start_link: StartLink) -> None:
    link = AmiLink(AmiSettings(host="127.0.0.1", port=pbx.port, username="platform", secret="right"))
    running = asyncio.create_task(link.run())
    await link.receive()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert link.state is LinkState.CLOSED
    await pbx.until(lambda: not pbx.writers)


async def test_a_pbx_that_finishes_booting_later_is_asked_again(pbx: Any, start_link: StartLink) -> None:
    link = start_link()
    await link.receive()
    await link.reaches(LinkState.LIVE)
    pbx.send({"Event": "FullyBooted", "Uptime": "1"})
    (_, snapshot), *_ = await link.receive()
    assert isinstance(snapshot, Snapshot)


async def test_what_waits_when_the_link_breaks_still_comes_in_order(pbx: Any, start_link: StartLink) -> None:
    link = start_link()
    await link.receive()
    await link.reaches(LinkState.LIVE)
    pbx.send(HANGUP)
    while not link.backlog:
        await asyncio.sleep(0)
    pbx.drop()
    await pbx.until(lambda: pbx.logins == 2)
    await link.reaches(LinkState.LIVE)
    arrivals = [what for _, what in await link.receive()]
    assert arrivals[0] == HANGUP
    assert isinstance(arrivals[1], Snapshot)


def test_the_password_is_not_printed() -> None:
    assert "s3cret" not in repr(AmiSettings(host="127.0.0.1", port=5038, username="platform", secret="s3cret"))


def test_a_missing_header_reads_as_empty() -> None:
    event = AmiEvent({"Event": "Hangup"})
    assert (event.name, event["Cause"], "Cause" in event) == ("Hangup", "", False)
