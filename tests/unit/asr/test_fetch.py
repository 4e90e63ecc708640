"""Models brought from a publisher on this machine: resumed, verified, unpacked whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from asr.demo_model import DEMO_MODEL
from asr.fetch import ModelDamaged, ModelUnreachable, NoSpaceForModel, fetch
from asr.model import ModelUnknown, NotAModel
from backend.kernel.processes import free_port

NAME = "vosk-model-small-cn-0.22"


def archive_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return buffer.getvalue()


def model_files() -> dict[str, bytes]:
    files = (path for path in DEMO_MODEL.rglob("*") if path.is_file())
    return {f"{NAME}/{path.relative_to(DEMO_MODEL)}": path.read_bytes() for path in files}


class Publisher:
    """A site with one archive. It can break off after `stop_after` bytes, know no ranges, or publish no list."""

    def __init__(self) -> None:
        self.archive = archive_of(model_files())
        self.md5 = hashlib.md5(self.archive).hexdigest()
        self.list_body: bytes | None = None
        self.has_list = True
        self.stop_after: int | None = None
        self.knows_ranges = True
        self.asked: list[str] = []
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.answer(self)

            def log_message(self, *_: object) -> None:
                """Keep the tests' output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.site = f"http://127.0.0.1:{self._server.server_port}/vosk/models"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if request.path.endswith("model-list.json"):
            self._answer_list(request)
        else:
            self._answer_archive(request)

    def _answer_list(self, request: BaseHTTPRequestHandler) -> None:
        entry = {"name": NAME, "size": len(self.archive), "md5": self.md5}
        body = self.list_body or json.dumps([{"name": "other"}, entry]).encode()
        request.send_response(200 if self.has_list else 404)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _answer_archive(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range", "")
        self.asked.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.knows_ranges else 0
        if start >= len(self.archive):
            request.send_error(416)
            return
        body = self.archive[start:]
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: self.stop_after])
        request.close_connection = True


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    site = Publisher()
    yield site
    site.close()


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_model_is_fetched_verified_and_put_in_its_place(publisher: Publisher, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    fetched = fetch(NAME, tmp_path / "models", lambda done, total: seen.append((done, total)), site=publisher.site)
    assert fetched.model.path == tmp_path / "models" / NAME
    assert fetched.archive_sha256 == hashlib.sha256(publisher.archive).hexdigest()
    assert seen[-1] == (len(publisher.archive), len(publisher.archive))
    assert left_in(tmp_path / "models") == [NAME]
    again = fetch(NAME, tmp_path / "models", site=publisher.site)
    assert again.archive_sha256 is None
    assert publisher.asked == [""]


def test_broken_download_is_kept_and_resumed(publisher: Publisher, tmp_path: Path) -> None:
    publisher.stop_after = 300_000
    with pytest.raises(ModelUnreachable, match=r"kept and resumed"):
        fetch(NAME, tmp_path, site=publisher.site)
    publisher.stop_after = None
    assert fetch(NAME, tmp_path, site=publisher.site).model.rate == 8000
    assert publisher.asked == ["", "bytes=300000-"]


def test_publisher_without_ranges_starts_over(publisher: Publisher, tmp_path: Path) -> None:
    publisher.knows_ranges = False
    (tmp_path / f".{NAME}.zip.part").write_bytes(publisher.archive[:1000])
    assert fetch(NAME, tmp_path, site=publisher.site).model.name == NAME


def test_archive_that_is_here_in_full_is_not_brought_again(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / f".{NAME}.zip.part").write_bytes(publisher.archive)
    assert fetch(NAME, tmp_path, site=publisher.site).model.name == NAME


def test_archive_with_another_md5_is_refused_and_removed(publisher: Publisher, tmp_path: Path) -> None:
    publisher.md5 = "0" * 32
    with pytest.raises(ModelDamaged, match="MD5"):
        fetch(NAME, tmp_path, site=publisher.site)
    assert left_in(tmp_path) == []


def test_archive_with_another_size_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.list_body = json.dumps([{"name": NAME, "size": 17}]).encode()
    with pytest.raises(ModelDamaged, match="instead of 17"):
        fetch(NAME, tmp_path, site=publisher.site)


def test_pinned_hash_decides_also_at_a_mirror_without_a_list(publisher: Publisher, tmp_path: Path) -> None:
    publisher.has_list = False
    with pytest.raises(ModelDamaged, match="SHA-256"):
        fetch(NAME, tmp_path, site=publisher.site, sha256="0" * 64)
    right = hashlib.sha256(publisher.archive).hexdigest()
    assert fetch(NAME, tmp_path, site=publisher.site, sha256=right.upper()).archive_sha256 == right


@pytest.mark.parametrize("climber", [f"{NAME}/../../evil", "/etc/evil", f"{NAME}\\..\\..\\evil"])
def test_archive_that_climbs_out_of_its_folder_is_refused(publisher: Publisher, tmp_path: Path, climber: str) -> None:
    publisher.has_list = False
    publisher.archive = archive_of({**model_files(), climber: b"evil"})
    with pytest.raises(ModelDamaged, match="climb out"):
        fetch(NAME, tmp_path / "models", site=publisher.site)
    assert left_in(tmp_path / "models") == []
    assert left_in(tmp_path) == ["models"]


@pytest.mark.parametrize("content", [b"<html>not found</html>", b""])
def test_archive_that_is_none_is_refused(publisher: Publisher, tmp_path: Path, content: bytes) -> None:
    publisher.has_list = False
    publisher.archive = content or b"\n"
    with pytest.raises(ModelDamaged):
        fetch(NAME, tmp_path, site=publisher.site)
    assert left_in(tmp_path) == []


def test_damaged_member_is_noticed_by_its_checksum(publisher: Publisher, tmp_path: Path) -> None:
    publisher.has_list = False
    middle = len(publisher.archive) // 2
    publisher.archive = publisher.archive[:middle] + b"damage!!" + publisher.archive[middle + 8 :]
    with pytest.raises(ModelDamaged):
        fetch(NAME, tmp_path, site=publisher.site)
    assert left_in(tmp_path) == []


def test_archive_without_a_whole_model_puts_nothing_in_place(publisher: Publisher, tmp_path: Path) -> None:
    publisher.has_list = False
    files = model_files()
    del files[f"{NAME}/am/final.mdl"]
    publisher.archive = archive_of(files)
    with pytest.raises(NotAModel, match=r"am/final\.mdl"):
        fetch(NAME, tmp_path, site=publisher.site)
    assert not (tmp_path / NAME).exists()


def test_full_disk_keeps_the_archive(publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 10

    monkeypatch.setattr("asr.fetch.shutil.disk_usage", lambda _folder: Usage)
    with pytest.raises(NoSpaceForModel, match="need not be downloaded again"):
        fetch(NAME, tmp_path, site=publisher.site)
    assert left_in(tmp_path) == [f".{NAME}.zip.part"]


def test_no_network_says_what_to_do_by_hand(tmp_path: Path) -> None:
    site = f"http://127.0.0.1:{free_port()}/models"
    with pytest.raises(ModelUnreachable) as error:
        fetch(NAME, tmp_path, site=site)
    advice = error.value.next_step
    assert f"{site}/{NAME}.zip" in advice
    assert str(tmp_path / NAME) in advice
    assert f"hotline model check {NAME}" in advice


def test_page_of_a_captive_portal_is_no_list(publisher: Publisher, tmp_path: Path) -> None:
    publisher.list_body = b"<html>please sign in</html>"
    with pytest.raises(ModelUnreachable):
        fetch(NAME, tmp_path, site=publisher.site)


@pytest.mark.parametrize("name", ["demo-cn", "vosk-model-klingon", "../../etc"])
def test_only_public_models_are_fetched(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelUnknown, match=r"vosk-model-cn-0\.22"):
        fetch(name, tmp_path)
