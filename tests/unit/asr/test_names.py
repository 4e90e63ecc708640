"""What is taken for a name and what is not."""

from __future__ import annotations

from asr.names import Names


def test_a_name_takes_the_place_of_what_sounds_like_it() -> None:
    names = Names(["东花市街道", "龙潭街道"])
    assert names.in_texts(["我", "在", "东华", "市", "接到", "住"]) == ["我", "在", "东花市街道", "住"]
    assert names.in_texts(["东花市", "街道"]) == ["东花市", "街道"]
    assert names.in_texts(["东华", "市", "街"]) == ["东华", "市", "街"]


def test_a_name_begins_and_ends_with_words() -> None:
    names = Names(["龙潭街道"])
    assert names.in_texts(["九龙", "谈", "接到"]) == ["九龙", "谈", "接到"]
    assert names.in_texts(["龙", "谈", "接到了"]) == ["龙", "谈", "接到了"]
    assert names.in_texts(["龙", "[unk]", "谈", "接到"]) == ["龙", "[unk]", "谈", "接到"]


def test_the_longest_name_counts_and_a_whole_one_is_left_alone() -> None:
    names = Names(["龙潭北里", "龙潭北里社区", "北里社区"])
    assert names.in_texts(["龙", "谈", "北里", "射", "区"]) == ["龙潭北里社区"]
    assert names.in_texts(["龙潭", "北里", "社区"]) == ["龙潭", "北里", "社区"]


def test_short_names_and_those_that_sound_alike_are_not_looked_for() -> None:
    names = Names(["光明路", "金台社区", "今台社区"])
    assert not names
    assert names.in_texts(["光", "名", "路", "金", "台", "社区"]) == ["光", "名", "路", "金", "台", "社区"]


def test_the_version_tells_which_names_are_looked_for() -> None:
    names = Names(["龙潭街道", "东花市街道"])
    assert names.version == Names(["东花市街道", "龙潭街道", "路"]).version
    assert names.version != Names(["龙潭街道"]).version
