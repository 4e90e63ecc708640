"""The outline of a stored recording: reckoned once, kept beside it in the store, handed out in a few kilobytes.

A browser would have to fetch and decode a recording of hours before it could draw it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from asr.audio import Leg
from asr.peaks import peaks_of
from backend.calls.schemas import PeaksView
from backend.kernel.files import FileStore


def outline(files: FileStore, key: str) -> PeaksView:
    """The outline of the recording under `key`; blocking. Raises `FileMissing` and the named errors of `asr.audio`."""
    kept = f"{key}.peaks.json"
    if files.exists(kept):
        return PeaksView.model_validate_json(b"".join(files.read(kept)))
    with tempfile.TemporaryDirectory(prefix="hotline-peaks-") as folder:
        local = Path(folder) / Path(key).name
        files.fetch(key, local)
        found = peaks_of(local)
        view = PeaksView(duration_ms=found.duration_ms, caller=found.legs[Leg.CALLER], seat=found.legs[Leg.SEAT])
        written = local.with_suffix(".json")
        written.write_text(view.model_dump_json())
        files.put(written, kept)
    return view
