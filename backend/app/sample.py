"""Sample cases: made up, the same ones for the same seed, with everything that filing a case leaves behind; pure.

They are made day by day, each day by dice of its own, so that several processes can make them at the same time.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

from backend.cases.numbering import case_number
from backend.cases.schemas import CaseStatus
from backend.cases.search import search_row
from backend.cases.states import CaseMove, move
from backend.kernel.clock import BEIJING
from backend.taxonomy.schemas import Urgency

CASE_COLUMNS = (
    "case_id", "number", "request_id", "fingerprint", "draft_id", "version", "status", "channel", "call_id",
    "dialed_number", "caller_number", "caller_e164", "citizen_name", "identity_secret", "what", "address",
    "street_code", "street_name", "community_code", "community_name", "class_code", "class_name", "class_path",
    "taxonomy_version", "urgency", "answered_at_once", "answer", "filed_at", "filed_by_id", "filed_by", "closed_at",
)  # fmt: skip
EVENT_COLUMNS = ("case_id", "at", "kind", "actor_id", "actor", "detail")
SEARCH_COLUMNS = ("case_id", "filed_at", "document", "citizen", "grams")

_WHO = ("市民来电反映", "来电人称", "居民反映", "市民咨询", "多位居民反映", "家属来电反映", "商户反映")
_HOW_LONG = (
    "已有3天",
    "持续半个月", "近两个月", "从上周开始", "昨天夜里起", "每天早晚高峰", "长期存在", "今天发现", "多次出现",
)  # fmt: skip
_EFFECT = (
    "影响居民正常生活", "老人出行不便", "存在安全隐患", "味道很大", "夜间无法休息", "行人只能绕行", "孩子上学路上危险",
    "多次联系物业无人处理", "向社区反映后没有答复", "已经拨打过一次热线", "周边商户意见很大", "堵住了消防通道",
)  # fmt: skip
_WISH = (
    "希望尽快处理", "要求相关部门到现场查看", "希望给予明确答复", "请协调解决", "希望加强管理", "要求尽快恢复",
    "希望回复处理结果", "请核实情况", "希望尽快维修", "要求清理干净",
)  # fmt: skip
_ANSWERS = (
    "已向来电人解释相关政策，来电人表示理解", "已告知办理地点、时间和所需材料", "已告知责任单位及联系电话",
    "已说明处理流程和时限，来电人满意", "已查询知识库并当场答复",
)  # fmt: skip
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国红梅淑珍志文海燕春雪梓涵宇轩"
_PLACES = (
    "{n}号院{m}号楼",
    "小区{m}号楼{u}单元",
    "胡同{n}号",
    "大街{n}号",
    "{n}号楼下",
    "西区{m}号楼",
    "东里{n}号楼{u}单元{r}室",
)
_HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 18, 16, 12, 14, 16, 16, 15, 13, 11, 9, 7, 5, 3, 2)


@dataclass(frozen=True, slots=True)
class Area:
    """A community with the street that it lies in, each as code and name."""

    street: tuple[str, str]
    community: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of cases with the words that citizens use for it."""

    code: str
    name: str
    path: tuple[str, ...]
    version: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """What sample cases are made of. `filers` are users by id and name; nothing is filed after `until`.

    Cases filed later than `open_after` may still be open.
    """

    seed: int
    areas: tuple[Area, ...]
    kinds: tuple[Kind, ...]
    filers: tuple[tuple[UUID, str], ...]
    until: datetime
    open_after: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """So many cases of one Beijing day. `given` are the numbers that were given out that day already, by hotline."""

    day: date
    cases: int
    given: Mapping[str, int]


def days_of(cases: int, last: date, days: int, given: Mapping[tuple[str, date], int]) -> list[Day]:
    """Spread cases over the days up to `last`: more from year to year, more on working days and in winter."""
    first = last - timedelta(days=days - 1)
    each = [first + timedelta(days=n) for n in range(days)]
    weights = [
        (1 + n / days) * (0.6 if day.weekday() > 4 else 1) * (1.3 if day.month in (11, 12, 1) else 1)
        for n, day in enumerate(each)
    ]
    reached = [round(cases * sum_ / sum(weights)) for sum_ in accumulate(weights)]
    return [
        Day(day, upto - before, {prefix: last for (prefix, on), last in given.items() if on == day})
        for day, upto, before in zip(each, reached, [0, *reached], strict=False)
    ]


def cases_of(world: World, day: Day) -> Iterator[dict[str, Any]]:
    """The cases of a day in the order of filing, as rows of `cases`."""
    dice = random.Random(f"{world.seed}:{day.day}")  # noqa: S311 - nothing secret hangs on it
    midnight = datetime.combine(day.day, time(), BEIJING)
    passed = max(1, min(86_400, int((world.until - midnight).total_seconds())))
    wished = (hour * 3600 + dice.randrange(3600) for hour in dice.choices(range(24), _HOURS, k=day.cases))
    moments = sorted(second if second < passed else dice.randrange(passed) for second in wished)
    given = dict(day.given)
    for second in moments:
        filed_at = midnight + timedelta(seconds=second, milliseconds=dice.randrange(1000))
        hotline = "96010" if dice.random() < 0.7 else "12345"
        given[hotline] = given.get(hotline, 0) + 1
        yield _case(world, dice, filed_at, hotline, case_number(hotline, day.day, given[hotline]))


