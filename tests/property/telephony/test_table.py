"""What Asterisk's database is told: one comparison brings it level, whatever it held; the next has nothing to do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telephony.table import FAMILIES, table_actions

keys = st.tuples(st.sampled_from(FAMILIES), st.from_regex(r"[0-9]{7,11}", fullmatch=True))
tables = st.dictionaries(keys, st.sampled_from(["1", "10", "8001-1"]), max_size=8)


@given(tables, tables)
def test_one_comparison_brings_it_level(wanted: dict[tuple[str, str], str], actual: dict[tuple[str, str], str]) -> None:
    held = dict(actual)
    for action in table_actions(wanted, actual):
        place = action["Family"], action["Key"]
        if action["Action"] == "DBPut":
            assert held.get(place) != action["Val"], "nothing is told twice"
            held[place] = action["Val"]
        else:
            del held[place]
    assert held == wanted
    assert table_actions(wanted, held) == []
