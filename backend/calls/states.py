"""How a recording and a transcript come about. `Call.recording_state` and `Call.transcript_state` hold the state."""

from __future__ import annotations

from collections.abc import Mapping

from backend.calls.schemas import RecordingState as R
from backend.calls.schemas import TranscriptState as T

RECORDING_TRANSITIONS: Mapping[R, frozenset[R]] = {
    R.NONE: frozenset({R.PENDING}),
    R.PENDING: frozenset({R.STORED, R.FAILED}),
    R.FAILED: frozenset({R.PENDING, R.STORED}),
    R.STORED: frozenset(),
}
"""A recording that was given up may still turn up; one that is stored stays as it is."""

TRANSCRIPT_TRANSITIONS: Mapping[T, frozenset[T]] = {
    T.NONE: frozenset({T.PENDING}),
    T.PENDING: frozenset({T.READY, T.FAILED}),
    T.FAILED: frozenset({T.PENDING, T.READY}),
    T.READY: frozenset({T.PENDING}),
}
"""A transcript is stored once for each time it is asked for; whoever comes second finds it there. One that is asked for
anew stays as it is and can be read until the new one takes its place, and becomes ready again if there is none."""


def recording_sources(to: R) -> list[str]:
    """The states from which a recording may become `to`."""
    return [state.value for state, targets in RECORDING_TRANSITIONS.items() if to in targets]


def transcript_sources(to: T) -> list[str]:
    """The states from which a transcript may become `to`."""
    return [state.value for state, targets in TRANSCRIPT_TRANSITIONS.items() if to in targets]
