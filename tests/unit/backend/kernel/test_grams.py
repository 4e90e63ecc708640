"""Grams of Chinese texts, of numbers, and of what lies between."""

from __future__ import annotations

import pytest

from backend.kernel.grams import MOST_WORDS, Gram, as_query, as_vector, document, grams_for, grams_of, normal, words_of


@pytest.mark.parametrize(
    ("text", "grams"),
    [
        ("电梯坏了", {"电梯", "梯坏", "坏了", "了"}),
        ("3号楼", {"3号", "号楼", "楼"}),
        ("13号", {"13", "3号", "号"}),
        ("20261122", {"2026", "0261", "2611", "6112", "1122", "122", "22", "2"}),
        ("a b", {"a", "b"}),
        ("", set()),
    ],
)
def test_each_character_begins_one_gram(text: str, grams: set[str]) -> None:
    assert grams_of(text) == grams


@pytest.mark.parametrize(
    ("word", "needed"),
    [
        ("电梯", [Gram("电梯")]),
        ("电梯坏", [Gram("电梯"), Gram("梯坏")]),
        ("电", [Gram("电", prefix=True)]),
        ("12", [Gram("12", prefix=True)]),
        ("1234", [Gram("1234")]),
        ("000123", [Gram("0001"), Gram("0012"), Gram("0123")]),
        ("号12", [Gram("号1"), Gram("12", prefix=True)]),
        ("13号", [Gram("13"), Gram("3号")]),
    ],
)
def test_a_word_needs_what_any_text_around_it_must_hold(word: str, needed: list[Gram]) -> None:
    assert list(grams_for(word)) == needed


def test_forms_of_a_character_are_one() -> None:
    assert normal("ＡＢＣ　１２３\n号\t楼\x00") == "abc 123 号 楼"


def test_no_word_is_found_across_two_fields() -> None:
    assert "梯东" not in document(["电梯", "", "东四"])
    assert not grams_of(document(["电梯", "东四"])) & {"梯东"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("  电梯  东四 ", ("电梯", "东四")),
        ('"3 号楼" 电梯', ("3 号楼", "电梯")),
        ("“前门 东大街” 电梯 电梯", ("前门 东大街", "电梯")),
        ('"', ()),
        ("　", ()),
        (" ".join(map(str, range(20))), tuple(map(str, range(MOST_WORDS)))),
    ],
)
def test_what_is_typed_are_words_that_must_all_be_there(typed: str, words: tuple[str, ...]) -> None:
    assert words_of(typed) == words


def test_quotes_and_backslashes_stay_what_they_are() -> None:
    assert as_vector(["it's", "a\\"]) == "'it''s' 'a\\\\'"
    assert as_vector([]) == ""
    assert as_query([Gram("'"), Gram("\\", prefix=True)]) == "'''' & '\\\\':*"
