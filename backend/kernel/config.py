"""Where the platform lives: the environment of a process, and YAML files read into typed models.

What the YAML says is defined by the packages it configures; this module only reads it and reports what is wrong
line by line, so that a mistaken configuration stops the start-up with a sentence and never half works.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.kernel.errors import HotlineError

PROJECT_ROOT = Path(__file__).resolve().parents[2]

Model = TypeVar("Model", bound=BaseModel)


class ConfigurationInvalid(HotlineError):
    """A configuration file is missing, is not YAML, or says something that cannot be."""


class Environment(BaseSettings):
    """What a process reads from its environment (`HOTLINE_*`).

    `state` holds everything that is private to this installation (database, PBX, recordings, secrets); `config` is
    the main YAML file, `overlay` an optional second one whose values win; `database_url` empty means a private
    PostgreSQL under `state`. `store` is the address of the recordings where the configuration's does not hold on this
    machine. `hosts` names the PBX hosts that this machine carries, parted by commas; empty means all.
    """

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", extra="ignore")

    state: Path = PROJECT_ROOT / ".local"
    config: Path = PROJECT_ROOT / "configs" / "hotline.yaml"
    overlay: Path | None = None
    database_url: SecretStr | None = None
    store: str = ""
    secret: SecretStr | None = Field(default=None, description="master secret; made under `state` if not given")
    hosts: str = ""
    log_format: str = "console"
    log_level: str = "INFO"


def read_yaml(path: Path) -> dict[str, object]:
    """The mapping that a YAML file holds; raises `ConfigurationInvalid` with the place of the mistake."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationInvalid(
            f"The file {path} does not exist.", next_step="Restore it or name another."
        ) from error
    except OSError as error:
        raise ConfigurationInvalid(
            f"The file {path} cannot be read: {error.strerror}.", next_step="Make it readable, or name another."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(f"{path} is not valid YAML: {error}", next_step="Correct the line.") from error
    if not isinstance(content, dict):
        raise ConfigurationInvalid(f"{path} holds no mapping at its top.", next_step="Compare with the delivered file.")
    return content


def merge(base: dict[str, object], overlay: dict[str, object]) -> dict[str, object]:
    """`base` with the values of `overlay` put over it; mappings are merged, all else is replaced."""
    merged = dict(base)
    for key, value in overlay.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def load(model: type[Model], path: Path, overlay: Path | None = None) -> Model:
    """Read `path` (and `overlay` over it) into `model`; every mistake is named by its place in the file."""
    content = read_yaml(path)
    if overlay is not None:
        content = merge(content, read_yaml(overlay))
    try:
        return model.model_validate(content)
    except ValidationError as error:
        mistakes = "; ".join(
            f"{'.'.join(str(step) for step in mistake['loc'])}: {mistake['msg']}" for mistake in error.errors()
        )
        raise ConfigurationInvalid(
            f"{path} is not a valid configuration: {mistakes}.", next_step="Correct it."
        ) from error