def events_of(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The time line that filing leaves."""
    detail = {
        "number": case["number"],
        "call_id": None,
        "street": case["street_name"],
        "class": " / ".join(case["class_path"]),
        "urgency": case["urgency"],
    }
    common = {"case_id": case["case_id"], "actor_id": case["filed_by_id"], "actor": case["filed_by"]}
    filed = {**common, "at": case["filed_at"], "kind": CaseMove.FILE.value, "detail": detail}
    if not case["answered_at_once"]:
        return [filed]
    answered = {**common, "at": case["closed_at"], "kind": CaseMove.ANSWER_AT_ONCE.value, "detail": {}}
    return [filed, answered]


@dataclass(frozen=True, slots=True)
class Made:
    """The cases of some days as the COPY text of the three tables."""

    count: int
    cases: bytes
    events: bytes
    search: bytes


def make(world: World, days: Sequence[Day]) -> Made:
    """Make the cases of these days."""
    cases = [case for day in days for case in cases_of(world, day)]
    return Made(
        len(cases),
        _copy_text(cases, CASE_COLUMNS),
        _copy_text((event for case in cases for event in events_of(case)), EVENT_COLUMNS),
        _copy_text(map(search_row, cases), SEARCH_COLUMNS),
    )


def _case(world: World, dice: random.Random, filed_at: datetime, hotline: str, number: str) -> dict[str, Any]:
    area, kind = dice.choice(world.areas), dice.choice(world.kinds)
    case_id = UUID(int=dice.getrandbits(128), version=4)
    filer_id, filer = dice.choice(world.filers)
    mobile = (
        f"1{dice.choice('3578')}{dice.randrange(400):03d}{dice.randrange(1000):06d}" if dice.random() < 0.9 else None
    )
    is_open = filed_at > world.open_after and dice.random() < 0.6
    filed = move(None, CaseMove.FILE)
    status: CaseStatus = filed if is_open else move(filed, CaseMove.ANSWER_AT_ONCE)
    urgency = Urgency.NORMAL if is_open else dice.choices(tuple(Urgency), (93, 6, 1))[0]
    return {
        "case_id": case_id,
        "number": number,
        "request_id": UUID(int=dice.getrandbits(128), version=4),
        "fingerprint": hashlib.sha256(case_id.bytes).hexdigest(),
        "draft_id": None,
        "version": 1 if is_open else 2,
        "status": status.value,
        "channel": "hotline",
        "call_id": None,
        "dialed_number": hotline,
        "caller_number": mobile,
        "caller_e164": f"+86{mobile}" if mobile else None,
        "citizen_name": _name(dice),
        "identity_secret": dice.random() < 0.05,
        "what": _what(dice, kind),
        "address": area.community[1].removesuffix("社区") + _place(dice),
        "street_code": area.street[0],
        "street_name": area.street[1],
        "community_code": area.community[0],
        "community_name": area.community[1],
        "class_code": kind.code,
        "class_name": kind.name,
        "class_path": list(kind.path),
        "taxonomy_version": kind.version,
        "urgency": urgency.value,
        "answered_at_once": not is_open,
        "answer": "" if is_open else dice.choice(_ANSWERS),
        "filed_at": filed_at,
        "filed_by_id": filer_id,
        "filed_by": filer,
        "closed_at": None if is_open else filed_at,
    }


def _what(dice: random.Random, kind: Kind) -> str:
    said = f"{dice.choice(_WHO)}，{dice.choice(kind.words)}{dice.choice(_HOW_LONG)}，{dice.choice(_EFFECT)}"
    if dice.random() < 0.5:
        said += f"，{dice.choice(_EFFECT)}"
    return f"{said}，{dice.choice(_WISH)}。"


def _name(dice: random.Random) -> str:
    if dice.random() < 0.3:
        return f"{dice.choice(_SURNAMES)}{dice.choice(('先生', '女士'))}"
    return dice.choice(_SURNAMES) + "".join(dice.choices(_GIVEN, k=dice.choice((1, 2, 2))))


def _place(dice: random.Random) -> str:
    numbers = {
        "n": dice.randint(1, 199),
        "m": dice.randint(1, 30),
        "u": dice.randint(1, 8),
        "r": dice.randint(101, 2804),
    }
    return dice.choice(_PLACES).format(**numbers)


def _copy_text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    lines = ("\t".join([_field(row[name]) for name in columns]) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _field(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, list):
        return _escaped("{" + ",".join(json.dumps(each, ensure_ascii=False) for each in value) + "}")
    if isinstance(value, dict):
        return _escaped(json.dumps(value, ensure_ascii=False))
    return str(value)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
