"""Figures from the record as it is written, over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend.kernel import clock
from backend.queueing import missed
from telephony import facts as f

from .hall import ConsoleHall, answered, ringing

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_day")]


def ended(call_id: str, outcome: f.CallOutcome) -> f.CallEnded:
    return f.CallEnded(at=clock.now(), call_id=call_id, outcome=outcome, hung_up_by=f.Party.CALLER, cause=16)


async def ask(hall: ConsoleHall, **query: str) -> dict[str, Any]:
    hall.app.state.figures._kept.clear()
    async with hall.browser("boss") as browser:
        answer = await browser.get("/api/figures", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def test_an_answered_an_abandoned_and_an_open_call_are_counted_as_they_stand(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang:
        await hall.take_seat(wang, "8001")
        held = f.CallHeld(at=clock.now() - timedelta(seconds=8), call_id="c1", seat="8001")
        back = f.CallResumed(at=held.at + timedelta(seconds=3), call_id="c1", seat="8001")
        over = f.CallEnded(
            at=back.at + timedelta(seconds=5), call_id="c1", outcome=f.CallOutcome.ANSWERED,
            hung_up_by=f.Party.CALLER, cause=16,
        )  # fmt: skip
        await hall.tell(*ringing("c1", "8001"), answered("c1", "8001"), held, back, over)
        await hall.tell(*ringing("c2", "8002"), ended("c2", f.CallOutcome.ABANDONED))
        await hall.tell(*ringing("c3", "8002"))
    for span in ("15m", "1h", "24h", "day"):
        found = await ask(hall, span=span)
        total = found["total"]
        assert (total["offered"], total["answered"], total["abandoned"], total["short"]) == (3, 1, 0, 1)
        assert total["within_target"] == {"part": 1, "whole": 2, "share": 0.5}
        assert total["abandonment"] == {"part": 0, "whole": 1, "share": 0.0}
        assert total["hold"] == {"average_ms": 3000, "count": 1}
        assert [(queue["name"], queue["title"]) for queue in found["queues"]] == [("q96010", "96010 综合")]
        assert [(skill["name"], skill["figures"]["offered"]) for skill in found["skills"]] == [("general", 3)]
        assert sum(point["offered"] for point in found["curve"]) == 3
        seats = {seat["seat"]: seat for seat in found["seats"]}
        assert (seats["8001"]["talks"], seats["8001"]["agents"]) == (1, ["王芳"])
        assert seats["8001"]["hold"] == {"average_ms": 3000, "count": 1}
        assert "8003" not in seats
        assert {"within_target", "connection", "occupancy"} <= {each["key"] for each in found["measures"]}


async def test_who_asked_for_a_callback_has_not_abandoned(hall: ConsoleHall) -> None:
    lost = [f.CallEnded(at=clock.now() + timedelta(seconds=20), call_id=name, outcome=f.CallOutcome.NO_SEAT,
                        hung_up_by=f.Party.SYSTEM, cause=16) for name in ("c1", "c2")]  # fmt: skip
    await hall.tell(*ringing("c1", "8001", "13800000001"), lost[0], *ringing("c2", "8001", "13800000002"), lost[1])
    async with hall.database.transaction() as tx:
        await missed.take_wishes(tx, {"13800000001": "c1"}, clock.now())
        await missed.collect(tx, "hotline", clock.now() - timedelta(hours=1), timedelta(seconds=5), clock.now())
    total = (await ask(hall))["total"]
    assert (total["offered"], total["abandoned"], total["callbacks_asked"]) == (2, 1, 1)
    assert total["abandonment"] == {"part": 1, "whole": 2, "share": 0.5}
    assert total["connection"]["share"] == 0.0


async def test_a_day_without_calls_has_no_rates_and_a_day_that_is_none_is_refused(hall: ConsoleHall) -> None:
    found = await ask(hall, span="day", day="2026-01-01")
    assert found["total"]["connection"] == {"part": 0, "whole": 0, "share": None}
    assert found["total"]["longest_wait_ms"] is None
    assert len(found["curve"]) == 48
    async with hall.browser("boss") as browser:
        assert (await browser.get("/api/figures", params={"day": "soon"})).status_code == 422


async def test_only_who_may_read_figures_sees_them(hall: ConsoleHall) -> None:
    async with hall.browser("wang") as browser:
        assert (await browser.get("/api/figures")).status_code == 403
