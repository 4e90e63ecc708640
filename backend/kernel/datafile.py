"""Reference data in YAML (streets, classes ...): read into a typed model, with every mistake named by its line.

A file with a mistake changes nothing: all mistakes are told at once, so that whoever keeps the file mends it in one go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as filled
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.nodes import MappingNode, Node, SequenceNode

from backend.kernel.config import ConfigurationInvalid, read_yaml

Place = tuple[int | str, ...]
"""Where something stands in the data: ("streets", 3, "code")."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong, in words, and as a kind with its facts, by which a screen says it in its own language."""

    message: str
    kind: str = ""
    facts: Mapping[str, Any] = filled(default_factory=dict)

    @classmethod
    def as_found(cls, error: Mapping[str, Any]) -> Wrong:
        """What Pydantic found, under its own name for it."""
        facts = {name: str(value) for name, value in (error.get("ctx") or {}).items()}
        return cls(str(error["msg"]), str(error["type"]), facts)


Misplaced = tuple[Place, str | Wrong]
"""A place and what is wrong with it."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong on one line of a file; `field` is "" where the whole entry is meant, `kind` where it has no name
    (see `Wrong`)."""

    line: int
    field: str
    message: str
    kind: str = ""
    facts: Mapping[str, Any] = filled(default_factory=dict)

    def __str__(self) -> str:
        return f"line {self.line}: {f'{self.field}: ' if self.field else ''}{self.message}"


class DataInvalid(ConfigurationInvalid):
    """A file of reference data has mistakes."""

    def __init__(self, path: Path, mistakes: list[Mistake]) -> None:
        super().__init__(
            f"{path} has mistakes: {'; '.join(str(mistake) for mistake in mistakes)}.",
            kept="Nothing of it was taken.",
            next_step="Correct these lines.",
        )
        self.path = path
        self.mistakes = mistakes


def load_data(model: type[Model], path: Path, check: Callable[[Model], Iterable[Misplaced]] = lambda _: ()) -> Model:
    """Read `path` into `model`, then ask `check` for what is wrong between rows.

    Raises `DataInvalid` with the line of every mistake.
    """
    content = _read_json(path) if path.suffix in {".json", ".geojson"} else read_yaml(path)
    try:
        data = model.model_validate(content)
        mistakes = list(check(data))
    except ValidationError as error:
        mistakes = [(each["loc"], Wrong.as_found(each)) for each in error.errors()]
    if mistakes:
        raise data_invalid(path, mistakes)
    return data


def _read_json(path: Path) -> object:
    """JSON is YAML as well, but a file of shapes is too large to be read as such."""
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationInvalid(f"The file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigurationInvalid(f"{path} is not valid JSON: {error}", next_step="Correct the line.") from error


def data_invalid(path: Path, mistakes: Iterable[Misplaced]) -> DataInvalid:
    """The error that names the line of each of these mistakes, in the order of the lines."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=loader)
    found = [_mistake(root, place, wrong) for place, wrong in mistakes]
    return DataInvalid(path, sorted(found, key=lambda mistake: mistake.line))


def _mistake(root: Node | None, place: Place, wrong: str | Wrong) -> Mistake:
    said = Wrong(wrong) if isinstance(wrong, str) else wrong
    return Mistake(_line(root, place), _field(place), said.message, said.kind, said.facts)


def _line(node: Node | None, place: Place) -> int:
    """The line on which a place stands, or that of the nearest thing around it."""
    line = 1
    for step in place:
        if isinstance(node, MappingNode):
            keys = {key.value: (key, value) for key, value in node.value}
            key, node = keys.get(str(step), (node, None))
            line = key.start_mark.line + 1
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _field(place: Place) -> str:
    return next((step for step in reversed(place) if isinstance(step, str)), "")
