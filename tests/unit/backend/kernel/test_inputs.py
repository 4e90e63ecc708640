"""What is wrong with a field is told by its name and its rule, so that a screen can say it in its own language."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from backend.kernel.inputs import input_invalid


class Form(BaseModel):
    """A form."""

    what: Annotated[str, Field(min_length=1, max_length=5)]
    amount: Annotated[int, Field(ge=1, le=9)] = 1


@pytest.mark.parametrize(
    ("said", "field", "rule", "limit"),
    [
        ({"what": "电梯坏了一周"}, "what", "string_too_long", "5"),
        ({"what": ""}, "what", "string_too_short", "1"),
        ({}, "what", "missing", ""),
        ({"what": "x", "amount": 10}, "amount", "less_than_equal", "9"),
        ({"what": "x", "amount": 0}, "amount", "greater_than_equal", "1"),
        ({"what": "x", "amount": "many"}, "amount", "int_parsing", ""),
    ],
)
def test_the_field_the_rule_and_its_limit_are_named(said: dict[str, Any], field: str, rule: str, limit: str) -> None:
    with pytest.raises(ValidationError) as found:
        Form.model_validate(said)
    error = input_invalid([{**each, "loc": ("body", *each["loc"])} for each in found.value.errors()], skip=1)
    assert (error.field, error.facts) == (field, {"rule": rule, "limit": limit})
    assert error.message.startswith(f"{field}: ")
    assert error.next_step


def test_what_is_no_json_is_said_so() -> None:
    assert "no JSON" in input_invalid([{"type": "json_invalid", "loc": ("body", 1), "msg": "x"}]).message
