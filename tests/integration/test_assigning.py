"""Who leads QA gives waiting reviews to others: through the API, and ways around each rule."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from backend.identity.models import AuditEntry, User
from backend.kernel.events import newest_seq, read_after

from .hall import ConsoleHall
from .loop_hall import refused
from .qa_room import ALL_GOOD, QaRoom

pytestmark = pytest.mark.integration


@pytest.fixture
async def room(hall: ConsoleHall) -> AsyncIterator[QaRoom]:
    async with AsyncExitStack() as stack:
        opened = QaRoom(hall, stack)
        await opened.open()
        yield opened


def wish(room: QaRoom, review: dict[str, Any], to: str, **changes: Any) -> dict[str, Any]:
    return {"revision": review["revision"], "reviewer_id": str(room.people[to]), "reason": "请假"} | changes


async def test_a_begun_review_goes_to_another_reviewer_who_begins_anew(room: QaRoom) -> None:
    await room.call("call")
    review = (await room.opened("qa", "call"))["review"]
    path = f"{review['review_id']}/assignment"
    answers = ALL_GOOD | {"note": "写了一半"}
    saved = await (await room.who("qa")).put(
        f"/api/reviews/{review['review_id']}/sheet", json={"revision": review["revision"], "answers": answers}
    )
    review["revision"] = saved.json()["revision"]
    async with room.hall.database.transaction() as tx:
        before = await newest_seq(tx.session)
    moved = await room.done("qa-leader", path, **wish(room, review, "qa2"))
    (shown,) = moved["reviews"]
    assert (shown["reviewer"], shown["state"], shown["revision"]) == ("qa2", "drawn", review["revision"] + 1)
    loads = {each["name"]: (each["waiting"], each["opened"]) for each in moved["reviewers"]}
    assert (loads["质检员"], loads["qa2"]) == ((0, 0), (1, 0))
    refused(await room.ask("qa", review["review_id"]), "ReviewNotFound")
    late = await room.tell("qa", f"{review['review_id']}/score", revision=review["revision"], answers=answers)
    refused(late, "ReviewNotFound")
    assert (await room.ask("qa", "queue")).json()["waiting"] == []
    opened = await room.done("qa2", f"{review['review_id']}/opening")
    assert (opened["answers"]["items"], opened["answers"]["note"]) == ({}, "")
    entries = await room.rows(select(AuditEntry).where(AuditEntry.action == "review_assigned"))
    assert (entries[0].username, entries[0].detail["reason"]) == ("qa-leader", "请假")
    assert entries[0].detail["answers"]["note"] == "写了一半", "what was filled in is not lost"
    async with room.hall.database.transaction() as tx:
        told = [each for each in await read_after(tx.session, before) if each.topic == "review_changed"]
    concerned = {f"user:{room.people[who]}" for who in ("qa", "qa2")} | {"permission:reviews.assign"}
    assert concerned <= set(told[0].audience)


async def test_who_may_not_assign_and_to_whom_nothing_is_assigned(room: QaRoom) -> None:
    await room.call("call", handed_by="both")
    review = (await room.opened("qa", "call"))["review"]
    path = f"{review['review_id']}/assignment"
    for who in ("qa", "qa2", "wang", "boss"):
        refused(await room.tell(who, path, **wish(room, review, "qa2")), "NotPermitted")
        refused(await room.ask(who, "waiting"), "NotPermitted")
    for to in ("wang", "qa", "boss"):
        refused(await room.tell("qa-leader", path, **wish(room, review, to)), "NotAReviewer")
    refused(await room.tell("qa-leader", path, **wish(room, review, "qa2", reviewer_id=str(uuid4()))), "NotAReviewer")
    refused(await room.tell("qa-leader", path, **wish(room, review, "both")), "OwnCall")
    refused(await room.tell("qa-leader", path, **wish(room, review, "qa2", reason=" ")), "InputInvalid")
    refused(await room.tell("qa-leader", f"{uuid4()}/assignment", **wish(room, review, "qa2")), "ReviewNotFound")
    await room.call("own", "both")
    own = (await room.opened("qa", "own"))["review"]
    refused(await room.tell("qa-leader", f"{own['review_id']}/assignment", **wish(room, own, "both")), "OwnCall")
    assert {each["reviewer"] for each in (await room.ask("qa-leader", "waiting")).json()["reviews"]} == {"质检员"}


async def test_what_is_scored_or_calibrated_stays_and_of_two_at_once_one_wins(room: QaRoom) -> None:
    await room.call("scored")
    done = (await room.scored("qa", "scored"))["review"]
    refused(
        await room.tell("qa-leader", f"{done['review_id']}/assignment", **wish(room, done, "qa2")), "ReviewCannotMove"
    )
    await room.call("blind")
    people = [str(room.people[name]) for name in ("qa", "qa2")]
    begun = await room.done("qa", "calibrations", calibration_id=str(uuid4()), reviewers=people, call_ids=["blind"])
    sheet = begun["calls"][0]["sheets"][0]
    refused(
        await room.tell("qa-leader", f"{sheet['review_id']}/assignment", **wish(room, sheet, "qa3")), "CalibrationStays"
    )
    assert (await room.ask("qa-leader", "waiting")).json()["reviews"] == []
    await room.call("raced")
    review = (await room.opened("qa", "raced"))["review"]
    path = f"{review['review_id']}/assignment"
    answers = await asyncio.gather(
        room.tell("qa-leader", path, **wish(room, review, "qa2")),
        room.tell("qa-leader", path, **wish(room, review, "qa3")),
    )
    assert sorted(each.status_code for each in answers) == [200, 409]
    for to in ("qa2", "qa3"):  # one of them has it by now
        stale = refused(await room.tell("qa-leader", path, **wish(room, review, to)), "GivenReviewChanged")
        assert stale["next_step"]


async def test_namesakes_are_told_apart(room: QaRoom) -> None:
    async with room.hall.database.transaction() as tx:
        await tx.session.execute(update(User).where(User.username == "qa2").values(display_name="质检员"))
    await room.call("call")
    await room.opened("qa", "call")
    shown = (await room.ask("qa-leader", "waiting")).json()
    assert {"质检员（qa）", "质检员（qa2）"} <= {each["name"] for each in shown["reviewers"]}
    assert [each["reviewer"] for each in shown["reviews"]] == ["质检员（qa）"]
