"""Roads and residential areas found by what an agent types."""

from __future__ import annotations

import pytest
import yaml

from backend.grid.names import Names, PlaceName, Why
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.pinyin import spell


def delivered() -> list[PlaceName]:
    file = yaml.safe_load((PROJECT_ROOT / "configs" / "grid" / "places.yaml").read_text(encoding="utf-8"))
    listed = [each for street in file["sample"]["streets"].values() for names in street.values() for each in names]
    named = [(each, "") if isinstance(each, str) else (each["name"], each["pinyin"]) for each in listed]
    return [PlaceName(name, name, *spell(name, syllables)) for name, syllables in named]


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(delivered())


@pytest.mark.parametrize(
    ("typed", "name", "why"),
    [
        ("忠实里西区", "忠实里西区", Why.NAME),
        ("前门东大", "前门东大街", Why.BEGINS),
        ("照寺西里", "夕照寺西里", Why.HOLDS),
        ("王府井大街路口便道", "王府井大街", Why.NAMED),
        ("qmddj", "前门东大街", Why.INITIALS),
        ("qianmendongdajie", "前门东大街", Why.PINYIN),
        ("zhongshilixi", "忠实里西区", Why.PINYIN),
        ("中实里西区", "忠实里西区", Why.SOUND),
        ("金鱼中区", "金鱼池中区", Why.SIMILAR),
        ("前门东达街", "前门东大街", Why.SOUND),
        ("前门dongdajie", "前门东大街", Why.SOUND),
        ("chaoyangmennei", "朝阳门内大街", Why.PINYIN),
        ("qianmendnogdajie", "前门东大街", Why.PINYIN),
        ("hpl7q", "和平里七区", Why.INITIALS),
        ("hepingli14qu", "和平里十四区", Why.PINYIN),
        ("外交部街", "外交部街", Why.NAME),
    ],
)
def test_what_is_meant_comes_first_and_says_why(names: Names, typed: str, name: str, why: Why) -> None:
    best = names.search(typed)[0]
    assert (best.name.name, best.why) == (name, why)


def test_every_name_is_found_by_itself_by_its_pinyin_and_by_its_initials(names: Names) -> None:
    alike: dict[str, int] = {}
    for each in delivered():
        alike[each.initials] = alike.get(each.initials, 0) + 1
    for each in delivered():
        assert names.search(each.name)[0].name.name == each.name
        assert each.pinyin in {fit.name.pinyin for fit in names.search(each.pinyin)[:1]}
        if alike[each.initials] <= 5:
            assert each.name in {fit.name.name for fit in names.search(each.initials)}


def test_what_has_nothing_in_common_is_not_offered(names: Names) -> None:
    assert names.search("") == []
    assert names.search("zzzzzz") == []
    assert names.search("上海外滩") == []


def test_scores_fall_and_stay_between_0_and_100(names: Names) -> None:
    for typed in ("前门", "hpl", "东四", "大街", "里", "a"):
        scores = [fit.score for fit in names.search(typed)]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 100 for score in scores)
