"""Vosk model folders: which are known, where they stand, whether one is whole, and what it wants of its sound."""

from __future__ import annotations

import functools
import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from asr.demo_model import DEMO_MODEL
from asr.vad import RATES
from backend.kernel.errors import HotlineError

SITE = "https://alphacephei.com/vosk/models"
DEMO = "demo-cn"
_KALDI_DEFAULT_RATE = 16000
_KALDI_BINARY = b"\0B<TransitionModel> "
_FST_MAGIC = (0x7EB2FDD6).to_bytes(4, "little")
_ACOUSTIC = "am/final.mdl"
_DECODING = "conf/model.conf"
_REQUIRED = (_ACOUSTIC, "conf/mfcc.conf", _DECODING)
_CHUNK = "--frames-per-chunk"
RECORDED_FRAMES = 132
"""Of 10 ms, by which a recording is heard. Each run of the network reads all of its weights, which costs more than to
apply them; but what follows on the end of a phrase is reckoned too, so still more frames cost more again."""
_GRAPHS = (("graph/HCLG.fst",), ("graph/HCLr.fst", "graph/Gr.fst"))


class ModelUnknown(HotlineError):
    """A model was asked for by a name that is neither known nor a folder."""

    http_status = 404


class ModelNotFound(HotlineError):
    """There is no folder where the model should be."""

    http_status = 404


class NotAModel(HotlineError):
    """The folder is not a Vosk model, or not a whole one."""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that is worth naming. `rate` is what it was trained on, in Hz; `size` is that of the download."""

    name: str
    size: str
    licence: str
    rate: int
    purpose: str

    @property
    def url(self) -> str | None:
        """Where it is published; the demo model comes with the program."""
        return None if self.name == DEMO else f"{SITE}/{self.name}.zip"


KNOWN_MODELS = {
    model.name: model
    for model in (
        KnownModel(
            "vosk-model-cn-0.22",
            "1.3 GB",
            "Apache 2.0",
            16000,
            "production on a server: the best public Chinese model",
        ),
        KnownModel(
            "vosk-model-small-cn-0.22", "42 MB", "Apache 2.0", 16000, "production on small machines, and live captions"
        ),
        KnownModel(DEMO, "1 MB", "as this program", 8000, "tests and the offline demo: synthetic voices only"),
    )
}


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What must be known of a model before sound is given to it. `version` changes when its files do."""

    path: Path
    name: str
    version: str
    rate: int


def locate(name_or_path: str, models: Path) -> Path:
    """The folder of a model given by a known name or by a path; `models` is where fetched ones stand.

    Raises ModelUnknown; whether the folder is a model is `check_model`'s business.
    """
    if name_or_path == DEMO:
        return DEMO_MODEL
    if name_or_path in KNOWN_MODELS:
        return models / name_or_path
    path = Path(name_or_path)
    if path.is_absolute() or "/" in name_or_path or path.exists():
        return path
    raise ModelUnknown(
        f"No model is called {name_or_path}.",
        next_step=f"Known are {', '.join(KNOWN_MODELS)}; or give the path of a model's folder.",
        field="model",
    )


def check_model(path: Path) -> ModelSettings:
    """See that the folder is a whole Vosk model without loading it: Kaldi ends the process on many a broken one.

    Raises ModelNotFound and NotAModel, which say what is missing and what to do.
    """
    if not path.exists():
        raise ModelNotFound(
            f"There is no model at {path}.",
            next_step="Fetch one with `hotline model fetch`, or set the path of yours in the configuration.",
            field="model",
        )
    if not path.is_dir():
        hint = (
            "Unzip it and give the folder."
            if path.suffix == ".zip"
            else "Give the folder that holds am, conf and graph."
        )
        raise NotAModel(f"{path} is a file; a model is a folder.", next_step=hint, field="model")
    problems = _problems(path)
    if problems:
        raise NotAModel(
            f"{path} is not a whole Vosk model: {'; '.join(problems)}.", next_step=_advice(path), field="model"
        )
    rate = _rate(path / "conf/mfcc.conf")
    if rate not in RATES:
        raise NotAModel(
            f"{path} wants sound at {rate} Hz; supported are {', '.join(map(str, RATES))} Hz.",
            next_step="Take a model for 8000 or 16000 Hz.",
            field="model",
        )
    resolved = path.resolve()
    name = DEMO if resolved == DEMO_MODEL.resolve() else resolved.name
    return ModelSettings(resolved, name, _version(resolved), rate)


@contextmanager
def in_steps(model: ModelSettings, frames: int) -> Iterator[Path]:
    """The model set to take so many frames of 10 ms at once, unless it says itself how many.

    Needed only until it is loaded.
    """
    with tempfile.TemporaryDirectory(prefix="hotline-model-") as folder:
        view, settings = Path(folder), (model.path / _DECODING).read_text(encoding="utf-8")
        if not re.search(rf"^{_CHUNK}\b", settings, re.MULTILINE):
            settings = f"{settings.rstrip()}\n{_CHUNK}={frames}\n"
        inside = Path(_DECODING).parent
        (view / inside).mkdir()
        for part in [*model.path.iterdir(), *(model.path / inside).iterdir()]:
            name = part.relative_to(model.path)
            if name not in {inside, Path(_DECODING)}:
                (view / name).symlink_to(part)
        (view / _DECODING).write_text(settings, encoding="utf-8")
        yield view


def refused(model: Path, why: str) -> NotAModel:
    """The error for a folder that looks like a model but cannot be loaded."""
    return NotAModel(
        f"{model} cannot be loaded as a Vosk model: {why}.",
        next_step="Fetch it anew with `hotline model fetch`, or unzip the published archive again.",
        field="model",
    )


def _problems(path: Path) -> list[str]:
    problems = [f"{name} is missing" for name in _REQUIRED if not (path / name).is_file()]
    graph = next((names for names in _GRAPHS if all((path / name).is_file() for name in names)), None)
    if graph is None:
        problems.append("graph/HCLG.fst, or graph/HCLr.fst with graph/Gr.fst, is missing")
    heads = [(_ACOUSTIC, _KALDI_BINARY), *((name, _FST_MAGIC) for name in graph or ())]
    for name, magic in heads:
        if (path / name).is_file():
            with (path / name).open("rb") as file:
                if file.read(len(magic)) != magic:
                    problems.append(f"{name} is damaged or of another kind")
    return problems


def _advice(path: Path) -> str:
    inner = [folder for folder in sorted(path.iterdir()) if folder.is_dir() and (folder / _ACOUSTIC).is_file()]
    if inner:
        return f"The model stands one folder deeper: give {inner[0]}."
    if list(path.glob("*.zip")):
        return "Unzip the archive in it and give the folder that holds am, conf and graph."
    return "Fetch it anew with `hotline model fetch`, or unzip the published archive again."


def _rate(mfcc_conf: Path) -> int:
    found = re.search(
        r"^--sample-frequency=(\d+)", mfcc_conf.read_text(encoding="utf-8", errors="replace"), re.MULTILINE
    )
    return int(found.group(1)) if found else _KALDI_DEFAULT_RATE


@functools.lru_cache
def _version(path: Path) -> str:
    """A fingerprint of the parts that decide what is heard; the large graph is told by its size."""
    digest = hashlib.sha256()
    for name in (*_REQUIRED, "graph/words.txt"):
        if (path / name).is_file():
            digest.update((path / name).read_bytes())
    for names in _GRAPHS:
        for name in names:
            if (path / name).is_file():
                digest.update(str((path / name).stat().st_size).encode())
    return digest.hexdigest()[:12]
