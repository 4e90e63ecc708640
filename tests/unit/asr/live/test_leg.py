"""From sound to captions, with a recogniser that can be read like a book."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from asr.live.gate import LiveGate
from asr.live.leg import LiveLeg
from asr.live.messages import Caption
from asr.transcript import Word
from asr.vad import FRAME_MS, GateSettings, spoken

RATE = 8000
FRAME = RATE * FRAME_MS // 1000
SETTINGS = GateSettings(lead=2, hangover=3)


def loud(frame: bytes, _: int) -> bool:
    return bool(np.frombuffer(frame, "<i2").any())


class Book:
    """Says "一" for each 300 ms of speech."""

    def __init__(self, *, completes_at: int = 10**9) -> None:
        self._ms = self._since = 0
        self._completes_at = completes_at

    def accept(self, sound: bytes) -> bool:
        self._ms += len(sound) * 1000 // (2 * RATE)
        return self._ms - self._since >= self._completes_at

    def partial(self) -> str:
        return "一" * ((self._ms - self._since) // 300)

    def result(self) -> list[Word]:
        words = [
            Word(text="一", start_ms=self._since + n * 300, end_ms=self._since + n * 300 + 300, confidence=1.0)
            for n in range((self._ms - self._since) // 300)
        ]
        self._since = self._ms
        return words

    final = result


def leg(**more: int) -> LiveLeg:
    return LiveLeg(Book(), LiveGate(RATE, SETTINGS, loud), RATE, **more)


def sound(*parts: tuple[int, bool]) -> bytes:
    return b"".join(np.full(ms * RATE // 1000, 99 if speech else 0, "<i2").tobytes() for ms, speech in parts)


def heard(live: LiveLeg, samples: bytes, piece_ms: int = 200) -> list[Caption]:
    size = piece_ms * RATE // 500
    return [c for at in range(0, len(samples), size) for c in live.hear(samples[at : at + size])]


def test_a_caption_grows_and_ends_with_the_breath_and_knows_when_it_was_said() -> None:
    captions = heard(leg(), sound((600, False), (1200, True), (600, False)))
    assert [(c.text, c.final) for c in captions[-1:]] == [("一" * 4, True)]
    texts = [c.text for c in captions[:-1]]
    assert texts == sorted(texts, key=len)
    assert len(set(texts)) == len(texts), "the same text is not told twice"
    assert {c.line for c in captions} == {0}
    assert captions[-1].from_ms == 540, "two frames before the speech, on the leg's own clock"


def test_each_breath_is_a_line_of_its_own_and_silence_between_counts() -> None:
    captions = heard(leg(start_ms=10_000, first_line=7), sound((900, True), (3000, False), (900, True), (300, False)))
    finals = [c for c in captions if c.final]
    assert [c.line for c in finals] == [7, 8]
    assert finals[0].from_ms == 10_000
    assert 13_800 <= finals[1].from_ms <= 13_950


def test_a_skip_ends_the_line_and_moves_the_clock() -> None:
    live = leg()
    captions = heard(live, sound((600, True)))
    captions += live.skip(5000)
    captions += heard(live, sound((600, True)))
    captions += live.end()
    finals = [c for c in captions if c.final]
    assert [c.line for c in finals] == [0, 1]
    assert 5590 <= finals[1].from_ms <= 5610


def test_what_came_to_nothing_is_taken_back() -> None:
    class Doubtful(Book):
        def result(self) -> list[Word]:
            return []

    live = LiveLeg(Doubtful(), LiveGate(RATE, SETTINGS, loud), RATE)
    captions = heard(live, sound((600, True), (600, False)))
    assert captions[0].text
    assert (captions[-1].text, captions[-1].final, captions[-1].line) == ("", True, captions[0].line)


def test_silence_says_nothing() -> None:
    live = leg()
    assert heard(live, sound((5000, False))) == []
    assert list(live.end()) == []


@given(
    st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=20),
    st.lists(st.integers(1, 2000), min_size=1, max_size=30),
)
def test_the_live_gate_lets_the_same_sound_pass_as_that_of_recordings(
    parts: list[tuple[int, bool]], cuts: list[int]
) -> None:
    rng = np.random.default_rng(1)
    frames = [
        rng.integers(100, 900, FRAME, np.int16) if speech else np.zeros(FRAME, np.int16)
        for count, speech in parts
        for _ in range(count)
    ]
    samples = np.concatenate(frames) if frames else np.zeros(0, np.int16)
    whole = [(piece.start, piece.samples) for piece in spoken([samples], RATE, SETTINGS, loud)]
    gate, pieces, at = LiveGate(RATE, SETTINGS, loud), [], 0
    for cut in [*cuts, len(samples)]:
        pieces += [(piece.start, piece.samples) for piece in gate.push(samples[at : at + cut])]
        at += cut
    assert passed(pieces) == passed(whole)


def passed(pieces: list[tuple[int, np.ndarray]]) -> list[tuple[int, int]]:
    """Each sample that passes, with its place."""
    return [(start + n, int(value)) for start, samples in pieces for n, value in enumerate(samples)]
