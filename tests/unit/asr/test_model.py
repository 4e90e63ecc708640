"""A folder is a model or it is told what is wrong with it, before Kaldi sees it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from asr.demo_model import DEMO_MODEL
from asr.model import (
    DEMO,
    KNOWN_MODELS,
    RECORDED_FRAMES,
    ModelNotFound,
    ModelUnknown,
    NotAModel,
    check_model,
    in_steps,
    locate,
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the demo model that a test may break."""
    return Path(shutil.copytree(DEMO_MODEL, tmp_path / "vosk-model-mine-1.0"))


def test_demo_model_is_whole_and_says_what_it_wants() -> None:
    settings = check_model(DEMO_MODEL)
    assert (settings.name, settings.rate) == (DEMO, KNOWN_MODELS[DEMO].rate) == ("demo-cn", 8000)


def test_version_follows_the_files(model: Path) -> None:
    before = check_model(model)
    assert before.name == "vosk-model-mine-1.0"
    assert before.version == check_model(DEMO_MODEL).version
    other = model.rename(model.with_name("other"))
    (other / "conf/model.conf").write_text("--beam=10\n")
    assert check_model(other).version != before.version


def test_rate_is_read_from_the_model_and_defaults_as_kaldi_does(model: Path) -> None:
    (model / "conf/mfcc.conf").write_text("--use-energy=false\n--sample-frequency=16000\n")
    assert check_model(model).rate == 16000
    (model / "conf/mfcc.conf").write_text("--use-energy=false\n")
    assert check_model(model).rate == 16000
    (model / "conf/mfcc.conf").write_text("--sample-frequency=11025\n")
    with pytest.raises(NotAModel, match="11025 Hz"):
        check_model(model)


@pytest.mark.parametrize("name", ["am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/Gr.fst"])
def test_missing_part_is_named(model: Path, name: str) -> None:
    (model / name).unlink()
    with pytest.raises(NotAModel, match=name) as error:
        check_model(model)
    assert "hotline model fetch" in error.value.next_step


@pytest.mark.parametrize("name", ["am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst"])
@pytest.mark.parametrize("content", [b"", b"version https://git-lfs.github.com/spec/v1\n"])
def test_damaged_part_is_named(model: Path, name: str, content: bytes) -> None:
    (model / name).write_bytes(content)
    with pytest.raises(NotAModel, match=f"{name} is damaged"):
        check_model(model)


def test_absent_folder_file_and_zip_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound) as absent:
        check_model(tmp_path / "nothing")
    assert "hotline model fetch" in absent.value.next_step
    archive = tmp_path / "vosk-model-small-cn-0.22.zip"
    archive.write_bytes(b"PK")
    with pytest.raises(NotAModel) as zipped:
        check_model(archive)
    assert "Unzip it" in zipped.value.next_step


def test_model_one_folder_deeper_is_pointed_out(model: Path) -> None:
    with pytest.raises(NotAModel) as error:
        check_model(model.parent)
    assert str(model) in error.value.next_step


def test_models_are_located_by_name_or_path(tmp_path: Path) -> None:
    assert locate(DEMO, tmp_path) == DEMO_MODEL
    assert locate("vosk-model-cn-0.22", tmp_path) == tmp_path / "vosk-model-cn-0.22"
    assert locate("/srv/models/ours", tmp_path) == Path("/srv/models/ours")
    with pytest.raises(ModelUnknown) as error:
        locate("vosk-model-klingon", tmp_path)
    assert all(name in error.value.next_step for name in KNOWN_MODELS)


def test_recordings_are_heard_by_the_second_unless_the_model_says_otherwise(model: Path) -> None:
    settings = check_model(model)
    with in_steps(settings, RECORDED_FRAMES) as view:
        assert check_model(view).rate == settings.rate
        assert f"--frames-per-chunk={RECORDED_FRAMES}" in (view / "conf/model.conf").read_text().splitlines()
        assert (view / "graph/Gr.fst").samefile(model / "graph/Gr.fst")
        assert (view / "conf/mfcc.conf").samefile(model / "conf/mfcc.conf")
    assert not view.exists()
    assert "frames-per-chunk" not in (model / "conf/model.conf").read_text()
    (model / "conf/model.conf").write_text("--frames-per-chunk=51\n")
    with in_steps(settings, RECORDED_FRAMES) as view:
        assert (view / "conf/model.conf").read_text() == "--frames-per-chunk=51\n"
