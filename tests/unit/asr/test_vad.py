"""The gate: what passes, where it starts, and what it does with noise of the line."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from asr.vad import FRAME_MS, GateSettings, Segment, Speech, segments, spoken

SETTINGS = GateSettings(lead=2, hangover=3)
FRAME = 8000 * FRAME_MS // 1000


def marks(text: str) -> list[bool]:
    return [character == "#" for character in text]


def loud(frame: bytes, _rate: int) -> bool:
    return bool(np.abs(np.frombuffer(frame, np.int16)).max() > 100)


def pieces_of(text: str, block: int = 1000) -> list[Speech]:
    samples = np.concatenate([np.full(FRAME, 1000 if mark else 1, np.int16) for mark in marks(text)])
    return list(spoken(np.split(samples, range(block, len(samples), block)), 8000, SETTINGS, loud))


def test_speech_passes_with_its_lead_and_hangover() -> None:
    assert list(segments(marks(".....##........"), SETTINGS)) == [Segment(3, 10)]


def test_short_pause_stays_within_one_segment() -> None:
    assert list(segments(marks(".....#..#......"), SETTINGS)) == [Segment(3, 12)]


def test_lead_never_takes_what_passed_before() -> None:
    assert list(segments(marks("#...#"), SETTINGS)) == [Segment(0, 4), Segment(4, 5)]


def test_silence_gives_nothing_and_unfinished_speech_is_kept() -> None:
    assert list(segments(marks("......"), SETTINGS)) == []
    assert list(segments(marks("....##"), SETTINGS)) == [Segment(2, 6)]


def test_pieces_say_where_they_stand_and_which_is_the_last() -> None:
    first, second = pieces_of(".....##...........#..")
    assert (first.start, len(first.samples), first.last) == (3 * FRAME, 7 * FRAME, True)
    assert (second.start, len(second.samples), second.last) == (16 * FRAME, 5 * FRAME, True)


def test_long_speech_comes_in_pieces_that_join() -> None:
    pieces = pieces_of("." * 4 + "#" * 100 + "." * 5)
    assert len(pieces) > 2
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    for before, after in pairwise(pieces):
        assert before.start + len(before.samples) == after.start


def test_each_segment_tells_where_its_voice_is_and_how_loud() -> None:
    stretches = [piece.stretch for piece in pieces_of(".....##.#.........#..") if piece.stretch is not None]
    assert [(each.start_ms, each.end_ms) for each in stretches] == [(150, 270), (540, 570)]
    assert [each.loudness_db for each in stretches] == [-30.3, -30.3]  # of the voice alone: 20 log10(1000 / 32768)


def test_incomplete_last_frame_belongs_to_open_speech() -> None:
    samples = np.full(FRAME * 2 + 17, 1000, np.int16)
    (piece,) = spoken([samples], 8000, SETTINGS, loud)
    assert len(piece.samples) == len(samples)


def test_hours_of_silence_are_passed_over_without_asking_the_detector() -> None:
    asked = 0

    def count(_frame: bytes, _rate: int) -> bool:
        nonlocal asked
        asked += 1
        return True

    silence = np.zeros(8000 * 60, np.int16)
    voice = np.full(FRAME, 1000, np.int16)
    (piece, *_) = spoken([silence] * 60 + [voice], 8000, SETTINGS, count)
    assert asked == 1
    assert piece.start == 60 * len(silence) - SETTINGS.lead * FRAME


def test_webrtc_detector_shuts_out_silence_and_faint_noise_of_the_line() -> None:
    noise = np.random.default_rng(7).normal(0, 8, 8000 * 20).astype(np.int16)
    for quiet in (np.zeros(8000 * 20, np.int16), noise):
        passed = sum(len(piece.samples) for piece in spoken([quiet], 8000, GateSettings()))
        assert passed < len(quiet) * 0.05
