"""Special lists through the API: an entry's life, who may move it, and what stands against it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from backend.app.datasets import SPECIAL_EXAMPLE, load_special_entries
from backend.cases.models import Case
from backend.kernel import clock
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.datafile import DataInvalid
from backend.rectification.file import EntriesReport
from backend.rectification.models import SpecialEntry

from .hall import ConsoleHall
from .loop_hall import COMMUNITY, OTHER_COMMUNITY, OTHER_STREET, STREET, LoopHall, open_loop, refused

pytestmark = pytest.mark.integration


@pytest.fixture
async def here(hall: ConsoleHall) -> AsyncIterator[LoopHall]:
    async with open_loop(hall) as loop:
        yield loop


def today(days: int = 0) -> str:
    return (clock.beijing(clock.now()).date() + timedelta(days=days)).isoformat()


def found(**changes: Any) -> dict[str, Any]:
    """院内加建."""
    said = {
        "entry_id": str(uuid4()),
        "kind_code": "Z01",
        "what": "院内加建二层",
        "address": "忠实里西区3号院",
        "street_code": STREET,
        "community_code": COMMUNITY,
        "found_on": today(),
    }
    return {**said, **changes}


async def post(here: LoopHall, who: str, path: str, body: dict[str, Any]) -> httpx.Response:
    return await (await here.who(who)).post(f"/api/special/entries{path}", json=body)


class Life:
    """One entry as it goes on; each act names the version that it saw."""

    def __init__(self, here: LoopHall, detail: dict[str, Any]) -> None:
        self.here, self.detail = here, detail

    @classmethod
    async def begin(cls, here: LoopHall, who: str = "dispatcher", **changes: Any) -> Life:
        answer = await post(here, who, "", found(**changes))
        assert answer.status_code == 200, answer.text
        return cls(here, answer.json())

    @property
    def path(self) -> str:
        return f"/{self.detail['entry']['entry_id']}"

    @property
    def state(self) -> str:
        return str(self.detail["entry"]["state"])

    async def attempt(self, who: str, act: str, **body: Any) -> httpx.Response:
        said = {"version": self.detail["entry"]["version"], **body}
        return await post(self.here, who, f"{self.path}/{act}", said)

    async def go(self, who: str, act: str, **body: Any) -> None:
        answer = await self.attempt(who, act, **body)
        assert answer.status_code == 200, answer.text
        self.detail = answer.json()

    async def assigned(self) -> Life:
        await self.go("dispatcher", "assignment", unit_code=STREET, due_on=today(30))
        return self

    async def rectified(self) -> Life:
        await (await self.assigned()).go("street", "rectification", result="已拆除")
        return self


async def test_the_eleven_kinds_are_data_and_each_has_a_class(here: LoopHall) -> None:
    lists = (await here.get("dispatcher", "/api/special/lists")).json()
    assert len(lists["kinds"]) == 11
    classes = {each["code"] for each in (await here.get("dispatcher", "/api/options")).json()["taxonomy"]["classes"]}
    assert {each["class_code"] for each in lists["kinds"]} <= classes


async def test_an_entry_goes_from_found_to_checked_and_may_come_back(here: LoopHall) -> None:
    life = await Life.begin(here, "grid")
    assert (life.state, life.detail["moves"]) == ("found", [])
    await life.go("dispatcher", "assignment", unit_code=STREET, due_on=today(30), note="限期拆除")
    assert life.detail["entry"]["unit_name"] == "东花市街道分中心"
    await life.go("street", "rectification", result="已拆除")
    await life.go("verifier", "rework", reason="还有一面墙")
    await life.go("street", "rectification", result="墙也拆了")
    await life.go("verifier", "check", note="现场已平整")
    assert life.state == "checked"
    await life.go("grid", "return", reason="又搭起来了")
    assert life.state == "found"
    await life.go("dispatcher", "removal", reason="并入另一台账")
    assert life.state == "struck_off"
    assert [step["kind"] for step in life.detail["steps"]] == [
        "found", "assigned", "rectified", "sent_back", "rectified", "checked", "found_again", "struck_off",
    ]  # fmt: skip


OUT_OF_ORDER = [
    ("dispatcher", "rectification", {"result": "好了"}),
    ("verifier", "check", {}),
    ("verifier", "rework", {"reason": "没好"}),
    ("dispatcher", "return", {"reason": "又来"}),
]


async def test_the_steps_have_an_order(here: LoopHall) -> None:
    life = await Life.begin(here)
    for who, act, body in OUT_OF_ORDER:
        refused(await life.attempt(who, act, **body), "SpecialCannotMove")
    await (await life.rectified()).go("verifier", "check")
    again = {"unit_code": STREET, "due_on": today(3)}
    refused(await life.attempt("dispatcher", "assignment", **again), "SpecialCannotMove")
    refused(await life.attempt("dispatcher", "removal", reason="不要了"), "SpecialCannotMove")
    assert len(life.detail["steps"]) == 4


async def test_nobody_does_what_is_another_role_s(here: LoopHall) -> None:
    life = await (await Life.begin(here)).assigned()
    for who, act, body in [
        ("grid", "assignment", {"unit_code": STREET, "due_on": today()}),
        ("street", "assignment", {"unit_code": STREET, "due_on": today()}),
        ("street", "removal", {"reason": "不是我"}),
        ("street", "check", {}),
        ("dispatcher", "check", {}),
        ("grid", "rectification", {"result": "好了"}),
        ("verifier", "rectification", {"result": "好了"}),
    ]:
        refused(await life.attempt(who, act, **body), "NotPermitted")
    # another unit does not even see it
    refused(await life.attempt("other_street", "rectification", result="好了"), "SpecialNotFound")
    refused(await here.get("other_street", f"/api/special/entries{life.path}"), "SpecialNotFound")
    refused(await post(here, "wang", "", found()), "NotPermitted")
    refused(await post(here, "street", "", found()), "NotPermitted")
    again = (await here.get("dispatcher", f"/api/special/entries{life.path}")).json()
    assert again["entry"]["version"] == 2


async def test_who_put_it_right_does_not_check_it(here: LoopHall) -> None:
    life = await (await Life.begin(here)).rectified()
    refused(await life.attempt("turncoat", "check"), "RectifierCannotCheck")
    refused(await life.attempt("turncoat", "rework", reason="没好"), "RectifierCannotCheck")
    await life.go("verifier", "check")


async def test_only_the_unit_that_was_charged_reports_it_put_right(here: LoopHall) -> None:
    life = await Life.begin(here)
    await life.go("dispatcher", "assignment", unit_code="D34", due_on=today(5))
    await here.becomes("street", "unit", "grid_manager", unit=STREET)
    refused(await life.attempt("street", "rectification", result="街道代办"), "NotResponsible")


async def test_two_people_at_once_one_moves_it(here: LoopHall) -> None:
    life = await Life.begin(here)
    await here.who("dispatcher")
    wishes = [{"unit_code": code, "due_on": today(5)} for code in (STREET, OTHER_STREET, "D34")]
    answers = await asyncio.gather(*(life.attempt("dispatcher", "assignment", **each) for each in wishes))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            problem = refused(answer, "EntryOutdated")
            assert problem["kept"]
            assert (problem["facts"]["who"], problem["facts"]["kind"]) == ("dispatcher", "assigned")


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"kind_code": "Z99"}, "UnknownSpecialKind", "kind_code"),
    ({"what": "\u200b "}, "SpecialWithoutContent", "what"),
    ({"found_on": "2099-01-01"}, "FoundInFuture", "found_on"),
    ({"street_code": ""}, "CaseWithoutStreet", "street_code"),
    ({"street_code": "1"}, "UnknownStreet", "street_code"),
    ({"community_code": OTHER_COMMUNITY}, "CommunityNotInStreet", "community_code"),
    ({"found_on": "yesterday"}, "InputInvalid", "found_on"),
    ({"place": {"unit_grid_code": "x", "longitude": 200, "latitude": 0}}, "InputInvalid", "place.longitude"),
]


@pytest.mark.parametrize(("changes", "error", "field"), WRONG)
async def test_what_is_wrong_is_named_by_its_field(
    here: LoopHall, changes: dict[str, Any], error: str, field: str
) -> None:
    problem = refused(await post(here, "dispatcher", "", found(**changes)), error)
    assert problem["field"] == field
    async with here.hall.database.transaction() as tx:
        assert (await tx.session.execute(select(func.count()).select_from(SpecialEntry))).scalar_one() == 0


async def test_an_act_that_makes_no_sense_is_refused(here: LoopHall) -> None:
    life = await Life.begin(here)
    due = refused(await life.attempt("dispatcher", "assignment", unit_code=STREET, due_on=today(-1)), "DueInPast")
    assert due["field"] == "due_on"
    refused(await life.attempt("dispatcher", "assignment", unit_code="C00", due_on=today()), "UnitDoesNotRectify")
    refused(await life.attempt("dispatcher", "assignment", unit_code="Q1", due_on=today()), "UnknownUnit")
    refused(await life.attempt("dispatcher", "removal", reason=" "), "InputInvalid")
    refused(await post(here, "dispatcher", f"/{uuid4()}/removal", {"version": 1, "reason": "x"}), "SpecialNotFound")


async def test_a_grid_manager_enters_and_sees_the_own_community_alone(here: LoopHall) -> None:
    await Life.begin(here, "grid", what="本社区")
    refused(await post(here, "grid", "", found(street_code=OTHER_STREET, community_code="")), "NotYourBeat")
    refused(await post(here, "grid", "", found(community_code="")), "NotYourBeat")
    refused(await post(here, "lost_grid", "", found()), "NoBeat")
    other = await Life.begin(here, street_code=OTHER_STREET, community_code=OTHER_COMMUNITY)
    seen = (await here.get("grid", "/api/special/entries")).json()["items"]
    assert [each["what"] for each in seen] == ["本社区"]
    assert (await here.get("lost_grid", "/api/special/entries")).json()["items"] == []
    refused(await here.get("grid", f"/api/special/entries{other.path}"), "SpecialNotFound")
    counted = (await here.get("grid", "/api/special/lists")).json()["counts"]
    assert counted == [{"kind_code": "Z01", "state": "found", "count": 1, "overdue": 0}]


async def test_an_entry_becomes_a_case_once_with_all_that_it_says(here: LoopHall) -> None:
    life = await (await Life.begin(here)).assigned()
    body = {"request_id": str(uuid4()), "version": life.detail["entry"]["version"]}
    await here.who("dispatcher")
    answers = await asyncio.gather(*(post(here, "dispatcher", f"{life.path}/case", body) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}, answers[0].text
    case = answers[0].json()["entry"]["case"]
    refused(await post(here, "dispatcher", f"{life.path}/case", {**body, "request_id": str(uuid4())}), "EntryIsCase")
    whole = (await here.get("dispatcher", f"/api/cases/{case['case_id']}")).json()
    assert whole["origin"] == {"kind": "special", "entry_id": life.detail["entry"]["entry_id"]}
    assert (whole["case"]["what"], whole["case"]["class_name"]) == ("违法建设：院内加建二层", "既有违法建设")
    refused(await life.attempt("street", "case", request_id=str(uuid4())), "NotPermitted")
    async with here.hall.database.transaction() as tx:
        assert (await tx.session.execute(select(func.count()).select_from(Case))).scalar_one() == 1


async def test_lists_are_searched_filtered_and_paged(here: LoopHall) -> None:
    for n in range(3):
        await Life.begin(here, what=f"线缆垂落{n}号杆", kind_code="Z09")
    await (await Life.begin(here)).assigned()
    client = await here.who("dispatcher")

    async def whats(**asked: Any) -> list[str]:
        return [each["what"] for each in (await client.get("/api/special/entries", params=asked)).json()["items"]]

    assert await whats(q="线缆 1号杆") == ["线缆垂落1号杆"]
    assert await whats(kind="Z01") == await whats(state="assigned") == await whats(unit=STREET) == ["院内加建二层"]
    assert await whats(overdue=True) == []
    first = (await client.get("/api/special/entries", params={"limit": 3})).json()
    second = (await client.get("/api/special/entries", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [each["what"] for each in second["items"]] == ["线缆垂落0号杆"]
    assert second["next_cursor"] is None


# ---- loaded from a file -------------------------------------------------------------------------------------------

EXAMPLE = SPECIAL_EXAMPLE


async def load(here: LoopHall, path: Path) -> EntriesReport:
    async with here.hall.database.transaction() as tx:
        return await load_special_entries(tx, here.hall.installation, path, clock.now())


async def test_a_file_adds_each_entry_once(here: LoopHall) -> None:
    assert (len((await load(here, EXAMPLE)).added), (await load(here, EXAMPLE)).added) == (3, ())
    seen = (await here.get("dispatcher", "/api/special/entries")).json()["items"]
    assert {each["ref"]: each["state"] for each in seen} == {
        "DHS-2026-001": "assigned",
        "DHS-2026-002": "found",
        "HPL-2026-014": "assigned",
    }


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("list: Z09", "list: Z77", "list"),
        ('street: "110101010"', 'street: "999"', "street"),
        ('community: "110101013007"', 'community: "110101014001"', "community"),
        ("unit: D34\n    due: 2027-12-31", "unit: D34", "due"),
        ("unit: D34", "unit: C00", "unit"),
        ("found: 2026-11-22", "found: 2099-01-01", "found"),
        ("ref: DHS-2026-002", "ref: DHS-2026-002\n    point: [100.0, 10.0]", "point"),
        ("what: 早市外摆摊占用盲道", "what: ''", "what"),
    ],
)
async def test_a_file_with_a_mistake_names_it_and_adds_nothing(
    here: LoopHall, tmp_path: Path, before: str, after: str, line: str
) -> None:
    text = EXAMPLE.read_text()
    assert before in text
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace(before, after))
    with pytest.raises(DataInvalid) as refusal:
        await load(here, wrong)
    assert [mistake.field for mistake in refusal.value.mistakes] == [line]
    async with here.hall.database.transaction() as tx:
        assert (await tx.session.execute(select(func.count()).select_from(SpecialEntry))).scalar_one() == 0


async def test_a_file_changes_no_entry_that_stands(here: LoopHall, tmp_path: Path) -> None:
    await load(here, EXAMPLE)
    other = tmp_path / "other.yaml"
    other.write_text(EXAMPLE.read_text().replace("早市外摆摊", "夜市外摆摊"))
    with pytest.raises(DataInvalid, match="reads otherwise"):
        await load(here, other)


def hotline(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return subprocess.run(
        [sys.executable, "-m", "backend.app", *arguments],
        env={**environment, "HOTLINE_DATABASE_URL": url}, cwd=PROJECT_ROOT,
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip


async def test_the_command_says_line_by_line_what_it_added(here: LoopHall, tmp_path: Path) -> None:
    url = here.hall.database.url
    dry = hotline(url, "load", "special-entries", str(EXAMPLE), "--dry-run").stderr
    assert "A dry run" in dry
    assert "3 added, 0 stood already" in dry
    said = hotline(url, "load", "special-entries", str(EXAMPLE)).stderr
    assert "+ 架空线 DHS-2026-002 电线杆间废弃通信线缆垂落" in said
    assert "3 added, 0 stood already" in said
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(EXAMPLE.read_text().replace("list: Z09", "list: Z77"))
    refusal = hotline(url, "load", "special-entries", str(wrong))
    assert refusal.returncode == 1
    assert "list: There is no list Z77 in force." in refusal.stderr
