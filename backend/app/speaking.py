"""Words that are spoken by espeak-ng where recognition is measured or a rule is proven by ear."""

from __future__ import annotations

from pathlib import Path

from asr.audio import Samples
from asr.evaluation.plan import Manner
from asr.evaluation.recorded import Say
from telephony.pbx.programs import find
from telephony.simulate import speech


async def speaker(state: Path, scratch: Path) -> Say:
    """The espeak-ng of this state folder, else the system's. `scratch` takes a file for a moment.

    Raises ProgramMissing.
    """
    espeak = await find("espeak-ng", state)

    async def say(words: str, manner: Manner) -> Samples:
        return await speech.say(words, speech.Manner(manner.voice, manner.speed_wpm, manner.pitch), espeak, scratch)

    return say
