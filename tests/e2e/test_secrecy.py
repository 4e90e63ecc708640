"""A citizen asks to stay unknown after a letter was attached: no unit sees it until a dispatcher has looked at it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from playwright.async_api import expect

from tests.integration import papers

if TYPE_CHECKING:
    from .conftest import Enter
    from .desk import Desk
    from .town import Town

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
STREET = "110101013"


async def act(desk: Desk, path: str, **body: Any) -> None:
    """What somebody does without the screen."""
    answer = await desk.page.request.post(f"/api/{path}", data=body)
    assert answer.ok, await answer.text()


async def test_a_letter_from_before_is_released_by_who_looked_at_it(town: Town, enter: Enter, tmp_path: Path) -> None:
    letter = tmp_path / "来信.png"
    letter.write_bytes(papers.png(900, 600))
    case_id = await town.file_case()
    agent, dispatcher, unit = (
        await enter("agent", seated=False), await enter("dispatcher"), await enter("unit", unit=STREET),
    )  # fmt: skip
    await agent.page.goto(f"/cases/{case_id}")
    await agent.at("photo-input").set_input_files(letter)
    await expect(agent.at("attachment")).to_have_count(1)
    await dispatcher.page.goto(f"/cases/{case_id}")
    await expect(dispatcher.at("attachment")).to_have_count(1)
    version = (await (await dispatcher.page.request.get(f"/api/cases/{case_id}/loop")).json())["version"]
    await act(dispatcher, f"cases/{case_id}/dispatch", version=version, units=[{"code": STREET, "role": "lead"}])
    await unit.page.goto(f"/tasks/{case_id}/1")
    await expect(unit.at("attachment")).to_have_count(1)

    wish = {"what": "请为我保密", "identity_secret": True}
    await act(agent, f"cases/{case_id}/additions", request_id=str(uuid4()), urging=True, content=wish)
    await expect(unit.at("attachment")).to_have_count(0)
    await expect(agent.at("withheld")).to_be_visible()
    await expect(agent.at("release")).to_have_count(0)
    await expect(dispatcher.at("withheld-note")).to_contain_text("之前上传的 1 个附件已对承办单位隐藏")
    await dispatcher.at("release").click()
    await expect(dispatcher.at("release-look")).to_be_visible()
    await dispatcher.at("release-yes").click()
    await expect(dispatcher.at("withheld-note")).to_have_count(0)
    await expect(unit.at("attachment")).to_have_count(1)
