"""What Asterisk's own database holds for the dialplan, kept level with what is wanted.

Three families are ours: `blacklist` (number -> the second since 1970 until which it is refused), `priority` (number ->
the priority in the queue) and `own-seat` (number -> seat and its place in the queue of own seats). A fourth,
`callback`, is written by the dialplan: the numbers that asked for a callback, each with the id of the call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from telephony.ami import AmiActionFailed, AmiReply
from telephony.ami.action import Headers

BLACKLIST, PRIORITY, OWN_SEAT = "blacklist", "priority", "own-seat"
FAMILIES = (BLACKLIST, PRIORITY, OWN_SEAT)
CALLBACK = "callback"

Table = Mapping[tuple[str, str], str]
"""(family, key) -> value."""
Ask = Callable[[Headers], Awaitable[AmiReply]]


def table_actions(wanted: Table, actual: Table) -> list[dict[str, str]]:
    """The AMI actions that bring Asterisk's database from `actual` to `wanted`; none when it is there already."""
    drop = [_delete(family, key) for family, key in sorted(actual.keys() - wanted.keys())]
    put = [
        {"Action": "DBPut", "Family": family, "Key": key, "Val": value}
        for (family, key), value in sorted(wanted.items())
        if actual.get((family, key)) != value
    ]
    return drop + put


async def read(ask: Ask, families: Iterable[str]) -> dict[tuple[str, str], str]:
    """What Asterisk's database holds in these families. Raises what `ask` raises."""
    table: dict[tuple[str, str], str] = {}
    for family in families:
        try:
            reply = await ask({"Action": "DBGetTree", "Family": family})
        except AmiActionFailed:  # an empty family is an error to Asterisk
            continue
        for item in reply.items:
            _, found, key = item["Key"].split("/", 2)
            table[found, key] = item["Val"]
    return table


async def correct(ask: Ask, wanted: Table, actual: Table) -> int:
    """Do what `table_actions` says; returns how many actions it took. Raises what `ask` raises."""
    actions = table_actions(wanted, actual)
    for action in actions:
        try:
            await ask(action)
        except AmiActionFailed:  # the key that was to be dropped is gone already
            if action["Action"] == "DBPut":
                raise
    return len(actions)


async def forget_wish(ask: Ask, key: str) -> None:
    """A wish for a callback that is kept in the record now. Raises what `ask` raises."""
    try:
        await ask(_delete(CALLBACK, key))
    except AmiActionFailed:
        return


def _delete(family: str, key: str) -> dict[str, str]:
    return {"Action": "DBDel", "Family": family, "Key": key}
