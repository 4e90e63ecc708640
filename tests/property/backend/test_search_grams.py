"""The index never misses: whatever word stands in a text, the text holds every gram that the word needs."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from backend.kernel.grams import document, grams_for, grams_of, normal, words_of

TEXTS = st.lists(st.text("东四北大街12345号楼aB'\\ -\n（", max_size=30) | st.text(max_size=20), max_size=4)


@given(TEXTS, st.data())
def test_a_text_holds_what_each_of_its_parts_needs(parts: list[str], data: st.DataObject) -> None:
    said = document(parts)
    begin = data.draw(st.integers(0, len(said)))
    word = said[begin : data.draw(st.integers(begin, len(said)))]
    assume(word and word == word.strip() and "\n" not in word)
    held = grams_of(said)
    for gram in grams_for(word):
        assert any(each.startswith(gram.text) for each in held) if gram.prefix else gram.text in held


@given(st.text(max_size=40))
def test_words_are_normal_and_need_something(typed: str) -> None:
    for word in words_of(typed):
        assert word == normal(word) or normal(normal(word)) != normal(word)
        assert grams_for(word)
