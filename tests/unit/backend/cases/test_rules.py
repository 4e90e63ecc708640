"""What a form must hold to become a case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.cases import errors
from backend.cases.conditions import FilingConditions, load_conditions
from backend.cases.rules import ReferenceData, check_form, clean_line, clean_text, fingerprint
from backend.cases.schemas import CaseForm, ConditionView, Need
from backend.deadlines.rules import load_timekeeping
from backend.grid.file import GridFile
from backend.grid.grid import Grid
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.datafile import load_data
from backend.taxonomy.schemas import Urgency
from backend.taxonomy.taxonomy import load_taxonomy

REFERENCE = ReferenceData(
    Grid(load_data(GridFile, PROJECT_ROOT / "configs" / "grid" / "district.yaml").areas),
    load_taxonomy(PROJECT_ROOT / "configs" / "taxonomy" / "hotline.yaml"),
    load_timekeeping(PROJECT_ROOT / "configs" / "calendar.yaml", PROJECT_ROOT / "configs" / "deadlines.yaml"),
)
REQUEST = UUID("00000000-0000-0000-0000-000000000001")
RIGHT: dict[str, Any] = {
    "request_id": REQUEST,
    "what": "小区电梯已坏3天，物业公司无人处理。",
    "citizen_name": "王女士",
    "address": "忠实里西区3号楼",
    "street_code": "110101013",
    "community_code": "110101013007",
    "class_code": "0101",
}


def form(**changes: Any) -> CaseForm:
    return CaseForm(**{**RIGHT, **changes})


def test_a_right_form_names_its_street_community_and_class() -> None:
    checked = check_form(form(), REFERENCE)
    assert (checked.street.name, checked.community and checked.community.name) == ("东花市街道", "忠实里社区")
    assert checked.case_class.path == ["物业管理", "电梯故障"]
    assert checked.citizen_name == "王女士"


@pytest.mark.parametrize("community", [None, "", "  "])
def test_a_case_may_do_without_a_community(community: str | None) -> None:
    assert check_form(form(community_code=community), REFERENCE).community is None


UNIT = REFERENCE.grid.unit_grid("110101013007003")
assert UNIT is not None
INSIDE = UNIT.shape.representative_point()
PLACE = {"place_code": None, "unit_grid_code": UNIT.code, "longitude": INSIDE.x, "latitude": INSIDE.y}


def test_a_place_brings_its_base_grid_and_the_community_that_nobody_chose() -> None:
    checked = check_form(form(community_code=None, place=PLACE), REFERENCE)
    assert UNIT is not None
    assert checked.place is not None
    assert checked.place.base_grid_code == UNIT.parent
    assert checked.place.base_grid_name.startswith("忠实里社区")
    assert checked.community is not None
    assert checked.community.name == "忠实里社区"
    assert check_form(form(), REFERENCE).place is None


@pytest.mark.parametrize(
    ("changes", "place", "error"),
    [
        ({}, {"unit_grid_code": "110101013007999"}, errors.UnknownUnitGrid),
        ({}, {"unit_grid_code": "110101013007"}, errors.UnknownUnitGrid),
        ({"street_code": "110101001", "community_code": None}, {}, errors.PointElsewhere),
        ({"community_code": "110101013001"}, {}, errors.PointElsewhere),
        ({}, {"longitude": 116.39}, errors.PointElsewhere),
    ],
)
def test_a_place_must_lie_where_the_form_says(
    changes: dict[str, Any], place: dict[str, Any], error: type[errors.CaseInvalid]
) -> None:
    with pytest.raises(error) as caught:
        check_form(form(**{**changes, "place": {**PLACE, **place}}), REFERENCE)
    assert caught.value.field == "place"


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"what": ""}, errors.CaseWithoutContent, "what"),
        ({"what": " \n\t\u3000\x00\u202e"}, errors.CaseWithoutContent, "what"),
        ({"street_code": " "}, errors.CaseWithoutStreet, "street_code"),
        ({"street_code": "110105001"}, errors.UnknownStreet, "street_code"),
        ({"street_code": "x" * 10_000}, errors.UnknownStreet, "street_code"),
        ({"community_code": "110101013999"}, errors.UnknownCommunity, "community_code"),
        ({"community_code": "110101001001"}, errors.CommunityNotInStreet, "community_code"),
        ({"class_code": ""}, errors.CaseWithoutClass, "class_code"),
        ({"class_code": "9999"}, errors.UnknownClass, "class_code"),
        ({"answered_at_once": True, "answer": " "}, errors.AnsweredWithoutAnswer, "answer"),
    ],
)
def test_each_rule_names_its_field_what_is_kept_and_what_to_do(
    changes: dict[str, Any], error: type[errors.CaseInvalid], field: str
) -> None:
    with pytest.raises(error) as caught:
        check_form(form(**changes), REFERENCE)
    told = caught.value
    assert told.field == field
    assert told.kept
    assert told.next_step
    assert len(told.message) < 200


def test_of_several_mistakes_the_first_in_the_order_of_the_form_is_told() -> None:
    with pytest.raises(errors.CaseWithoutContent):
        check_form(form(what="", street_code="", class_code=""), REFERENCE)
    with pytest.raises(errors.CaseWithoutStreet):
        check_form(form(street_code="", class_code=""), REFERENCE)


def test_texts_are_trimmed_and_a_line_is_one_line() -> None:
    checked = check_form(form(what="  一\r\n二\x07 ", address=" 忠实里\n西区 \t3号楼 "), REFERENCE)
    assert (checked.what, checked.address) == ("一\n二", "忠实里 西区 3号楼")


def test_rare_characters_of_a_name_stay() -> None:
    assert clean_line("王\ue000𬀩") == "王\ue000𬀩"


@given(st.text())
def test_clean_text_is_stable_and_can_be_stored(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert "\x00" not in once
    once.encode("utf-8")
    assert "\n" not in clean_line(text)


TEXTS = st.text(max_size=20)
FORMS = st.builds(
    CaseForm,
    request_id=st.uuids(),
    draft_id=st.none() | st.uuids(),
    call_id=st.none() | st.from_regex(r"[\x21-\x7e]{1,20}", fullmatch=True),
    what=TEXTS,
    street_code=TEXTS,
    class_code=TEXTS,
    urgency=st.sampled_from(Urgency),
    identity_secret=st.booleans(),
    answer=TEXTS,
)


@given(FORMS, st.uuids(), st.none() | st.uuids())
def test_the_fingerprint_does_not_depend_on_the_request_or_the_draft(
    one: CaseForm, request_id: UUID, draft_id: UUID | None
) -> None:
    again = one.model_copy(update={"request_id": request_id, "draft_id": draft_id})
    assert fingerprint(one) == fingerprint(again)


@given(FORMS, FORMS)
def test_forms_that_say_something_else_have_another_fingerprint(one: CaseForm, other: CaseForm) -> None:
    said = [each.model_dump(exclude={"request_id", "draft_id"}) for each in (one, other)]
    assert (fingerprint(one) == fingerprint(other)) is (said[0] == said[1])


WITH_CONDITIONS = replace(
    REFERENCE, conditions=load_conditions(PROJECT_ROOT / "configs" / "filing" / "conditions.yaml")
)


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"class_code": "1401", "address": "  "}, errors.CaseWithoutAddress, "address"),
        ({"class_code": "1101", "citizen_name": ""}, errors.CaseWithoutCitizenName, "citizen_name"),
        ({"class_code": "1602"}, errors.ClassOutOfScope, "class_code"),
    ],
)
def test_a_filing_condition_names_the_field_the_class_and_what_to_do(
    changes: dict[str, Any], error: type[errors.CaseInvalid], field: str
) -> None:
    with pytest.raises(error) as caught:
        check_form(form(**changes), WITH_CONDITIONS)
    told = caught.value
    assert (told.field, bool(told.kept), bool(told.next_step)) == (field, True, True)
    assert REFERENCE.taxonomy.case_class(changes["class_code"]).name in told.message  # type: ignore[union-attr]
    answered = form(**changes, answered_at_once=True, answer="已告知市民")
    assert check_form(answered, WITH_CONDITIONS).answer == "已告知市民"


def test_who_is_in_charge_is_told_where_the_hotline_is_not() -> None:
    with pytest.raises(errors.ClassOutOfScope, match="110"):
        check_form(form(class_code="1602"), WITH_CONDITIONS)


def test_a_condition_holds_for_the_classes_below_it_unless_they_have_their_own() -> None:
    conditions = FilingConditions(
        [a_condition("02", Need.ADDRESS), a_condition("0201"), a_condition("020101", Need.COMMUNITY)]
    )
    found = {code: conditions.of_class(code) for code in ("02", "0202", "0201", "020102", "02010101", "01", "2")}
    assert {code: each and each.class_code for code, each in found.items()} == {
        "02": "02", "0202": "02", "0201": "0201", "020102": "0201", "02010101": "020101", "01": None, "2": None,
    }  # fmt: skip


def a_condition(code: str, *needs: Need) -> ConditionView:
    return ConditionView(class_code=code, needs=list(needs), asks=[], redirect_to="", reason="")


STREETS = [street.code for street in REFERENCE.grid.streets]
COMMUNITIES = [each.code for each in REFERENCE.grid.communities if each.parent in STREETS[:3]]
CLASSES = [each.code for each in REFERENCE.taxonomy.classes]


@given(
    what=st.sampled_from(["", " ", "漏水"]),
    street=st.sampled_from(["", "110101099", *STREETS[:3]]),
    community=st.sampled_from([None, "", "110101099001", *COMMUNITIES]),
    case_class=st.sampled_from(["", "77", *CLASSES[:3]]),
    answered=st.booleans(),
    answer=st.sampled_from(["", "已告知办理流程"]),
)
def test_a_form_is_taken_exactly_when_it_keeps_every_rule(
    what: str, street: str, community: str | None, case_class: str, answered: bool, answer: str
) -> None:
    one = form(
        what=what,
        street_code=street,
        community_code=community,
        class_code=case_class,
        answered_at_once=answered,
        answer=answer,
    )
    right = (
        what.strip() != ""
        and street in STREETS
        and (not community or (community in COMMUNITIES and community.startswith(street)))
        and case_class in CLASSES
        and (not answered or answer != "")
    )
    if right:
        assert check_form(one, REFERENCE).street.code == street
    else:
        with pytest.raises(errors.CaseInvalid):
            check_form(one, REFERENCE)
