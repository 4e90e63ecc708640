"""A configuration that is wrong stops the start with a sentence that names the place."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from backend.app.config import Configuration, DataSettings, RecognitionSettings
from backend.kernel.config import PROJECT_ROOT, ConfigurationInvalid, Environment, load, read_yaml
from backend.kernel.urls import DatabaseUrlInvalid, driver_url, sqlalchemy_url


class Door(BaseModel):
    model_config = ConfigDict(extra="forbid")
    port: int = Field(ge=1, le=65535)
    names: list[str] = []


class House(BaseModel):
    model_config = ConfigDict(extra="forbid")
    doors: dict[str, Door]


def written(folder: Path, text: str | bytes, name: str = "house.yaml") -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_values_of_the_overlay_win_and_the_rest_stays(tmp_path: Path) -> None:
    base = written(tmp_path, "doors: {front: {port: 80, names: [a, b]}, back: {port: 81}}")
    overlay = written(tmp_path, "doors: {front: {names: [c]}, side: {port: 82}}", "overlay.yaml")
    house = load(House, base, overlay)
    assert {name: (door.port, door.names) for name, door in house.doors.items()} == {
        "front": (80, ["c"]), "back": (81, []), "side": (82, []),
    }  # fmt: skip


def test_every_mistake_is_named_by_its_place(tmp_path: Path) -> None:
    file = written(tmp_path, "doors: {front: {port: 0, name: x}, back: {port: many}}\nwindows: 3")
    with pytest.raises(ConfigurationInvalid) as wrong:
        load(House, file)
    for place in ("doors.front.port: ", "doors.front.name: ", "doors.back.port: ", "windows: ", str(file)):
        assert place in wrong.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("doors: [", "line 1"),
        ("a: 1\nb: {\n", "line 3"),
        (b"doors: \xff\xfe", "not valid YAML"),
        ("", "holds no mapping"),
        ("- a\n- b", "holds no mapping"),
        ("just words", "holds no mapping"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
    ],
)
def test_what_is_no_configuration_is_said_in_a_sentence(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=said) as wrong:
        read_yaml(written(tmp_path, text))
    assert wrong.value.next_step


def test_a_file_that_is_not_there_or_is_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(ConfigurationInvalid) as wrong:
            read_yaml(path)
        assert str(path) in wrong.value.message


@pytest.mark.parametrize("overlay", [None, *sorted(path.name for path in (PROJECT_ROOT / "configs").glob("*.yaml"))])
def test_the_delivered_files_are_valid(overlay: str | None) -> None:
    data = DataSettings()
    others = [getattr(data, each) for each in DataSettings.model_fields] + [RecognitionSettings().names]
    if overlay in {"hotline.yaml"} | {Path(each).name for each in others}:
        overlay = None
    folder = PROJECT_ROOT / "configs"
    assert load(Configuration, folder / "hotline.yaml", folder / overlay if overlay else None).pbx.numbers


def test_the_environment_is_read_by_its_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_STATE", "/srv/hotline")
    monkeypatch.setenv("HOTLINE_DATABASE_URL", "postgresql://me:word@db/hotline")
    environment = Environment()
    assert environment.state == Path("/srv/hotline")
    assert environment.database_url is not None
    assert environment.database_url.get_secret_value().startswith("postgresql://")
    assert "word" not in repr(environment)


@pytest.mark.parametrize("given", ["postgresql://me@db/x", "postgres://me@db/x", "postgresql+psycopg://me@db/x"])
def test_a_database_is_named_as_people_name_it(given: str) -> None:
    assert sqlalchemy_url(given) == "postgresql+psycopg://me@db/x"
    assert driver_url(sqlalchemy_url(given)) == "postgresql://me@db/x"


@pytest.mark.parametrize("given", ["", "db", "mysql://me@db/x", "sqlite:///x", "postgresql://db:port/x"])
def test_what_names_no_postgresql_is_refused_without_being_repeated(given: str) -> None:
    with pytest.raises(DatabaseUrlInvalid) as wrong:
        sqlalchemy_url(given)
    assert wrong.value.field == "HOTLINE_DATABASE_URL"
    assert not given or given not in str(wrong.value)
