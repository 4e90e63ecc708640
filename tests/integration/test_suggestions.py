"""Suggestions from what a caller says, through the API, on the delivered grid and classes."""

from __future__ import annotations

from typing import Any

import pytest

from .hall import ConsoleHall

pytestmark = pytest.mark.integration


def said(*texts: str) -> dict[str, Any]:
    lines = [{"text": text, "from_ms": 3000 * n, "to_ms": 3000 * n + 2500} for n, text in enumerate(texts)]
    return {"said": lines}


async def suggested(hall: ConsoleHall, *texts: str) -> dict[str, Any]:
    async with hall.browser("wang") as client:
        answer = await client.post("/api/cases/suggestions", json=said(*texts))
        answer.raise_for_status()
        return answer.json()  # type: ignore[no-any-return]


async def test_a_call_fills_the_form_with_suggestions_and_says_why(hall: ConsoleHall) -> None:
    found = await suggested(
        hall,
        "您好我要反映电梯的问题小区电梯坏了三天了物业公司没有人管",
        "东花市街道忠实里西区三号楼有老人和孩子",
        "我的电话是幺三八零零幺二三四五六",
    )
    best = found["place"]["candidates"][0]
    assert (best["address"], best["location"]["community"]["name"]) == ("忠实里西区3号楼", "忠实里社区")
    assert best["location"]["unit_grid"]
    assert found["place"]["why"] == {"words": "东花市街道忠实里西区三号楼", "from_ms": 3000, "to_ms": 5500}
    assert (found["classes"][0]["name"], found["classes"][0]["why"]["words"]) == ("电梯故障", "电梯坏了")
    assert [each["number"] for each in found["numbers"]] == ["13800123456"]
    assert (found["urgency"]["urgency"], found["urgency"]["why"]["words"]) == ("urgent", "老人")


async def test_small_talk_suggests_nothing(hall: ConsoleHall) -> None:
    assert await suggested(hall, "您好", "好的谢谢您") == {"place": None, "classes": [], "numbers": [], "urgency": None}


async def test_a_place_that_is_only_guessed_must_fit(hall: ConsoleHall) -> None:
    assert (await suggested(hall, "我家在一个没有名字的地方"))["place"] is None


async def test_only_who_files_cases_is_helped(hall: ConsoleHall) -> None:
    async with hall.browser("qa") as client:
        assert (await client.post("/api/cases/suggestions", json=said("电梯坏了"))).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"said": [{"text": "x", "from_ms": -1, "to_ms": 0}]},
        {"said": [{"text": "好" * 2001, "from_ms": 0, "to_ms": 1}]},
        {"said": [{"text": "好", "from_ms": 0, "to_ms": 1}] * 401},
        {"said": "电梯坏了"},
    ],
)
async def test_what_is_too_much_is_refused(hall: ConsoleHall, body: dict[str, Any]) -> None:
    async with hall.browser("wang") as client:
        assert (await client.post("/api/cases/suggestions", json=body)).status_code == 422


async def test_hostile_words_are_words(hall: ConsoleHall) -> None:
    found = await suggested(hall, "忠实里西区三号楼\x00'; DROP TABLE places; --", "%" * 500)
    assert found["place"]["candidates"][0]["address"] == "忠实里西区3号楼"
