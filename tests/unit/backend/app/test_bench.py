"""The arithmetic of the bench, and the bytes that it feeds to both sides."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.benches.ami_facts import TRACES, read_ours, read_peer, renumbered, wire
from backend.app.benches.figure import BenchFailed, Errors, Figure, Step, doubles_at, percentile


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    smaller = [value for value in values if value < found]
    assert len(smaller) < share * len(values) + 1e-9


def test_of_one_to_a_hundred_the_95th_is_95() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (percentile(values, 0.95), percentile(values, 0.5), percentile(values, 1.0)) == (95.0, 50.0, 100.0)


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(BenchFailed):
        percentile([], 0.95)
    with pytest.raises(BenchFailed):
        doubles_at([])


def test_a_delay_doubles_between_two_steps_in_proportion() -> None:
    assert doubles_at([(1, 10.0), (10, 12.0), (20, 28.0), (30, 90.0)]) == 15.0
    assert doubles_at([(1, 10.0), (10, 9.0), (60, 19.9)]) == 60
    assert doubles_at([(1, 10.0), (2, 20.0)]) == 2


@given(st.lists(st.floats(0.1, 1e4), min_size=1, max_size=12))
def test_where_a_delay_doubles_lies_on_the_ladder(delays: list[float]) -> None:
    top = doubles_at([(float(n), delay) for n, delay in enumerate(delays)])
    assert 0 <= top <= len(delays) - 1


def test_a_line_of_the_report_has_its_ratio_and_the_steps_only_of_a_ladder() -> None:
    plain = Figure("popup_1", 12.0, "ms", "bare", 10.0, "lower")
    assert plain.as_json() == {
        "name": "popup_1", "value": 12.0, "unit": "ms", "peer": "bare", "peer_value": 10.0, "ratio": 1.2,
        "better": "lower",
    }  # fmt: skip
    climbed = Figure("calls_per_second", 20.0, "calls a second", "bare", 40.0, "higher", (Step("ours", 1, 8.0, 9.0),))
    assert climbed.as_json()["steps"] == ({"who": "ours", "per_second": 1, "p50": 8.0, "p95": 9.0},)


@pytest.mark.parametrize(
    ("value", "better", "ours", "held"),
    [
        (20.0, "higher", 0.03, True),
        (19.9, "higher", 0.03, False),
        (30.0, "higher", 0.051, False),
        (20.0, "lower", 0.05, True),
        (20.1, "lower", 0.05, False),
    ],
)
def test_a_limit_holds_only_without_worse_text(
    value: float, better: Literal["higher", "lower"], ours: float, held: bool
) -> None:
    figure = Figure("transcription", value, "", "bare", 10.0, better, limit=2.0, errors=Errors(ours, 0.05))
    assert figure.held is held
    assert figure.as_json()["limit"] == 2.0
    assert figure.as_json()["errors"] == {"ours": ours, "peer": 0.05}


def test_both_sides_of_ami_facts_read_every_round_as_calls_of_its_own() -> None:
    once = wire(TRACES)
    rounds = [once[at : at + 1000] for at in range(0, len(once), 1000)]
    twice = [renumbered(once, 0) + renumbered(once, 1)]
    banner = b"Asterisk Call Manager/11.0.0\r\n"
    facts = read_ours([banner, *rounds])
    assert facts > 100
    assert 1.8 * facts < read_ours([banner, *twice]) <= 2 * facts  # a phone that is registered registers once
    assert read_peer([banner, *twice]) == 2 * read_peer([banner, *rounds]) == 2 * (b"\r\n" + once).count(b"\r\nEvent: ")
