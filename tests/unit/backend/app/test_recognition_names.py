"""Which names recognition is given: those of the delivered files, of one's own file, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from asr.names import Names
from backend.app.config import Installation
from backend.app.recognition_names import MOST_BYTES, recognition_names
from backend.kernel.config import ConfigurationInvalid, Environment


def installation(folder: Path, names: str | None) -> Installation:
    overlay = folder / "overlay.yaml"
    overlay.write_text(yaml.safe_dump({"recognition": {"names": names}}))
    return Installation(Environment(state=folder / "state", overlay=overlay))


def test_the_delivered_file_gives_streets_communities_units_and_roads(tmp_path: Path) -> None:
    names = recognition_names(Installation(Environment(state=tmp_path, overlay=None)))
    assert {"东花市街道", "忠实里社区", "东城区网格化服务管理中心", "南锣鼓巷"} <= set(names)
    assert len(names) == len(set(names))
    heard = Names(names).in_texts(["我", "在", "东华", "是", "街道", "住"])
    assert heard == ["我", "在", "东花市街道", "住"]


def test_ones_own_file_may_list_names_alone_and_none_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("names: [长安街北里, 长安街北里]", encoding="utf-8")
    assert recognition_names(installation(tmp_path, str(tmp_path / "names.yaml"))) == ("长安街北里",)
    assert recognition_names(installation(tmp_path, None)) == ()


@pytest.mark.parametrize("content", ["roads: [南锣鼓巷]", "grid: nowhere.yaml", None])
def test_a_file_that_cannot_be_is_named_at_the_start(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "names.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match="yaml"):
        recognition_names(installation(tmp_path, str(tmp_path / "names.yaml")))


def test_more_names_than_a_process_can_be_given_are_refused(tmp_path: Path) -> None:
    names = [f"路{number:09}" for number in range(MOST_BYTES // 12 + 1)]
    (tmp_path / "names.yaml").write_text(yaml.safe_dump({"names": names}), encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match="the most"):
        recognition_names(installation(tmp_path, str(tmp_path / "names.yaml")))
