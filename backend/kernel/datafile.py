"""Reference data in YAML (streets, classes ...): read into a typed model, with every mistake named by its line.

A file with a mistake changes nothing: all mistakes are told at once, so that whoever keeps the file mends it in one go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.nodes import MappingNode, Node, SequenceNode

from backend.kernel.config import ConfigurationInvalid, read_yaml

Place = tuple[int | str, ...]
"""Where something stands in the data: ("streets", 3, "code")."""

Model = TypeVar("Model", bound=BaseModel)


def load_data(
    model: type[Model], path: Path, check: Callable[[Model], Iterable[tuple[Place, str]]] = lambda _: ()
) -> Model:
    """Read `path` into `model`, then ask `check` for what is wrong between rows.

    Raises `ConfigurationInvalid` with the line of every mistake.
    """
    content = read_yaml(path)
    try:
        data = model.model_validate(content)
        mistakes = list(check(data))
    except ValidationError as error:
        mistakes = [(each["loc"], each["msg"]) for each in error.errors()]
    if not mistakes:
        return data
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    told = "; ".join(f"line {_line(root, place)}: {_name(place)}{message}" for place, message in mistakes)
    raise ConfigurationInvalid(
        f"{path} has mistakes: {told}.", kept="Nothing of it was taken.", next_step="Correct these lines."
    )


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


def _name(place: Place) -> str:
    named = next((step for step in reversed(place) if isinstance(step, str)), "")
    return f"{named}: " if named else ""
