"""What every simulation needs: SIPp, the PBX's address, voices, and a folder for its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from telephony.pbx import programs
from telephony.pbx.programs import Program
from telephony.simulate.dialogues import load_dialogues
from telephony.simulate.speech import Legs, synthesise_legs


@dataclass(frozen=True)
class Address:
    """Where the PBX takes SIP."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Stage:
    """The ground on which citizens and seats play; `folder` is absolute and holds their files and logs."""

    sipp: Program
    pbx: Address
    legs: Legs
    folder: Path


async def set_stage(state: Path, pbx: Address, dialogues: Path) -> Stage:
    """Find SIPp and espeak-ng, speak the dialogues (once), make the folder.

    Raises ProgramMissing, DialoguesInvalid, SpeechFailed.
    """
    sipp = await programs.find("sipp", state)
    espeak = await programs.find("espeak-ng", state)
    legs = await synthesise_legs(load_dialogues(dialogues), espeak, _made(state, "speech"))
    return Stage(sipp, pbx, legs, _made(state, "simulate"))


def _made(state: Path, name: str) -> Path:
    folder = state.resolve() / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
