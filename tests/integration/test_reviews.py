"""The review of calls through the API: drawing, scoring, appeals, calibration, coaching, and ways around each rule."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import soundfile
from sqlalchemy import select, text

from backend.app.worker_role import review_drawer
from backend.calls.models import Recording
from backend.kernel import clock
from backend.reviews.models import Review, ReviewDraw

from .hall import ConsoleHall
from .loop_hall import refused
from .qa_room import ALL_GOOD, ITEMS, QaRoom

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_day")]


@pytest.fixture
async def room(hall: ConsoleHall) -> AsyncIterator[QaRoom]:
    async with AsyncExitStack() as stack:
        opened = QaRoom(hall, stack)
        await opened.open()
        yield opened


async def test_the_night_draws_every_fatal_call_and_a_few_of_each_agent_once_and_nobody_their_own(room: QaRoom) -> None:
    for n in range(4):
        await room.call(f"wang-{n}", "wang")
    await room.call("both-1", "both")
    await room.call("handed", "li", handed_by="both")
    for call_id in ("wang-0", "both-1", "handed"):
        await room.hit(call_id, sure=call_id != "handed")
    await room.call("no-recording", "wang", recording_state="failed")
    drawer = review_drawer(room.hall.installation, room.hall.database)
    async with room.hall.database.transaction() as tx:
        await drawer.ask_for_tonight(tx)
    day = clock.beijing(clock.now()).date()
    async with room.hall.database.transaction() as tx:
        done = await drawer.draw_for_all(tx, day)
    assert done is not None
    assert {purpose.value: count for purpose, count in done.drawn.items()} == {"fatal": 3, "random": 2, "risk": 1}
    reviews = await room.rows(select(Review))
    assert {each.call_id for each in reviews if each.purpose == "fatal"} == {"wang-0", "both-1", "handed"}
    assert len({each.call_id for each in reviews}) == 6
    own = {each.call_id for each in reviews if each.reviewer_id == room.people["both"]}
    assert not own & {"both-1", "handed"}
    async with room.hall.database.transaction() as tx:
        assert await drawer.draw_for_all(tx, day) is None, "once a day"
    (draw,) = await room.rows(select(ReviewDraw))
    assert draw.counts == {"fatal": 3, "random": 2, "risk": 1, "left": 0}


async def test_a_judged_call_is_drawn_again_for_a_fatal_hit_in_another_place_and_for_no_other(room: QaRoom) -> None:
    drawer = review_drawer(room.hall.installation, room.hall.database)
    day = clock.beijing(clock.now()).date()

    async def drawn(days: int) -> list[Review]:
        async with room.hall.database.transaction() as tx:
            assert await drawer.draw_for_all(tx, day + timedelta(days=days)) is not None
        return await room.rows(select(Review).where(Review.state == "drawn", Review.purpose == "fatal"))

    await room.call("call", arrived_at=clock.now() - timedelta(days=30))
    first = await room.hit("call")
    (review,) = await drawn(0)
    await room.hit("call", from_ms=30_000)
    assert [each.review_id for each in await drawn(1)] == [review.review_id], "it waits, and its reviewer sees both"
    who = next(name for name, user_id in room.people.items() if user_id == review.reviewer_id)
    opened = await room.done(who, f"{review.review_id}/opening")
    assert len(opened["hits"]) == 2
    answers = ALL_GOOD | {"hits": {hit["hit_id"]: "dismissed" for hit in opened["hits"]}}
    wish = {"revision": opened["review"]["revision"], "answers": answers}
    await room.done(who, f"{review.review_id}/score", **wish)
    await room.hit("call", from_ms=1_100, rule_version=2)
    assert await drawn(2) == [], "what the rule finds there was judged"
    await room.hit("call", from_ms=50_000)
    (again,) = await drawn(3)
    assert (again.call_id, again.state) == ("call", "drawn")
    assert [each.review_id for each in await drawn(4)] == [again.review_id]
    assert first in {hit["hit_id"] for hit in opened["hits"]}


async def test_who_draws_at_once_gets_a_few_and_no_more_than_the_day_has(room: QaRoom) -> None:
    for n in range(8):
        await room.call(f"call-{n}", "wang")
    drawn = await room.done("qa", "draw")
    assert drawn["drawn"] == {"fatal": 0, "random": 2, "risk": 3}
    again, other = await asyncio.gather(room.done("qa", "draw"), room.done("qa2", "draw"))
    assert sum(again["drawn"].values()) + sum(other["drawn"].values()) == 3, "no call twice, however many draw"
    assert sum((await room.done("qa3", "draw"))["drawn"].values()) == 0
    queue = (await room.ask("qa", "queue")).json()
    assert (queue["drawn"], queue["quota"]) == (len(queue["waiting"]), 30)
    refused(await room.tell("wang", "draw"), "NotPermitted")


async def test_nobody_reviews_oneself_by_whatever_way(room: QaRoom) -> None:
    await room.call("own", "both")
    await room.call("handed", "li", handed_by="both")
    for call_id in ("own", "handed"):
        refused(await room.tell("both", "picks", call_id=call_id), "OwnCall")
        wish = {"calibration_id": str(uuid4()), "call_ids": [call_id]}
        people = [str(room.people["both"]), str(room.people["qa"])]
        refused(await room.tell("qa", "calibrations", **wish, reviewers=people), "OwnCall")
    assert sum((await room.done("both", "draw"))["drawn"].values()) == 0
    review = (await room.opened("qa", "handed"))["review"]["review_id"]
    async with room.hall.database.transaction() as tx:  # as if it had been given to who handed the call over
        await tx.session.execute(
            text("UPDATE reviews SET reviewer_id = :both WHERE review_id = :id"),
            {"both": room.people["both"], "id": review},
        )
    refused(await room.tell("both", f"{review}/opening"), "OwnCall")
    with pytest.raises(Exception, match="ck_reviews_not_oneself"):
        async with room.hall.database.transaction() as tx:
            await tx.session.execute(text("UPDATE reviews SET reviewer_id = agent_id"))


async def test_a_sheet_is_saved_as_it_is_filled_in_and_a_stale_one_overwrites_nothing(room: QaRoom) -> None:
    await room.call("call")
    review = (await room.opened("qa", "call"))["review"]
    path, client = f"/api/reviews/{review['review_id']}/sheet", await room.who("qa")
    first = {"revision": review["revision"], "answers": ALL_GOOD | {"items": {"manner": 4}, "note": "先记一笔"}}
    saved = (await client.put(path, json=first)).json()
    assert (saved["result"]["earned"], saved["result"]["missing"][:2]) == (85, ["greeting", "speech"])
    stale = refused(await client.put(path, json=first | {"answers": ALL_GOOD}), "ReviewChangedMeanwhile")
    assert stale["kept"]
    stands = (await room.ask("qa", review["review_id"])).json()
    assert (stands["answers"]["items"], stands["answers"]["note"]) == ({"manner": 4}, "先记一笔")
    assert stands["review"]["revision"] == saved["revision"]
    unfinished = await room.tell(
        "qa", f"{review['review_id']}/score", revision=saved["revision"], answers=first["answers"]
    )
    assert refused(unfinished, "SheetIncomplete")["facts"]["missing"].startswith("greeting, speech")
    for strange in ({"items": {"nothing": 3}}, {"fatal": ["nothing"]}, {"hits": {str(uuid4()): "taken"}}):
        wish = {"revision": saved["revision"], "answers": ALL_GOOD | strange}
        refused(await client.put(path, json=wish), "SheetInvalid")
    backwards = ALL_GOOD | {"remarks": [{"from_ms": 2, "to_ms": 1, "text": "倒着"}]}
    refused(await client.put(path, json={"revision": saved["revision"], "answers": backwards}), "InputInvalid")
    for who in ("qa2", "both"):
        refused(await room.ask(who, review["review_id"]), "ReviewNotFound")
        refused(await room.tell(who, f"{review['review_id']}/score", **first), "ReviewNotFound")
    refused(await room.ask("wang", review["review_id"]), "ReviewNotFound")


async def test_hits_count_when_a_person_takes_them_over_and_stay_when_a_later_check_takes_them_back(
    room: QaRoom,
) -> None:
    await room.call("call")
    fatal, minor = await room.hit("call"), await room.hit("call", "minor", sure=False)
    review = (await room.opened("qa", "call"))["review"]
    at, path = review["review_id"], f"{review['review_id']}/score"
    undecided = refused(await room.tell("qa", path, revision=review["revision"], answers=ALL_GOOD), "SheetIncomplete")
    assert undecided["facts"]["undecided"] == "1"
    answers = ALL_GOOD | {"hits": {fatal: "dismissed", minor: "taken"}}
    saved = await (await room.who("qa")).put(
        f"/api/reviews/{at}/sheet", json={"revision": review["revision"], "answers": answers}
    )
    async with room.hall.database.transaction() as tx:
        await tx.session.execute(text("DELETE FROM quality_hits"))
    scored = await room.done("qa", path, revision=saved.json()["revision"], answers=answers)
    assert (scored["review"]["score"], scored["result"]["deducted"]) == (98, 2), "unsure, but a person is sure"
    assert {hit["hit_id"] for hit in scored["hits"]} == {fatal, minor}
    await room.call("other")
    worst = await room.hit("other")
    deadly = await room.scored("qa", "other", hits={worst: "taken"})
    assert (deadly["review"]["score"], deadly["review"]["fatal"], deadly["review"]["passed"]) == (0, True, False)
    refused(
        await room.tell("qa", f"{at}/void", revision=scored["review"]["revision"], reason="不评了"), "ReviewCannotMove"
    )


async def test_an_agent_reads_the_own_result_without_the_name_of_who_gave_it(room: QaRoom) -> None:
    await room.call("call")
    review = (await room.scored("qa", "call", note="很好"))["review"]["review_id"]
    seen = (await room.ask("wang", review)).json()
    assert (seen["review"]["score"], seen["review"]["reviewer"], seen["may"]) == (100, None, ["appeal"])
    assert seen["answers"]["note"] == "很好"
    assert [each["review_id"] for each in (await room.ask("wang", "own")).json()["items"]] == [review]
    assert (await room.ask("li", "own")).json()["items"] == []
    refused(await room.ask("li", review), "ReviewNotFound")
    refused(await room.ask("wang", "queue"), "NotPermitted")
    assert await room.actions(review) == ["review_picked", "review_opened", "review_scored", "review_read"]


async def test_a_reviewer_who_also_takes_calls_is_not_told_who_judged_those(room: QaRoom) -> None:
    await room.call("call", agent="both")
    scored = await room.scored("qa", "call")
    path = scored["review"]["review_id"]
    clip = {"task_id": str(uuid4()), "from_ms": 1000, "to_ms": 4000, "text": "他说 13800001234"}
    given = await room.done("qa", f"{path}/coaching", **clip)
    assert given["coaching"][0]["given_by"] == scored["review"]["reviewer"] == "质检员"
    people = [str(room.people[name]) for name in ("qa2", "qa3")]
    wish = {"calibration_id": str(uuid4()), "reviewers": people, "call_ids": ["call"]}
    assert len((await room.done("qa", "calibrations", **wish))["calls"]) == 1
    both = await room.who("both")
    assert (await both.get("/api/boards/reviews")).json()["items"][0]["review_id"] == path
    for seen in ("reviews/own", f"reviews/{path}", "reviews/coaching", "reviews/calibrations", "boards/reviews"):
        answer = await both.get(f"/api/{seen}")
        assert answer.status_code == 200
        assert "质检员" not in answer.text, seen
        assert "13800001234" not in answer.text, seen
    assert (await room.ask("both", "calibrations")).json()["calibrations"] == []


async def test_an_appeal_is_made_once_and_in_time_and_decided_by_somebody_else(room: QaRoom) -> None:
    await room.call("call", handed_by="both")
    scored = await room.scored("qa", "call", items=dict.fromkeys(ITEMS, 3))
    review, path = scored["review"]["review_id"], f"{scored['review']['review_id']}/appeal"
    refused(await room.tell("li", path, reason="不是我的"), "ReviewNotFound")
    refused(await room.tell("wang", path, reason="  "), "InputInvalid")
    refused(await room.tell("qa2", f"{path}/decision", revision=3, reason="没有申诉"), "ReviewCannotMove")
    appealed = await room.done("wang", path, reason="已经复述过了")
    assert (appealed["review"]["state"], appealed["appeal"]["score_before"]) == ("appealed", 60)
    refused(await room.tell("wang", path, reason="再来一次"), "ReviewCannotMove")
    verdict = {"revision": appealed["review"]["revision"], "reason": "听了录音，确有复述"}
    changed = {**verdict, "answers": ALL_GOOD}
    refused(await room.tell("qa", f"{path}/decision", **verdict), "DecidesOwnReview")
    refused(await room.tell("both", f"{path}/decision", **verdict), "OwnCall")
    refused(await room.tell("wang", f"{path}/decision", **verdict), "NotPermitted")
    assert (await room.ask("both", review)).json()["may"] == [], "nothing is offered that would be refused"
    for who, waits in (("qa", 0), ("qa2", 1), ("both", 0)):
        assert len((await room.ask(who, "queue")).json()["appeals"]) == waits
    refused(await room.tell("qa2", f"{path}/decision", **(changed | {"revision": 1})), "ReviewChangedMeanwhile")
    incomplete = {**verdict, "answers": ALL_GOOD | {"items": {"manner": 5}}}
    refused(await room.tell("qa2", f"{path}/decision", **incomplete), "SheetIncomplete")
    for who in ("qa2", "qa3"):
        await room.who(who)
    answers = await asyncio.gather(
        room.tell("qa2", f"{path}/decision", **changed), room.tell("qa3", f"{path}/decision", **verdict)
    )
    assert sorted(each.status_code for each in answers) == [200, 409]
    stands = (await room.ask("wang", review)).json()
    assert stands["review"]["state"] in {"changed", "upheld"}
    assert stands["review"]["score"] == {"changed": 100, "upheld": 60}[stands["review"]["state"]]
    assert stands["appeal"]["score_before"] == 60
    assert stands["appeal"]["decided_by"] is None
    assert (await room.ask("qa", review)).json()["appeal"]["decided_by"] in {"qa2", "qa3"}


async def test_an_appeal_that_comes_too_late_is_refused(room: QaRoom) -> None:
    await room.call("call")
    review = (await room.scored("qa", "call"))["review"]["review_id"]
    async with room.hall.database.transaction() as tx:
        await tx.session.execute(text("UPDATE reviews SET appeal_until = now() - interval '1 second'"))
    assert (await room.ask("wang", review)).json()["may"] == []
    refused(await room.tell("wang", f"{review}/appeal", reason="才看到"), "ReviewAppealTooLate")


async def test_calibration_stays_blind_until_all_are_done_and_then_tells_how_far_they_agree(room: QaRoom) -> None:
    await room.call("call")
    people = [str(room.people[name]) for name in ("qa", "qa2")]
    wish = {"calibration_id": str(uuid4()), "reviewers": people, "count": 3}
    begun = await room.done("qa", "calibrations", **wish)
    assert await room.done("qa", "calibrations", **wish) == begun, "once for each request"
    refused(
        await room.tell("qa", "calibrations", **(wish | {"reviewers": [people[0], str(room.people["qa3"])]})),
        "CalibrationReused",
    )
    for strange in ([people[0], people[0]], [people[0], str(room.people["wang"])]):
        fresh = {"calibration_id": str(uuid4()), "reviewers": strange, "call_ids": ["call"]}
        refused(await room.tell("qa", "calibrations", **fresh), "NotAReviewer")
    nothing = {"calibration_id": str(uuid4()), "reviewers": people, "count": 3}
    refused(await room.tell("qa", "calibrations", **nothing), "NothingToCalibrate")
    sheets = {each["reviewer"]: each["review_id"] for each in begun["calls"][0]["sheets"]}
    mine, other = sheets["质检员"], sheets["qa2"]
    for who, review, levels in (("qa", mine, (5, 3)), ("qa2", other, (5, 4))):
        if who == "qa2":
            refused(await room.ask("qa2", mine), "StillBlind")
            hidden = (await room.ask("qa2", "calibrations")).json()["calibrations"][0]
            assert {each["score"] for each in hidden["calls"][0]["sheets"]} == {None}
            assert hidden["agreement"][0]["pairs"] == 0
            assert hidden["calls"][0]["apart"] == []
        opened = await room.done(who, f"{review}/opening")
        items = dict.fromkeys(ITEMS, levels[0]) | {"record": levels[1]}
        wish_of = {"revision": opened["review"]["revision"], "answers": ALL_GOOD | {"items": items}}
        await room.done(who, f"{review}/score", **wish_of)
    assert (await room.ask("qa2", mine)).json()["answers"]["items"]["record"] == 3
    seen = (await room.ask("qa", "calibrations")).json()
    overall = {each["item"]: each for each in seen["agreement"]}
    assert (overall[None]["pairs"], overall["record"]["equal"]) == (9, 0.0)
    (call,) = seen["calibrations"][0]["calls"]
    levels = {"质检员": 3, "qa2": 4}
    (apart,) = call["apart"]
    assert (apart["item"], apart["levels"]) == ("record", [levels[each["reviewer"]] for each in call["sheets"]])
    assert overall[None]["equal"] == pytest.approx(8 / 9)
    assert overall[None]["kappa"] == pytest.approx((8 / 9 - 64 / 81) / (1 - 64 / 81))
    refused(await room.ask("wang", mine), "ReviewNotFound")
    refused(await room.tell("wang", f"{mine}/appeal", reason="不公"), "ReviewNotFound")
    assert (await room.ask("wang", "own")).json()["items"] == []
    clip = {"task_id": str(uuid4()), "from_ms": 0, "to_ms": 5, "text": "听"}
    refused(await room.tell("qa", f"{mine}/coaching", **clip), "NotYourReview")


async def test_a_coaching_task_goes_to_its_agent_once_and_comes_back_read(room: QaRoom) -> None:
    await room.call("call")
    review = (await room.scored("qa", "call"))["review"]["review_id"]
    clip = {"task_id": str(uuid4()), "from_ms": 1000, "to_ms": 4000, "text": "复述前先确认地点"}
    for _ in range(2):
        given = await room.done("qa", f"{review}/coaching", **clip)
    assert [each["task_id"] for each in given["coaching"]] == [clip["task_id"]]
    refused(await room.tell("qa", f"{review}/coaching", **(clip | {"text": "别的"})), "CoachingReused")
    refused(await room.tell("qa2", f"{review}/coaching", **(clip | {"task_id": str(uuid4())})), "NotYourReview")
    refused(await room.tell("qa", f"{review}/coaching", **(clip | {"to_ms": 1000})), "InputInvalid")
    refused(await room.tell("li", f"coaching/{clip['task_id']}/reading"), "CoachingNotFound")
    assert (await room.ask("li", "coaching")).json() == []
    assert [each["given_by"] for each in (await room.ask("wang", "coaching")).json()] == [None]
    read = await room.done("wang", f"coaching/{clip['task_id']}/reading")
    assert read["read_at"]
    assert await room.done("wang", f"coaching/{clip['task_id']}/reading") == read, "the first receipt stands"
    assert (await room.ask("qa", review)).json()["coaching"][0]["read_at"] == read["read_at"]
    assert await room.actions(clip["task_id"]) == ["coaching_given", "coaching_read"]


async def test_a_call_is_picked_once_and_only_when_there_is_something_to_judge(room: QaRoom) -> None:
    await room.call("call")
    await room.call("silent", recording_state="failed")
    await room.opened("qa", "call")
    refused(await room.tell("qa2", "picks", call_id="call"), "DrawnBefore")
    for call_id in ("silent", "unknown"):
        refused(await room.tell("qa2", "picks", call_id=call_id), "CallNotReviewable")
    review = (await room.ask("qa", "queue")).json()["waiting"][0]
    void = await room.done("qa", f"{review['review_id']}/void", revision=review["revision"], reason="全程无声")
    assert (void["review"]["state"], void["void_reason"], void["may"]) == ("void", "全程无声", [])
    refused(await room.tell("qa", f"{review['review_id']}/opening"), "ReviewCannotMove")


async def test_the_outline_of_a_recording_is_for_who_may_play_it(room: QaRoom, tmp_path: Path) -> None:
    await room.call("call")
    samples = np.zeros((8000, 2), np.int16)
    samples[:4000, 0], samples[4000:, 1] = 16384, -32768
    sound = tmp_path / "sound.flac"
    soundfile.write(sound, samples, 8000, subtype="PCM_16")
    (recording,) = await room.rows(select(Recording))
    room.hall.app.state.files.put(sound, recording.key)
    for who in ("qa", "wang"):
        answer = await (await room.who(who)).get("/api/calls/call/peaks")
        peaks = answer.json()
        assert (peaks["duration_ms"], len(peaks["caller"]), len(peaks["seat"])) == (1000, 50, 50)
        assert (peaks["caller"], peaks["seat"]) == ([50] * 25 + [0] * 25, [0] * 25 + [100] * 25)
    refused(await (await room.who("li")).get("/api/calls/call/peaks"), "CallUnknown")
    refused(await (await room.who("admin")).get("/api/calls/call/peaks"), "NotPermitted")
