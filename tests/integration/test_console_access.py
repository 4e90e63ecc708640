"""Without the permission nothing goes through, by console or over HTTP; a SIP secret only to who sits there."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from agent_console.commands import COMMANDS
from agent_console.messages.seats import SignInSeat, SignOutSeat
from agent_console.protocol import COMMAND
from backend.identity.access import RouteAccess, route_accesses
from backend.identity.permissions import Roles

from .hall import ConsoleHall

pytestmark = pytest.mark.integration

A_FORM = {"request_id": str(uuid4()), "what": "电梯坏了", "street_code": "110101013", "class_code": "0101"}
A_WISH = {"way": "phone", "due_at": "2099-01-01T00:00:00Z"}
A_CALL = {"request_id": str(uuid4()), "call_id": "c1", "seat": "8001"}
CONTENT: dict[str, dict[str, Any]] = {
    "sign_in_seat": {"seat": "8001"},
    "sign_out_seat": {},
    "make_ready": {},
    "pause_seat": {"reason": "rest"},
    "extend_wrap_up": {},
    "set_skills": {"user_id": str(uuid4()), "skills": {"general": 1}},
    "save_draft": {"draft_id": str(uuid4()), "call_id": None, "revision": 0, "content": {}},
    "discard_draft": {"draft_id": str(uuid4())},
    "file_case": {"case": A_FORM},
    "schedule_callback": {"request_id": str(uuid4()), "case_id": str(uuid4()), "callback": A_WISH},
    "cancel_callback": {"callback_id": str(uuid4()), "reason": "否"},
    "force_pause": {"seat": "8001", "reason": "meeting"},
    "force_ready": {"seat": "8001"},
    "end_wrap_up": {"seat": "8001"},
    "force_sign_out": {"seat": "8001"},
    **{f"{act}_call": A_CALL for act in ("listen", "whisper", "barge", "take_over", "end")},
    "pause_recording": {"request_id": str(uuid4()), "call_id": "c1"},
    "resume_recording": {"request_id": str(uuid4()), "call_id": "c1"},
    "control_phone": {"request_id": str(uuid4()), "verb": "hang_up"},
    "dial": {"request_id": str(uuid4()), "case_id": str(uuid4()), "callback_id": None},
    "file_result": {"attempt_id": str(uuid4()), "result": "reached"},
    "send_notice": {"notice_id": str(uuid4()), "text": "今晚有雨，注意积水来电。", "seats": None},
    "read_notice": {"notice_id": str(uuid4())},
}
NOBODY = Roles.model_validate(
    {"roles": {name: {"title": "无", "permissions": []} for name in ("agent", "supervisor", "qa", "admin")}}
)


def test_these_examples_are_all_commands() -> None:
    assert CONTENT.keys() == COMMANDS.keys()
    for name, content in CONTENT.items():
        COMMAND.validate_python({"command": name, "id": 0, **content})


async def test_a_console_without_the_permission_is_refused(hall: ConsoleHall) -> None:
    hall.app.state.roles = NOBODY
    async with hall.raw("wang") as line:
        await line.say("hello", protocol=1)
        assert (await line.hear("welcome"))["me"]["permissions"] == []
        for number, (name, content) in enumerate(CONTENT.items()):
            await line.say(name, **{"id": number, **content})
            reply = await line.hear("reply")
            assert (reply["id"], reply["ok"], reply["problem"]["error"]) == (number, False, "NotPermitted"), name
            assert COMMANDS[name].permission in reply["problem"]["message"]
    assert await hall.newest() == 0


async def test_a_permission_that_is_taken_away_is_gone_from_an_open_console(
    hall: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent_console.connection._TICK_S", 0.05)
    async with hall.console("boss") as boss, hall.console("admin") as admin:
        await hall.emit("permission:seats.watch", call_id="seen")
        await hall.all_heard(boss)
        hall.app.state.roles = NOBODY
        hub = hall.app.state.hub
        await boss.until(lambda: "permission:seats.watch" not in hub._by_audience)
        await hall.emit("permission:seats.watch", call_id="hidden")
        await hall.all_heard(boss, admin)
        told = [body.call_id for body in boss.kinds("recording_changed") if not body.call_id.startswith("marker")]
        assert told == ["seen"]


def requests(hall: ConsoleHall) -> list[tuple[str, str, RouteAccess]]:
    """A request to every route below /api, with something in place of its parameters."""
    found = []
    for route in route_accesses(hall.app):
        path = route.path.replace("{case_id}", str(uuid4())).replace("{call_id}", "c1")
        found += [(method, path, route) for method in route.methods - {"WEBSOCKET", "MOUNT", "HEAD"}]
    return [each for each in found if each[1].startswith("/api")]


async def test_http_without_a_session_or_the_permission_is_refused(hall: ConsoleHall) -> None:
    guarded = [each for each in requests(hall) if each[2].access != "public"]
    assert len(guarded) > 12
    async with hall.browser(None) as stranger:
        for method, path, _ in guarded:
            answer = await stranger.request(method, path)
            assert (answer.status_code, answer.json()["error"]) == (401, "NotSignedIn"), path
    async with hall.browser("wang") as wang:
        hall.app.state.roles = NOBODY
        for method, path, route in guarded:
            answer = await wang.request(method, path)
            if route.access == "signed in":
                assert answer.status_code == 200, path
            else:
                assert (answer.status_code, answer.json()["error"]) == (403, "NotPermitted"), path


async def test_a_page_of_another_site_changes_nothing(hall: ConsoleHall) -> None:
    changing = [each for each in requests(hall) if each[0] != "GET"]
    assert changing
    async with hall.browser("wang") as wang:
        for method, path, _ in changing:
            answer = await wang.request(method, path, headers={"Origin": "http://evil.example"})
            assert (answer.status_code, answer.json()["error"]) == (403, "ForeignOrigin"), path
        assert (await wang.get("/api/session")).status_code == 200


async def test_the_secret_of_a_phone_is_told_to_who_sits_there_and_nobody_else(hall: ConsoleHall) -> None:
    passwords = {}
    async with hall.console("wang") as wang, hall.console("li") as li:
        answer = await wang.http.get("/api/softphone")
        assert (answer.status_code, answer.json()["error"]) == (409, "NoSeatForPhone")
        for console, seat in ((wang, "8001"), (li, "8002")):
            await console.command(SignInSeat(id=0, seat=seat))
            told = (await console.http.get("/api/softphone")).json()
            assert (told["seat"], told["sip_uri"]) == (seat, f"sip:{seat}@127.0.0.1")
            passwords[seat] = told["password"]
        assert passwords == {seat: hall.installation.secrets.derive(f"sip:{seat}") for seat in ("8001", "8002")}
        assert len(set(passwords.values())) == 2
        await wang.command(SignOutSeat(id=0))
        assert (await wang.http.get("/api/softphone")).status_code == 409
        async with hall.browser("qa") as qa, hall.browser("boss") as boss:
            assert (await qa.get("/api/softphone")).status_code == 403
            elsewhere = [await boss.get(path) for path in ("/api/options", "/api/seats", "/api/session", "/api/status")]
        assert all(answer.status_code == 200 for answer in elsewhere)
        for answer in elsewhere:
            assert not any(password in answer.text for password in passwords.values())
        stored = await hall.events(["all", "seat:8001", "seat:8002", "permission:seats.watch"])
        assert not any(password in str(event.payload) for event in stored for password in passwords.values())
        assert stored
