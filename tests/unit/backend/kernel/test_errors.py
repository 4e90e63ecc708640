"""Errors are named by their class and tell what happened, what was kept and what to do."""

from __future__ import annotations

import pytest

from backend.kernel.errors import Conflict, Forbidden, HotlineError, IllegalTransition, NotFound, Unavailable


def test_an_error_is_sent_whole() -> None:
    class CupEmpty(HotlineError):
        """No tea is left."""

    error = CupEmpty("The cup is empty.", kept="The pot is full.", next_step="Pour.", field="cup")
    assert error.as_dict() == {
        "error": "CupEmpty", "message": "The cup is empty.", "kept": "The pot is full.", "next_step": "Pour.",
        "field": "cup",
    }  # fmt: skip
    assert str(error) == "The cup is empty. The pot is full. Pour."
    assert str(CupEmpty("The cup is empty.")) == "The cup is empty."


@pytest.mark.parametrize(
    ("kind", "status"),
    [(HotlineError, 400), (NotFound, 404), (Conflict, 409), (IllegalTransition, 409), (Forbidden, 403),
     (Unavailable, 503)],
)  # fmt: skip
def test_each_kind_has_its_status(kind: type[HotlineError], status: int) -> None:
    assert kind("x").http_status == status
