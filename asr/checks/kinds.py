"""Every kind of rule, and rules read from what a file or a table says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeAlias

from pydantic import Field, TypeAdapter

from asr.checks.agitation import Agitation
from asr.checks.case_mismatch import CaseMismatch
from asr.checks.counter_questions import CounterQuestions
from asr.checks.forbidden_words import ForbiddenWords
from asr.checks.hold import Hold
from asr.checks.interruption import Interruption
from asr.checks.overtalk import Overtalk
from asr.checks.personal_data import PersonalData
from asr.checks.praise import Praise
from asr.checks.promised_time import PromisedTime
from asr.checks.repeat_back import RepeatBack
from asr.checks.required_words import RequiredWords
from asr.checks.silence import Silence
from asr.checks.speed import Speed

AnyRule: TypeAlias = Annotated[
    ForbiddenWords
    | CounterQuestions
    | RequiredWords
    | RepeatBack
    | PromisedTime
    | Silence
    | Overtalk
    | Interruption
    | Speed
    | Hold
    | Agitation
    | PersonalData
    | CaseMismatch
    | Praise,
    Field(discriminator="kind"),
]
_RULES: TypeAdapter[tuple[AnyRule, ...]] = TypeAdapter(tuple[AnyRule, ...])


def read_rules(said: Iterable[Any]) -> tuple[AnyRule, ...]:
    """The rules that these mappings describe; raises pydantic's `ValidationError`."""
    return _RULES.validate_python(list(said))
