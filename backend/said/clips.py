"""Clips of recordings that leave the house: a part of the sound with a manifest that proves what it is.

<call>_<from>-<to>.zip
    clip.flac       both legs, as they were recorded
    manifest.json   call, times, hashes of the clip and of the recording, who took it, when and why
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asr.clip import clip_of
from backend.calls import service as calls
from backend.calls.models import Recording
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.files import FileStore
from backend.said.errors import ClipOutside, ClipReasonMissing, ClipReversed, ClipTooLong
from backend.said.schemas import LONGEST_CLIP_MS, ClipAsked


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip as it is handed out: the zip file, and the hash of the sound in it."""

    name: str
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Source:
    """The stored recording that a clip is cut from."""

    call_id: str
    key: str
    sha256: str


async def source_of(tx: Transaction, who: Principal, call_id: str, asked: ClipAsked) -> Source:
    """The recording of a call, once the clip makes sense.

    Raises `CallUnknown`, `RecordingNotStored`, `ClipReasonMissing`, `ClipReversed`, `ClipTooLong`, `ClipOutside`.
    """
    if not asked.reason.strip():
        raise ClipReasonMissing(
            "A clip is given out only for a reason.", next_step="Write what it is needed for.", field="reason"
        )
    if asked.to_ms <= asked.from_ms:
        raise ClipReversed("The clip ends before it begins.", next_step="Exchange its ends.", field="to_ms")
    if asked.to_ms - asked.from_ms > LONGEST_CLIP_MS:
        raise ClipTooLong("A clip has at most ten minutes.", next_step="Take several.", field="to_ms")
    recording: Recording = await calls.stored_recording(tx, who, call_id)
    if recording.duration_ms is not None and asked.from_ms >= recording.duration_ms:
        raise ClipOutside("The recording is over by then.", next_step="Choose an earlier part.", field="from_ms")
    return Source(call_id, str(recording.key), str(recording.sha256))


def cut(files: FileStore, source: Source, asked: ClipAsked, who: Principal, now: datetime) -> Clip:
    """The zip file of a clip. Blocks while it reads and writes sound."""
    with tempfile.TemporaryDirectory(prefix="hotline-clip-") as folder:
        whole = Path(folder) / Path(source.key).name
        files.fetch(source.key, whole)
        part = Path(folder) / "clip.flac"
        taken = clip_of(whole, asked.from_ms, asked.to_ms, part)
        sound = part.read_bytes()
    sha256 = hashlib.sha256(sound).hexdigest()
    manifest = {
        "call_id": source.call_id,
        "from_ms": taken.from_ms,
        "to_ms": taken.to_ms,
        "clip_sha256": sha256,
        "recording_sha256": source.sha256,
        "taken_by": who.username,
        "taken_at": now.isoformat(),
        "reason": asked.reason.strip(),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("clip.flac", sound)
        archive.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")
    return Clip(f"{source.call_id}_{taken.from_ms}-{taken.to_ms}.zip", content.getvalue(), sha256)


async def note_taken(tx: Transaction, who: Principal, call_id: str, asked: ClipAsked, clip: Clip) -> None:
    """Write down who took which part of a recording, and why."""
    detail = {"from_ms": asked.from_ms, "to_ms": asked.to_ms, "reason": asked.reason.strip(), "sha256": clip.sha256}
    await audit.record(tx, who, "clip_taken", "call", call_id, detail)
