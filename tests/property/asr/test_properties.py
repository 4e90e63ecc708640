"""What holds for any sound and any words."""

from __future__ import annotations

import string
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from asr.audio import Leg, LegReader, encode
from asr.transcript import INAUDIBLE, PAUSE_MS, EngineInfo, Stretch, Transcript, Word, join, merge
from asr.vad import FRAME_MS, GateSettings, segments, spoken

FRAME = 8000 * FRAME_MS // 1000
flags = st.lists(st.booleans(), max_size=200)
gates = st.builds(GateSettings, lead=st.integers(0, 12), hangover=st.integers(1, 30))


@given(flags, gates)
def test_segments_are_ordered_apart_and_hold_every_speech_frame(frames: list[bool], gate: GateSettings) -> None:
    found = list(segments(frames, gate))
    assert all(0 <= each.first < each.end <= len(frames) for each in found)
    assert all(before.end <= after.first for before, after in pairwise(found))
    covered = {index for each in found for index in range(each.first, each.end)}
    assert {index for index, is_speech in enumerate(frames) if is_speech} <= covered
    for each in found:
        inside = frames[each.first : each.end]
        assert any(inside)
        assert inside.index(True) <= gate.lead
        assert inside[::-1].index(True) <= gate.hangover


@given(flags, gates, st.integers(1, 1000), st.integers(0, FRAME - 1))
def test_stream_passes_exactly_the_segments_however_it_is_cut(
    frames: list[bool], gate: GateSettings, block: int, rest: int
) -> None:
    samples = np.arange(len(frames) * FRAME + rest, dtype=np.int16)
    verdicts = iter(frames)
    blocks = np.split(samples, range(block, len(samples), block))
    pieces = list(spoken(blocks, 8000, gate, lambda _frame, _rate: next(verdicts)))
    passed: list[tuple[int, int]] = []
    start = None
    for piece in pieces:
        np.testing.assert_array_equal(piece.samples, samples[piece.start : piece.start + len(piece.samples)])
        start = piece.start if start is None else start
        if piece.stretch is not None:
            first, end = piece.stretch.start_ms * FRAME // FRAME_MS, piece.stretch.end_ms * FRAME // FRAME_MS
            inside = frames[start // FRAME : (piece.start + len(piece.samples)) // FRAME]
            assert first == start + inside.index(True) * FRAME
            assert end == start + (len(inside) - inside[::-1].index(True)) * FRAME
            passed.append((start, piece.start + len(piece.samples)))
            start = None
    expected = [(each.first * FRAME, each.end * FRAME) for each in segments([*frames, *[False] * bool(rest)], gate)]
    assert [first for first, _ in passed] == [first for first, _ in expected]
    assert [end for _, end in passed] == [min(end, len(samples)) for _, end in expected]


@settings(deadline=None, max_examples=25)
@given(
    arrays.arrays(np.int16, st.tuples(st.integers(1, 5000), st.just(2)), elements=st.integers(-32768, 32767)),
    st.binary(max_size=3),
)
def test_recording_comes_back_as_it_was_recorded(samples: np.ndarray, left_over: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "call.raw")
        raw.write_bytes(samples.tobytes() + left_over)
        stored = encode(raw, Path(folder, "call.flac"))
        assert (stored.flaw is not None) == bool(left_over)
        for column, leg in enumerate(Leg):
            reader = LegReader(stored.path, leg, 8000)
            np.testing.assert_array_equal(np.concatenate(list(reader)), samples[:, column])
            assert reader.flaw is None
            assert reader.duration_ms == stored.duration_ms


texts = st.sampled_from(["您好", "九", "[unk]", "漏水", "wifi", "ok", "<unk>"])


@st.composite
def words_in_order(draw: st.DrawFn) -> list[Word]:
    words = []
    at = draw(st.integers(0, 3000))
    for _ in range(draw(st.integers(0, 25))):
        length = draw(st.integers(1, 900))
        words.append(Word(text=draw(texts), start_ms=at, end_ms=at + length, confidence=draw(st.floats(0, 1))))
        at += length + draw(st.sampled_from([0, 10, 400, PAUSE_MS, PAUSE_MS + 1, 5000]))
    return words


@given(words_in_order(), words_in_order())
def test_merging_loses_adds_and_reorders_nothing(caller: list[Word], seat: list[Word]) -> None:
    turns = merge({Leg.CALLER: caller, Leg.SEAT: seat})
    for leg, words in ((Leg.CALLER, caller), (Leg.SEAT, seat)):
        own = [turn for turn in turns if turn.leg is leg]
        assert [word for turn in own for word in turn.words] == words
        for before, after in pairwise(own):
            assert after.start_ms - before.end_ms > PAUSE_MS
    assert [turn.start_ms for turn in turns] == sorted(turn.start_ms for turn in turns)
    for turn in turns:
        assert (turn.start_ms, turn.end_ms) == (turn.words[0].start_ms, turn.words[-1].end_ms)
        assert all(after.start_ms - before.end_ms <= PAUSE_MS for before, after in pairwise(turn.words))


stretches = st.builds(
    Stretch, start_ms=st.integers(0, 9000), end_ms=st.integers(0, 9000), loudness_db=st.floats(-90, 0)
)
speech = st.dictionaries(st.sampled_from(Leg), st.lists(stretches, max_size=3).map(tuple))


@given(words_in_order(), words_in_order(), speech, st.none() | st.text(max_size=20))
def test_transcript_comes_back_from_json(
    caller: list[Word], seat: list[Word], speech: dict[Leg, tuple[Stretch, ...]], flaw: str | None
) -> None:
    info = EngineInfo(engine="vosk", engine_version="1", model="m", model_version="v", rate=8000)
    turns = merge({Leg.CALLER: caller, Leg.SEAT: seat})
    transcript = Transcript(turns=turns, speech=speech, duration_ms=10, heard_by=info, flaw=flaw)
    assert Transcript.model_validate_json(transcript.model_dump_json()) == transcript


@given(st.lists(st.text("您好漏水" + string.ascii_lowercase, min_size=1, max_size=4), max_size=12))
def test_joined_text_has_every_character_and_spaces_only_between_others(words: list[str]) -> None:
    text = join(words)
    assert text.replace(" ", "") == "".join(words)
    for before, after in pairwise(text):
        if " " in (before, after):
            assert (before + after).strip().isascii()


@given(st.lists(texts, max_size=12))
def test_what_was_not_understood_is_said_once_in_a_row(words: list[str]) -> None:
    text = join(words)
    assert INAUDIBLE * 2 not in text
    assert (INAUDIBLE in text) == bool({"[unk]", "<unk>"} & set(words))
