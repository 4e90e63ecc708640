"""The case list through the API on a real PostgreSQL: words, filters, counts, and filters that are kept."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, text

from backend.cases import list_repository
from backend.cases.filing import file_case
from backend.cases.rules import CallFacts
from backend.cases.schemas import CaseForm, CaseSummary
from backend.citizens.numbers import read_number
from backend.identity.models import AuditEntry, User
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.grams import document, words_of
from backend.taxonomy.schemas import Urgency

from .hall import ConsoleHall

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


async def an_agent(hall: ConsoleHall, username: str = "wang") -> Principal:
    async with hall.database.transaction() as tx:
        user = (await tx.session.execute(select(User).where(User.username == username))).scalar_one()
    return Principal(user.user_id, username, user.display_name, ("agent",), frozenset(), uuid4(), NOW)


async def filed(hall: ConsoleHall, who: Principal, n: int, number: str | None = None, **said: Any) -> CaseSummary:
    """The n-th case, a minute after the one before."""
    right = {
        "request_id": uuid4(),
        "what": f"第{n}件",
        "address": "某处",
        "street_code": "110101013",
        "class_code": "0101",
    }
    call = CallFacts(said.get("call_id", f"c{n}"), "96010", read_number(number)) if number else None
    form = CaseForm.model_validate({**right, "call_id": call.call_id if call else None, **said})
    async with hall.database.transaction() as tx:
        reference = await hall.app.state.console.references.at(tx, clock.now())
        return await file_case(tx, who, form, call, reference, NOW + timedelta(minutes=n))


async def listed(browser: httpx.AsyncClient, **query: Any) -> list[str]:
    """What the cases say on all pages of a list, in pages of 3."""
    found: list[str] = []
    cursor = None
    while True:
        answer = await browser.get("/api/cases", params={"limit": 3, **query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        found += [case["what"] for case in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


async def counted(browser: httpx.AsyncClient, **query: Any) -> dict[str, tuple[int, bool]]:
    answer = await browser.get("/api/cases/counts", params=query)
    assert answer.status_code == 200, answer.text
    return {each["status"]: (each["count"], each["more"]) for each in answer.json()["counts"] if each["count"]}


@pytest.mark.parametrize("walk", [0, 4, 2000], ids=["by grams", "by both", "by walking"])
async def test_words_find_exactly_the_cases_that_hold_them(
    hall: ConsoleHall, walk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_repository, "WALK", walk)
    dice, wang = random.Random(96010), await an_agent(hall)
    texts = [
        "".join(dice.choices("东四北大街12345号aB'%\\ ", k=dice.randint(1, 14))).strip() or "空" for _ in range(24)
    ]
    documents = {}
    for n, what in enumerate(texts):
        case = await filed(hall, wang, n, what=what, class_code="0201")
        documents[what] = document([case.what, case.class_name, case.street_name, case.number])
    words = [w for w in (t[i : i + dice.randint(1, 4)].strip() for t in texts for i in (0, 3)) if words_of(w)][:12]
    async with hall.browser("wang") as browser:
        for word in words:
            expected = [what for what in reversed(texts) if all(each in documents[what] for each in words_of(word))]
            assert await listed(browser, q=word) == expected, word


async def test_words_are_found_in_every_text_of_a_case_and_each_must_be_there(hall: ConsoleHall) -> None:
    wang = await an_agent(hall)
    case = await filed(
        hall, wang, 1, what="电梯坏了", address="忠实里西区３号楼", answered_at_once=True, answer="已告知"
    )
    await filed(hall, wang, 2, what="路灯不亮", class_code="0201", street_code="110101002")
    async with hall.browser("wang") as browser:
        for q in (
            "电梯",
            "忠实里",
            "西区3号",
            "告知",
            "电梯故障",
            "东花市",
            case.number,
            case.number[-6:],
            "电梯 告知",
            "梯",
        ):
            assert await listed(browser, q=q) == ["电梯坏了"], q
        assert await listed(browser, q="电梯 路灯") == []
        assert await listed(browser, q='"坏了 忠实"') == [], "no phrase runs across two fields"
        assert await listed(browser, q="垃圾清运") == ["路灯不亮"]


async def test_names_are_found_only_by_who_may_know_who_called_and_secret_ones_by_nobody(hall: ConsoleHall) -> None:
    wang = await an_agent(hall)
    await filed(hall, wang, 1, what="电梯坏了", citizen_name="欧阳建国")
    await filed(hall, wang, 2, what="举报违建", citizen_name="欧阳建国", identity_secret=True)
    async with hall.browser("wang") as agent, hall.browser("qa") as qa:
        assert await listed(agent, q="欧阳") == ["电梯坏了"]
        assert await listed(agent, q="阳建 电梯") == ["电梯坏了"]
        assert await listed(qa, q="欧阳") == []
        assert await listed(qa, q="name:欧阳") == []
        assert await counted(qa, q="欧阳") == {}
        assert await counted(agent, q="欧阳") == {"filed": (1, False)}


async def test_filters_narrow_the_list_with_words_and_without(
    hall: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang, li = await an_agent(hall), await an_agent(hall, "li")
    await filed(hall, wang, 0, what="甲 电梯", community_code="110101013007")
    await filed(hall, li, 1, what="乙 电梯", class_code="0201", urgency=Urgency.EMERGENCY)
    await filed(hall, wang, 2, what="丙 电梯", street_code="110101002", answered_at_once=True, answer="好")
    await filed(hall, wang, 3 * 24 * 60, what="丁 电梯", class_code="01", number="13812341234")
    expected = {
        "street": ("110101013", "丁乙甲"),
        "community": ("110101013007", "甲"),
        "class_code": ("01", "丁丙甲"),
        "urgency": ("emergency", "乙"),
        "status": ("closed", "丙"),
        "channel": ("hotline", "丁丙乙甲"),
        "filed_from": ("2026-11-25", "丁"),
        "filed_to": ("2026-11-22", "丙乙甲"),
        "filed_by": ("li", "乙"),
        "number": ("138-1234-1234", "丁"),
        "mine": ("true", "丁丙甲"),
    }
    async with hall.browser("wang") as browser:
        for walk in (0, 2000):
            monkeypatch.setattr(list_repository, "WALK", walk)
            for name, (value, found) in expected.items():
                for words in ({}, {"q": "电梯"}):
                    whats = await listed(browser, **{name: value}, **words)
                    assert "".join(what[0] for what in whats) == found, (name, words, walk)
        assert await listed(browser, filed_by="李强") == ["乙 电梯"]
        assert await listed(browser, filed_by="谁也不是") == []
        assert await listed(browser, q="电梯", class_code="0101", street="110101002") == ["丙 电梯"]


async def test_counts_tell_each_status_and_stop_where_counting_would_take_long(
    hall: ConsoleHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = await an_agent(hall)
    for n in range(5):
        await filed(hall, wang, n, what="电梯", answered_at_once=n > 1, answer="已答复")
    async with hall.browser("wang") as browser:
        for q in ("", "电梯"):
            assert await counted(browser, q=q) == {"filed": (2, False), "closed": (3, False)}
            assert await counted(browser, q=q, status="closed") == {"filed": (2, False), "closed": (3, False)}
            assert await counted(browser, q=q, urgency="urgent") == {}
        monkeypatch.setattr(list_repository, "MOST_COUNTED", 2)
        assert await counted(browser) == {"filed": (2, False), "closed": (2, True)}
        assert await counted(browser, q="电梯", number="13800001234") == {}


async def test_looking_for_a_number_needs_all_of_it_and_is_audited(hall: ConsoleHall) -> None:
    wang = await an_agent(hall)
    await filed(hall, wang, 1, number="13812341234")
    async with hall.browser("wang") as browser:
        assert await listed(browser, number="13812341234") == ["第1件"]
        part = await browser.get("/api/cases", params={"number": "1234"})
        assert (part.status_code, part.json()["error"], part.json()["field"]) == (400, "NumberNotWhole", "number")
    async with hall.database.transaction() as tx:
        query = select(AuditEntry).where(AuditEntry.action == "cases_of_number_listed")
        looks = (await tx.session.execute(query)).scalars().all()
    assert [(look.username, look.object_id) for look in looks] == [("wang", "138****1234")]


async def test_overdue_are_cases_one_of_whose_clocks_ran_out(hall: ConsoleHall) -> None:
    wang, now = await an_agent(hall), clock.now()
    for n, (urgency, ago) in enumerate([("emergency", 2), ("normal", 2), ("emergency", 0)]):
        minutes = int((now - timedelta(hours=ago) - NOW).total_seconds()) // 60
        await filed(hall, wang, minutes, what=f"第{n}件 电梯", urgency=urgency)
    async with hall.browser("wang") as browser:
        assert await listed(browser, overdue=True) == ["第0件 电梯"]
        assert await listed(browser, overdue=True, q="电梯") == ["第0件 电梯"]
        assert await counted(browser, overdue=True) == {"filed": (1, False)}


async def test_a_period_that_ends_before_it_begins_is_refused(hall: ConsoleHall) -> None:
    async with hall.browser("wang") as browser:
        answer = await browser.get("/api/cases", params={"filed_from": "2026-11-22", "filed_to": "2026-11-21"})
        assert (answer.status_code, answer.json()["error"]) == (400, "DaysReversed")


async def test_filters_are_kept_by_person_and_name_with_one_default(hall: ConsoleHall) -> None:
    async with hall.browser("wang") as wang, hall.browser("li") as li:
        for name, default in (("电梯", False), ("我的", True), ("电梯", True)):
            kept = {"name": name, "content": {"q": name, "street": "110101013"}, "is_default": default}
            assert (await wang.post("/api/cases/filters", json=kept)).status_code == 200
        mine = (await wang.get("/api/cases/filters")).json()
        assert {(each["name"], each["is_default"]) for each in mine} == {("我的", False), ("电梯", True)}
        assert mine[0]["content"]["street"] == "110101013"
        assert (await li.get("/api/cases/filters")).json() == []
        path = f"/api/cases/filters/{mine[0]['filter_id']}"
        assert (await li.delete(path)).json()["error"] == "FilterNotYours"
        assert (await wang.delete(path)).status_code == 204
        assert len((await wang.get("/api/cases/filters")).json()) == 1
        number = {"name": "x", "content": {"number": "13812341234"}}
        assert (await wang.post("/api/cases/filters", json=number)).status_code == 422, "a number is never kept"


def _migration(name: str) -> Any:
    (file,) = (PROJECT_ROOT / "backend" / "migrations" / "versions").glob(f"*_{name}.py")
    return import_module(f"backend.migrations.versions.{file.stem}")


async def test_what_was_filed_before_there_was_a_search_is_found_after_the_upgrade(hall: ConsoleHall) -> None:
    """The migration makes the rows as filing does; here from a table that was emptied."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from sqlalchemy import create_engine

    wang = await an_agent(hall)
    await filed(hall, wang, 1, what="电梯坏了", citizen_name="欧阳")
    async with hall.database.transaction() as tx:
        before = (await tx.session.execute(text("SELECT * FROM case_search"))).all()
        await tx.session.execute(text("TRUNCATE case_search"))
    engine = create_engine(hall.database.url)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        _migration("search_in_cases")._fill()
    engine.dispose()
    async with hall.database.transaction() as tx:
        assert (await tx.session.execute(text("SELECT * FROM case_search"))).all() == before
