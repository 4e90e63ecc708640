"""Rules that people write: typed, proven, tried on past calls, switched on and off, in no other order."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import delete, select, text

from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.kernel.datafile import DataInvalid
from backend.kernel.jobs import JobFailed
from backend.kernel.loading import load
from backend.kernel.versions import DataVersion
from backend.quality import repository
from backend.quality.checking import CallChecker
from backend.quality.drafts import DESK
from backend.quality.file import RULES
from backend.quality.models import RuleRow
from backend.quality.trials import TRY_RULE, RuleTrier

from .hall import ConsoleHall
from .test_quality import a_call

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_day")]

LAMP = """id: lamp-words
version: {version}
kind: forbidden_words
title: {{zh: 路灯用语, en: Lamp words}}
severity: minor
points: {points}
phrases: [不归我管]
examples:
  - name: found
    talk: [{{who: seat, at_s: 1.0, say: 这个 不归我管}}]
    finds: [{{text: 不归我管}}]
  - name: not found
    talk: [{{who: caller, at_s: 1.0, say: 这个 不归我管}}]
    finds: []
"""
KIND = [{"who": "seat", "at_s": 1.0, "say": "您好 请问 有什么 可以 帮您"}]


def today(days: int = 0) -> str:
    return f"{clock.beijing(clock.now()).date() + timedelta(days=days)}"


def lamp(version: int = 1, points: int = 1) -> str:
    return LAMP.format(version=version, points=points)


@pytest.fixture
async def desk(hall: ConsoleHall) -> Any:
    """The hall; what these tests switch on is gone afterwards."""
    yield hall
    async with hall.database.transaction() as tx:
        await tx.session.execute(delete(RuleRow).where(RuleRow.dataset == DESK))
        await tx.session.execute(delete(DataVersion).where(DataVersion.dataset == DESK))


async def put(browser: httpx.AsyncClient, typed: str, draft_id: Any = None, revision: int = 0) -> httpx.Response:
    body = {"draft_id": str(draft_id or uuid4()), "revision": revision, "text": typed}
    return await browser.put("/api/quality/drafts", json=body)


async def tried(desk: ConsoleHall, browser: httpx.AsyncClient, draft: dict[str, Any], **days: str) -> dict[str, Any]:
    trial_id = str(uuid4())
    asked = {"trial_id": trial_id, "revision": draft["revision"], "from_day": today(-1), "to_day": today()} | days
    for _ in range(2):  # a double click is one trial
        answer = await browser.post(f"/api/quality/drafts/{draft['draft_id']}/trials", json=asked)
        assert answer.status_code == 200, answer.text
    await RuleTrier(desk.database).run({"trial_id": trial_id})
    return (await browser.get(f"/api/quality/trials/{trial_id}")).json()  # type: ignore[no-any-return]


async def detail(browser: httpx.AsyncClient, rule_id: str = "lamp-words") -> dict[str, Any]:
    return (await browser.get(f"/api/quality/rules/{rule_id}")).json()  # type: ignore[no-any-return]


async def test_a_rule_goes_from_draft_over_its_trial_into_force_and_out_again(desk: ConsoleHall) -> None:
    await a_call(desk, "c1")
    await a_call(desk, "c2", talk=KIND)
    async with desk.browser("qa") as qa, desk.browser("qa-leader") as leader:
        draft = (await put(qa, lamp())).json()["rule"]["draft"]
        assert draft["state"] == "draft"
        on = {"revision": draft["revision"], "from_day": today(), "reason": "too many"}
        refused = await leader.post(f"/api/quality/drafts/{draft['draft_id']}/on", json=on)
        assert refused.json()["error"] == "RuleCannotMove"

        trial = await tried(desk, qa, draft)
        assert (trial["state"], trial["total"], trial["result"]["checked"]) == ("done", 2, 2)
        assert trial["result"]["concerned"] == 2
        assert (trial["result"]["hits"], trial["result"]["calls_hit"], trial["result"]["sure"]) == (1, 1, 1)
        assert [(hit["call_id"], hit["text"], hit["from_ms"]) for hit in trial["result"]["sample"]] == [
            ("c1", "不归我管", 4500)
        ]
        async with desk.database.transaction() as tx:
            assert not [hit for hit in await repository.hits_of(tx, "c1") if hit.rule_id == "lamp-words"]

        standing = (await detail(qa))["rule"]["draft"]
        assert standing["state"] == "trial"
        on["revision"] = standing["revision"]
        forbidden = await qa.post(f"/api/quality/drafts/{draft['draft_id']}/on", json=on)
        assert forbidden.json()["error"] == "NotPermitted"
        reasonless = await leader.post(f"/api/quality/drafts/{draft['draft_id']}/on", json=on | {"reason": " "})
        assert reasonless.json()["error"] == "RuleReasonMissing"
        late = await leader.post(f"/api/quality/drafts/{draft['draft_id']}/on", json=on | {"from_day": today(-1)})
        assert late.json()["error"] == "DaysNotSensible"
        held = (await leader.post(f"/api/quality/drafts/{draft['draft_id']}/on", json=on)).json()
        assert (held["rule"]["state"], held["rule"]["from_day"], held["rule"]["draft"]) == ("active", today(), None)

        await CallChecker(desk.database).check({"call_id": "c1"})
        async with desk.database.transaction() as tx:
            hits = [hit for hit in await repository.hits_of(tx, "c1") if hit.rule_id == "lamp-words"]
        assert [(hit.rule_version, hit.points) for hit in hits] == [(1, 1)]
        listed = {rule["rule_id"]: rule for rule in (await qa.get("/api/quality/rules")).json()["rules"]}
        assert (listed["lamp-words"]["hits"], listed["lamp-words"]["calls_hit"]) == (1, 1)

        off = {"rule_version": 1, "from_day": today(), "reason": "found too much"}
        ended = (await leader.post("/api/quality/rules/lamp-words/off", json=off)).json()
        assert ended["rule"]["state"] == "retired"
        again = await leader.post("/api/quality/rules/lamp-words/off", json=off)
        assert again.json()["error"] == "RuleChangedMeanwhile"
        assert [step["kind"] for step in reversed(ended["history"])] == [
            "edited",
            "tried",
            "switched_on",
            "switched_off",
        ]
    async with desk.database.transaction() as tx:
        await CallChecker(desk.database).sweep(tx)
    await CallChecker(desk.database).check({"call_id": "c1"})
    async with desk.database.transaction() as tx:
        assert not [hit for hit in await repository.hits_of(tx, "c1") if hit.rule_id == "lamp-words"]
        actions = (await tx.session.execute(select(AuditEntry.action).order_by(AuditEntry.at))).scalars().all()
        swept = await tx.session.execute(text("SELECT 1 FROM pgqueuer WHERE dedupe_key = 'check_call:c1:sweep'"))
        assert swept.first() is not None
    assert {"rule_tried", "trial_read", "rule_switched_on", "rule_switched_off", "rule_read"} <= set(actions)


async def test_what_is_tried_is_what_is_switched_on(desk: ConsoleHall) -> None:
    await a_call(desk, "c1")
    async with desk.browser("qa-leader") as leader:
        draft = (await put(leader, lamp())).json()["rule"]["draft"]
        await tried(desk, leader, draft)
        standing = (await detail(leader))["rule"]["draft"]
        changed = (await put(leader, lamp(points=9), draft["draft_id"], standing["revision"])).json()
        assert (changed["rule"]["draft"]["state"], changed["trial"]["current"]) == ("draft", False)
        on = {"revision": changed["rule"]["draft"]["revision"], "from_day": today(), "reason": "quick"}
        refused = await leader.post(f"/api/quality/drafts/{draft['draft_id']}/on", json=on)
        assert refused.json()["error"] == "RuleCannotMove"
        # a trial that was asked for but has not run proves nothing
        asked = {"trial_id": str(uuid4()), "revision": on["revision"], "from_day": today(), "to_day": today()}
        await leader.post(f"/api/quality/drafts/{draft['draft_id']}/trials", json=asked)
        on["revision"] = (await detail(leader))["rule"]["draft"]["revision"]
        refused = await leader.post(f"/api/quality/drafts/{draft['draft_id']}/on", json=on)
        assert refused.json()["error"] == "RuleNotProven"


async def test_two_who_write_the_same_rule_do_not_overwrite_each_other(desk: ConsoleHall) -> None:
    async with desk.browser("qa") as one, desk.browser("qa-leader") as other:
        draft_id = uuid4()
        draft = (await put(one, lamp(), draft_id)).json()["rule"]["draft"]
        assert (await put(one, lamp(), draft_id, draft["revision"])).json()["rule"]["draft"]["revision"] == 1
        assert (await put(other, lamp(points=2))).json()["error"] == "RuleVersionTaken"
        assert (await put(other, lamp(points=2), draft_id, 1)).json()["rule"]["draft"]["revision"] == 2
        assert (await put(one, lamp(points=3), draft_id, 1)).json()["error"] == "RuleChangedMeanwhile"
        gone = await one.post(f"/api/quality/drafts/{draft_id}/discard", json={"revision": 1})
        assert gone.json()["error"] == "RuleChangedMeanwhile"
        assert (await one.post(f"/api/quality/drafts/{draft_id}/discard", json={"revision": 2})).status_code == 204
        assert (await put(other, lamp(points=2), draft_id, 3)).json()["error"] == "RuleCannotMove"


@pytest.mark.parametrize(
    ("typed", "line", "kind", "facts"),
    [
        (lamp().replace("phrases: [不归我管]", "phrases: []"), 7, "too_short", {"min_length": "1"}),
        (lamp().replace("kind: forbidden_words", "kind: forbidden"), 1, "union_tag_invalid", {"tag": "forbidden"}),
        (lamp().replace("finds: [{text: 不归我管}]", "finds: [{text: 不知道}]"), 9, "example_fails", {"expected": 1}),
        (lamp().replace("severity: minor", "severity: [minor"), 6, "not_yaml", {}),
        (
            lamp().replace("points: 1", "points: 1\nplace: {after: {rule: nobody, within_s: 3}}"),
            7,
            "anchor_unknown",
            {"rule": "nobody"},
        ),
        (
            lamp().replace("severity: minor", "severity: praise").replace("forbidden_words", "praise"),
            1,
            "praise_deducts",
            {},
        ),
        ("just words", 1, "model_attributes_type", {}),
        (lamp() + "  - id: second\n", 15, "missing", {}),
    ],
)
async def test_what_is_no_rule_is_refused_line_by_line(
    desk: ConsoleHall, typed: str, line: int, kind: str, facts: dict[str, Any]
) -> None:
    async with desk.browser("qa") as qa:
        answer = await put(qa, typed)
        assert answer.status_code == 400, answer.text
        problem = answer.json()
        assert problem["error"] == "RuleTextInvalid"
        mistake = json.loads(problem["facts"]["mistakes"])[0]
        assert (mistake["line"], mistake["kind"]) == (line, kind), mistake
        assert facts.items() <= mistake["facts"].items()
        assert "draft.yaml" not in answer.text
        assert (await qa.get("/api/quality/rules/lamp-words")).json()["error"] == "RuleUnknown"


async def test_an_agent_neither_reads_nor_writes_rules(desk: ConsoleHall) -> None:
    async with desk.browser("wang") as wang, desk.browser("boss") as boss:
        assert (await wang.get("/api/quality/rules")).json()["error"] == "NotPermitted"
        assert (await put(wang, lamp())).json()["error"] == "NotPermitted"
        assert (await boss.get("/api/quality/rules")).status_code == 200
        assert (await put(boss, lamp())).json()["error"] == "NotPermitted"


async def test_a_trial_goes_over_days_that_were(desk: ConsoleHall) -> None:
    async with desk.browser("qa") as qa:
        draft = (await put(qa, lamp())).json()["rule"]["draft"]
        for first, last in ((today(), today(-1)), (today(), today(1)), (today(-200), today())):
            asked = {"trial_id": str(uuid4()), "revision": 1, "from_day": first, "to_day": last}
            answer = await qa.post(f"/api/quality/drafts/{draft['draft_id']}/trials", json=asked)
            assert answer.json()["error"] == "DaysNotSensible"


async def test_a_trial_that_is_killed_begins_anew_and_draws_the_same_hits(desk: ConsoleHall) -> None:
    for number in range(14):
        await a_call(desk, f"c{number}")
    async with desk.browser("qa") as qa:
        draft = (await put(qa, lamp())).json()["rule"]["draft"]
        trial = await tried(desk, qa, draft)
        assert (trial["result"]["hits"], len(trial["result"]["sample"])) == (14, 10)
        async with desk.database.transaction() as tx:
            await tx.session.execute(text("UPDATE quality_trials SET state = 'running'"))
            jobs = (await tx.session.execute(text(f"SELECT 1 FROM pgqueuer WHERE entrypoint = '{TRY_RULE}'"))).all()
        assert len(jobs) == 1
        await RuleTrier(desk.database).run({"trial_id": trial["trial_id"]})
        again = (await qa.get(f"/api/quality/trials/{trial['trial_id']}")).json()
        assert again == trial
        await RuleTrier(desk.database).give_up({"trial_id": trial["trial_id"]}, JobFailed("late"))
        assert (await qa.get(f"/api/quality/trials/{trial['trial_id']}")).json()["state"] == "done"


async def test_a_file_that_breaks_a_rule_changes_nothing(desk: ConsoleHall, tmp_path: Any) -> None:
    async with desk.database.transaction() as tx:
        before = (await tx.session.execute(select(RuleRow.row_id).order_by(RuleRow.row_id))).scalars().all()
    head = "set: extra\nversion: '1'\nvalid_from: 2026-01-01\nrules:\n"
    rule = "".join(f"    {line}\n" for line in lamp().splitlines()).replace("    id:", "  - id:", 1)
    broken = {
        "anchored to nobody": rule.replace("points: 1", "place: {after: {rule: nobody, within_s: 3}}"),
        "proves nothing": rule.replace("finds: []", "finds: [{text: x}]"),
        "twice": rule + rule,
        "another rule of the same name": rule.replace("lamp-words", "forbidden-words"),
    }
    for name, content in broken.items():
        path = tmp_path / "extra.yaml"
        path.write_text(head + content, encoding="utf-8")
        with pytest.raises(DataInvalid) as refused:
            async with desk.database.transaction() as tx:
                await load(tx, RULES, path, clock.now())
        assert all(mistake.line >= 5 for mistake in refused.value.mistakes), name
    async with desk.database.transaction() as tx:
        after = (await tx.session.execute(select(RuleRow.row_id).order_by(RuleRow.row_id))).scalars().all()
    assert after == before
