"""One master secret, made once and for its owner only; all else follows from it."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from backend.kernel.security import (
    Secrets,
    SecretUnreadable,
    hash_password,
    hash_token,
    load_secrets,
    new_token,
    verify_password,
)


def test_the_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "state" / "secret"
    first = load_secrets(None, file).derive("sip:8001")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_secrets(None, file).derive("sip:8001") == first
    assert [each.name for each in file.parent.iterdir()] == ["secret"]


def test_processes_that_start_at_once_share_one_secret(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    program = (
        "import sys, pathlib; from backend.kernel.security import load_secrets; "
        "sys.stdin.readline(); print(load_secrets(None, pathlib.Path(sys.argv[1])).derive('sip:8001'))"
    )
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    derived = {process.communicate()[0] for process in starting}
    assert derived == {load_secrets(None, file).derive("sip:8001") + "\n"}
    assert list(tmp_path.iterdir()) == [file]


def test_a_given_secret_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    given = "g" * 40
    assert load_secrets(given, tmp_path / "secret").derive("x") == Secrets(given).derive("x")
    assert not (tmp_path / "secret").exists()


@pytest.mark.parametrize("content", ["", "feeble", "s" * 31])
def test_a_secret_that_protects_nothing_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    with pytest.raises(SecretUnreadable) as refused:
        load_secrets(None, file)
    assert refused.value.next_step
    assert not content or content not in str(refused.value)


def test_what_is_derived_differs_by_purpose_and_by_installation() -> None:
    one, other = Secrets("a" * 40), Secrets("b" * 40)
    purposes = [f"sip:{seat}" for seat in range(8001, 8057)] + ["ami:platform", "ami:bench"]
    derived = [each.derive(purpose) for each in (one, other) for purpose in purposes]
    assert len(set(derived)) == len(derived)
    assert all(len(each) == 32 and each.replace("-", "").replace("_", "").isalnum() for each in derived)


def test_passwords_and_tokens_cannot_be_read_from_what_is_stored() -> None:
    hashed = hash_password("correct horse")
    assert hashed.startswith("$argon2id$")
    assert hash_password("correct horse") != hashed
    assert verify_password("correct horse", hashed) == (True, None)
    assert verify_password("wrong horse", hashed)[0] is False
    assert new_token() != new_token()
    assert len(hash_token("token")) == 64
