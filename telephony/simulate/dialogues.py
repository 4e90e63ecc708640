"""What simulated citizens and seats say, and when: the spoken part of configs/demo/dialogues.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from telephony.simulate.errors import DialoguesInvalid


class _Spoken(BaseModel):
    # What a case would hold (class, street, text) stands in the same file and is not telephony's business.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Turn(_Spoken):
    """Words said without a pause, `at_s` seconds after the answer."""

    at_s: Annotated[float, Field(ge=0)]
    say: Annotated[str, Field(min_length=1)]


class CallerTurn(Turn):
    """A turn of the citizen."""

    who: Literal["caller"] = "caller"


class Voice(_Spoken):
    """A voice of espeak-ng; `pitch` is 0 to 99."""

    name: str
    pitch: Annotated[int, Field(ge=0, le=99)] = 50


class Dialogue(_Spoken):
    """One citizen's part."""

    id: str
    dialed: str
    voice: Voice
    turns: Annotated[tuple[CallerTurn, ...], Field(min_length=1)]


class Speech(_Spoken):
    """How fast is spoken, and the voices of the seats."""

    speed_wpm: Annotated[int, Field(ge=80, le=450)] = 200
    seat_voices: Annotated[tuple[str, ...], Field(min_length=1)]


class Dialogues(_Spoken):
    """All parts. Seats do not know which citizen they have: they say `seat_track`, citizens speak in its gaps."""

    speech: Speech
    length_s: Annotated[float, Field(gt=0, le=600)]
    seat_track: Annotated[tuple[Turn, ...], Field(min_length=1)]
    dialogues: Annotated[tuple[Dialogue, ...], Field(min_length=1)]

    def index(self, dialogue_id: str) -> int:
        """The place of a dialogue in the file. Raises DialoguesInvalid."""
        for position, dialogue in enumerate(self.dialogues):
            if dialogue.id == dialogue_id:
                return position
        known = ", ".join(dialogue.id for dialogue in self.dialogues)
        raise DialoguesInvalid(f"There is no dialogue {dialogue_id!r}.", next_step=f"Known are: {known}.")


def load_dialogues(path: Path) -> Dialogues:
    """Read the file. Raises DialoguesInvalid naming the place at fault."""
    try:
        return Dialogues.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise DialoguesInvalid(f"{path.name} cannot be read: {error.strerror}.", field=str(path)) from error
    except yaml.YAMLError as error:
        raise DialoguesInvalid(f"{path.name} is not YAML: {error}", field=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DialoguesInvalid(f"{path.name}: {place}: {first['msg']}.", field=place) from error
