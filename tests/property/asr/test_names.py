"""Names take the place of what sounds like them, and of nothing else."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from asr.names import SHORTEST, Names
from asr.sounds import sound
from asr.transcript import Word

KNOWN = ("东花市街道", "龙潭街道", "龙潭北里社区", "花市枣苑社区")
NAMES = Names(KNOWN)
# words of the names, words that sound like them, and others
WORDS = "东花市 东华 市 街道 接到 龙潭 龙 谈 北里 被 李 社区 射 去 花市 枣 早 苑 院 我 住 在 [unk]"
texts = st.lists(st.sampled_from(WORDS.split()), max_size=14)
SAME_SOUND = dict(zip("东花市街道龙潭社区北里", "冬华是接到隆谈射去被李", strict=True))


@st.composite
def spoken(draw: st.DrawFn) -> list[Word]:
    """Words with times, now and then with a pause between them."""
    words, at = [], 0
    for text in draw(texts):
        at += draw(st.sampled_from((0, 40, 900)))
        words.append(Word(text=text, start_ms=at, end_ms=at + 200, confidence=draw(st.sampled_from((0.5, 1.0)))))
        at += 200
    return words


def sounds(words: list[Word]) -> list[str]:
    return [sound(character) for word in words if word.text != "[unk]" for character in word.text]


@given(spoken())
def test_what_is_said_keeps_its_sound_its_times_and_its_order(words: list[Word]) -> None:
    written = NAMES.in_words(words)
    assert sounds(written) == sounds(words)
    assert [word for word in words if word.text == "[unk]"] == [word for word in written if word.text == "[unk]"]
    assert {word.start_ms for word in written} <= {word.start_ms for word in words}
    assert {word.end_ms for word in written} <= {word.end_ms for word in words}
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(written))


@given(spoken())
def test_only_names_are_new(words: list[Word]) -> None:
    written = NAMES.in_words(words)
    assert all(word.text in KNOWN for word in written if word not in words)
    assert NAMES.in_words(written) == written
    assert Names().in_words(words) == words


@given(texts)
def test_words_without_times_are_written_alike(words: list[str]) -> None:
    timed = [Word(text=text, start_ms=100 * n, end_ms=100 * n + 100, confidence=1) for n, text in enumerate(words)]
    assert NAMES.in_texts(words) == [word.text for word in NAMES.in_words(timed)]


@given(st.text("".join(SAME_SOUND), min_size=SHORTEST, max_size=9), st.data())
def test_a_name_that_was_heard_in_other_words_is_itself_again(name: str, data: st.DataObject) -> None:
    heard = "".join(SAME_SOUND[character] for character in name)
    cuts = sorted({0, len(heard), *data.draw(st.lists(st.integers(0, len(heard)), max_size=4))})
    pieces = [heard[first:end] for first, end in pairwise(cuts)]
    assert Names([name]).in_texts(["我", *pieces, "吗"]) == ["我", name, "吗"]
