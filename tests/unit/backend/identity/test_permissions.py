"""Roles are data; what they say of the delivered installation is checked here."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.identity.permissions import Permission, Roles, UnknownRole, load_roles
from backend.kernel.config import PROJECT_ROOT, ConfigurationInvalid

DELIVERED = PROJECT_ROOT / "configs" / "roles.yaml"


@pytest.fixture(scope="module")
def roles() -> Roles:
    return load_roles(DELIVERED)


def test_the_roles_are_delivered_with_their_titles(roles: Roles) -> None:
    titles = {name: role.title for name, role in roles.roles.items()}
    assert titles == {
        "agent": "坐席",
        "supervisor": "班长",
        "dispatcher": "派遣员",
        "commander": "值班指挥长",
        "verifier": "核查员",
        "unit": "承办员",
        "unit_leader": "承办单位负责人",
        "patrol": "巡查员",
        "qa": "质检员",
        "qa_leader": "质检主管",
        "grid_manager": "网格管理员",
        "admin": "管理员",
    }


def test_every_permission_is_given_to_somebody(roles: Roles) -> None:
    assert roles.permissions_of(roles.roles) == {permission.value for permission in Permission}


def test_a_grid_manager_may_do_nothing_but_go_round(roles: Roles) -> None:
    assert roles.permissions_of(["grid_manager"]) == {"rounds.write"}


def test_only_who_talks_to_citizens_sits_and_files(roles: Roles) -> None:
    for name in ("qa", "admin"):
        assert not roles.permissions_of([name]) & {"desk.sit", "cases.file"}
    assert {"desk.sit", "cases.file"} <= roles.permissions_of(["supervisor"])
    assert {"desk.sit", "cases.file", "calls.read_own"} <= roles.permissions_of(["agent"])


def test_who_dispatches_does_not_verify_and_units_see_only_their_tasks(roles: Roles) -> None:
    for name in roles.roles:
        assert not {"cases.dispatch", "cases.verify"} <= roles.permissions_of([name])
    for name in ("unit", "unit_leader"):
        assert roles.permissions_of([name]) <= {"tasks.handle", "tasks.agree"}


def test_an_agent_sees_no_calls_of_others_and_qa_no_numbers(roles: Roles) -> None:
    assert "calls.read" not in roles.permissions_of(["agent"])
    assert "numbers.reveal" not in roles.permissions_of(["qa"])


def test_only_a_supervisor_takes_part_in_calls_of_others_and_moves_seats(roles: Roles) -> None:
    acts = {"seats.force", "seats.sign_out", "notices.send"}
    acts |= {f"calls.{act}" for act in ("listen", "whisper", "barge", "take_over", "end")}
    assert acts <= roles.permissions_of(["supervisor"])
    assert not acts & roles.permissions_of(["agent", "qa", "admin"])


def test_an_administrator_hears_no_citizen(roles: Roles) -> None:
    recognition = {"recognition.watch", "recognition.retry"}
    assert roles.permissions_of(["admin"]) == {"users.manage", "system.watch", "audit.read", *recognition}


def test_two_roles_permit_what_either_does(roles: Roles) -> None:
    both = roles.permissions_of(["supervisor", "agent"])
    assert both == roles.permissions_of(["supervisor"]) | roles.permissions_of(["agent"])


def test_a_role_that_was_taken_out_permits_nothing(roles: Roles) -> None:
    assert roles.permissions_of(["gone"]) == frozenset()


def test_a_user_gets_no_role_that_does_not_exist(roles: Roles) -> None:
    assert roles.check(["qa", "agent", "qa"]) == ["agent", "qa"]
    with pytest.raises(UnknownRole, match="boss") as caught:
        roles.check(["agent", "boss"])
    assert caught.value.field == "roles"


def test_an_unknown_permission_stops_the_start_up_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / "roles.yaml"
    file.write_text("roles: {agent: {title: 坐席, permissions: [desk.sit, desk.fly]}}", encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match=r"roles\.agent\.permissions"):
        load_roles(file)
