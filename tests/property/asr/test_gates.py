"""The gate of recordings and that of live calls let the same sound pass, however it comes in pieces."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from asr.audio import Samples
from asr.live.gate import LiveGate
from asr.vad import FRAME_MS, GateSettings, spoken

RATE = 8000
SIZE = RATE * FRAME_MS // 1000
SPEECH, NOISE, NOTHING = 1000, 100, 0
"""What somebody says, what is heard but is nobody, and what a line without anybody gives."""
SOUND = st.lists(st.tuples(st.sampled_from([SPEECH, NOISE, NOTHING]), st.integers(1, 30)), max_size=12)
SETTINGS = st.builds(GateSettings, lead=st.integers(0, 6), hangover=st.integers(1, 12))


def is_speech(frame: bytes, rate: int) -> bool:
    return int(np.frombuffer(frame, np.int16)[0]) == SPEECH


def cut(samples: Samples, places: list[int]) -> list[Samples]:
    """The sound in pieces that end at these places."""
    ends = sorted({place % (len(samples) + 1) for place in places})
    return np.split(samples, ends)


def stretches(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Which samples passed: pieces that follow on each other made one."""
    passed = sorted({sample for start, end in pieces for sample in range(start, end, SIZE)})
    runs = groupby(enumerate(passed), key=lambda each: each[1] - each[0] * SIZE)
    return [(run[0][1], run[-1][1] + SIZE) for run in ([*group] for _, group in runs)]


@given(SOUND, SETTINGS, st.lists(st.integers(0, 100_000), max_size=8))
def test_both_gates_let_the_same_sound_pass(
    sound: list[tuple[int, int]], settings: GateSettings, places: list[int]
) -> None:
    frames = [level for level, count in sound for _ in range(count)]
    samples = np.repeat(np.array(frames, np.int16), SIZE)
    recorded = [(each.start, each.start + len(each.samples)) for each in spoken([samples], RATE, settings, is_speech)]
    gate, live = LiveGate(RATE, settings, is_speech), []
    for piece in cut(samples, places):
        live += [(each.start, each.start + len(each.samples)) for each in gate.push(piece)]
    assert stretches(live) == stretches(recorded)
    assert sum(end - start for start, end in live) == sum(end - start for start, end in recorded), "and none twice"
