"""A simulated agent writes down what the dialogue says, with codes that the platform takes."""

from __future__ import annotations

from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_console.simulated_agent import Codes, citizen_name, load_scripts, script_for
from backend.cases.rules import ReferenceData, check_form
from backend.deadlines.rules import load_timekeeping
from backend.grid.file import GridFile
from backend.grid.grid import Grid
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.datafile import load_data
from backend.taxonomy.taxonomy import load_taxonomy

CONFIGS = PROJECT_ROOT / "configs"
SCRIPTS = load_scripts(CONFIGS / "demo" / "dialogues.yaml")
REFERENCE = ReferenceData(
    Grid(load_data(GridFile, CONFIGS / "grid" / "district.yaml").areas),
    load_taxonomy(CONFIGS / "taxonomy" / "hotline.yaml"),
    load_timekeeping(CONFIGS / "calendar.yaml", CONFIGS / "deadlines.yaml"),
)


@pytest.fixture(scope="module")
def codes() -> Codes:
    streets = [street.model_dump(mode="json") for street in REFERENCE.grid.as_options()]
    return Codes.read({"streets": streets, "taxonomy": REFERENCE.taxonomy.as_options().model_dump(mode="json")})


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.id)
def test_every_dialogue_makes_a_case_that_can_be_filed(codes: Codes, script) -> None:  # type: ignore[no-untyped-def]
    form = codes.form(script, "138****0001", "c1", uuid4(), uuid4())
    checked = check_form(form, REFERENCE)
    assert checked.what == script.what
    assert checked.case_class.name == script.class_
    assert checked.community is not None
    assert (checked.street.name, checked.community.name) == (script.street, script.community)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.id)
def test_a_draft_grows_until_it_is_the_form(codes: Codes, script) -> None:  # type: ignore[no-untyped-def]
    drafts = [codes.draft(script, share) for share in (0.3, 0.7, 1.0)]
    assert drafts[0].what
    assert all(later.what.startswith(earlier.what) for earlier, later in pairwise(drafts))
    form = codes.form(script, "138****0001", "c1", uuid4(), uuid4())
    assert (drafts[-1].what, drafts[-1].class_code, drafts[-1].address) == (form.what, form.class_code, form.address)


@given(st.integers(0, 9999))
def test_the_last_digits_choose_the_dialogue_also_when_masked(digits: int) -> None:
    number = f"13800{digits % 10}{digits:04d}"
    assert script_for(number, SCRIPTS) is script_for(f"138****{digits:04d}", SCRIPTS)
    assert script_for(number, SCRIPTS) is SCRIPTS[digits % len(SCRIPTS)]


@given(st.text(max_size=20))
def test_any_number_has_a_dialogue_and_a_name(number: str) -> None:
    assert script_for(number, SCRIPTS) in SCRIPTS
    assert citizen_name(number)[1:] in ("女士", "先生")
    assert citizen_name(number) == citizen_name(number)
