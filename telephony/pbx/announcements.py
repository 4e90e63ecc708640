"""What the PBX says to citizens: files per language, synthesised from configs/announcements or recorded by people.

`configs/announcements/<language>.yaml` holds the texts by name; `recordings/<language>/<name>.wav` beside it, if it is
there, is played instead of the synthesised voice. Asterisk plays A-law files below its own folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog
from pydantic import Field

from backend.kernel.config import load
from backend.kernel.files import write_whole
from telephony.pbx.errors import ProgramMissing
from telephony.pbx.programs import find
from telephony.pbx.routing_settings import AnnouncementName, Settings

log = structlog.get_logger(__name__)


class Texts(Settings):
    """The announcements of one language and the espeak-ng voice that says them."""

    voice: str
    speed_wpm: int = Field(default=160, ge=80, le=400)
    texts: dict[AnnouncementName, str]


async def make(configured: Path, languages: Sequence[str], state: Path, sounds: Path) -> dict[str, str]:
    """Put every announcement below `sounds`; returns what to play for each name, all languages after one another.

    What can be neither found nor spoken (no espeak-ng on this machine, no recording) is left out: the caller hears
    ringing instead. Raises ConfigurationInvalid for a file that cannot be read.
    """
    playable: dict[str, list[str]] = {}
    for language in languages:
        texts = load(Texts, configured / f"{language}.yaml")
        for name, words in texts.texts.items():
            target = sounds / language / name
            if await _put(configured / "recordings" / language / f"{name}.wav", texts, words, state, target):
                playable.setdefault(name, []).append(str(target))
    return {name: "&".join(files) for name, files in playable.items()}


async def _put(recorded: Path, texts: Texts, words: str, state: Path, target: Path) -> bool:
    from telephony.simulate import speech  # noqa: PLC0415 - a role that starts again need not load NumPy

    file = target.with_name(f"{target.name}.alaw")
    if _is_there(recorded):
        _write(file, speech.alaw(speech.at_line_rate(recorded)).tobytes())
        return True
    spoken = state / "speech" / f"{speech.identity_of(texts.voice, texts.speed_wpm, words)}.al"
    if not _is_there(spoken):
        try:
            espeak = await find("espeak-ng", state)
        except ProgramMissing:
            log.warning("announcement_not_spoken", name=target.name, reason="espeak-ng is not here")
            return False
        spoken.parent.mkdir(parents=True, exist_ok=True)
        samples = await speech.say(words, speech.Manner(texts.voice, texts.speed_wpm), espeak, spoken.parent)
        _write(spoken, speech.alaw(samples).tobytes())
    _write(file, spoken.read_bytes())
    return True


def _is_there(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _write(file: Path, sound: bytes) -> None:
    """Whole or not at all: Asterisk may be playing it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.read_bytes() == sound:
        return
    write_whole(file, sound)
