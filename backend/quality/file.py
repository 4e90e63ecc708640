"""The file of quality rules: one set of them with a version, every mistake named by its line.

A rule is proven by its own examples before it is taken: a file with a rule that does not find what it says it finds
changes nothing. A rule that says something else than under the same version before needs a new version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from asr.checks.checking import circle
from asr.checks.kinds import AnyRule, read_rules
from asr.checks.proving import prove
from backend.kernel.config import read_yaml
from backend.kernel.datafile import Misplaced, Place, Wrong, data_invalid
from backend.kernel.loading import DataHead, Dataset, Entry
from backend.quality.models import RuleRow

QUALITY = "quality"


class RuleFile(DataHead):
    """Rules that belong together; files with another `set` are versions of their own."""

    set: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    rules: tuple[AnyRule, ...] = Field(min_length=1)


def read_rule_file(path: Path) -> RuleFile:
    """What a file says, each rule proven by its examples. Raises `DataInvalid` with the line of every mistake."""
    file = parse_rule_file(path)
    if mistakes := list(mistakes_of(file.rules)):
        raise data_invalid(path, mistakes)
    return file


def parse_rule_file(path: Path) -> RuleFile:
    """What a file says, before anything in it is proven. Raises `DataInvalid`."""
    content = read_yaml(path)
    try:
        return RuleFile.model_validate(content)
    except ValidationError as error:
        # that no rule is left once the wrong ones are taken out is no mistake of its own
        told = [each for each in error.errors() if each["loc"] != ("rules",)] or error.errors()
        wrong = ((_place(content, each["loc"]), Wrong.as_found(each)) for each in told)
        raise data_invalid(path, wrong) from error


def mistakes_of(rules: tuple[AnyRule, ...], others: tuple[AnyRule, ...] = ()) -> Iterator[Misplaced]:
    """What is wrong between rules, or within one that its own examples tell; they may lean on `others` that stand."""
    ids = Counter(rule.id for rule in rules)
    known = {*ids, *(rule.id for rule in others)}
    for index, rule in enumerate(rules):
        here: Place = ("rules", index)
        if ids[rule.id] > 1:
            yield (*here, "id"), Wrong(f"the rule {rule.id} stands twice", "rule_twice", {"rule": rule.id})
        if all(example.finds for example in rule.examples) or not any(example.finds for example in rule.examples):
            told = "there must be an example that is found and a counter-example that is not"
            yield (*here, "examples"), Wrong(told, "examples_one_sided")
        if rule.place.after is not None and rule.place.after.rule not in known:
            anchor = rule.place.after.rule
            told = f"there is no rule {anchor} here"
            yield (*here, "place", "after", "rule"), Wrong(told, "anchor_unknown", {"rule": anchor})
    if waiting := circle((*rules, *(each for each in others if each.id not in ids))):
        told = f"the rules {', '.join(waiting)} are anchored to each other in a circle"
        yield ("rules",), Wrong(told, "anchors_in_circle", {"rules": "、".join(waiting)})
        return
    for index, rule in enumerate(rules):
        for proof in prove(rule, (*others, *rules)):
            if not proof.holds:
                place: Place = ("rules", index, "examples", proof.index)
                yield place, Wrong(f"{proof.example.name}: {proof.said}", "example_fails", proof.facts)


def said_by(rule: AnyRule) -> dict[str, Any]:
    """What a rule says, as it is stored."""
    return rule.model_dump(mode="json", exclude_defaults=True) | {"kind": rule.kind}


def row_of(rule: AnyRule) -> dict[str, Any]:
    """What the row of a rule says, whichever version of the data brings it."""
    return {
        "code": rule.id,
        "name": rule.title.zh,
        "rule_version": rule.version,
        "kind": rule.kind,
        "severity": rule.severity.value,
        "points": rule.points,
        "content": said_by(rule),
    }


def rule_of(content: dict[str, Any]) -> AnyRule:
    """A stored rule."""
    (rule,) = read_rules([content])
    return rule


def _place(content: Any, loc: tuple[int | str, ...]) -> Place:
    """The place without the names of kinds, which pydantic puts between a rule and its fields."""
    place: list[int | str] = []
    for step in loc:
        known = isinstance(step, int) or not isinstance(content, dict) or step in content or step == loc[-1]
        if known:
            place.append(step)
            content = _below(content, step)
    return tuple(place)


def _below(content: Any, step: int | str) -> Any:
    try:
        return content[step]
    except (KeyError, IndexError, TypeError):
        return None


def _entries(file: RuleFile) -> Iterator[Entry]:
    for index, rule in enumerate(file.rules):
        yield Entry(("rules", index), row_of(rule))


async def _against_what_stands(session: AsyncSession, file: RuleFile) -> Iterable[Misplaced]:
    """Rules that say something else under a version that was there."""
    rows = await session.execute(select(RuleRow.code, RuleRow.rule_version, RuleRow.content))
    known = {(row.code, row.rule_version): row.content for row in rows}
    found: list[Misplaced] = []
    for index, rule in enumerate(file.rules):
        before = known.get((rule.id, rule.version))
        if before is not None and before != said_by(rule):
            told = f"version {rule.version} of {rule.id} said something else before; what is new needs a new version"
            found.append((("rules", index, "version"), told))
    return found


RULES = Dataset(
    name=QUALITY,
    model=RuleFile,
    tables={RuleRow: _entries},
    refer=_against_what_stands,
    part=lambda file: file.set,
    read=read_rule_file,
)
