"""What the hub keeps and shows of captions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from agent_console.captions import MOST_LINES, CaptionDesk, Captioned, CaptionMessage, CaptionsStand
from asr.audio import Leg
from asr.live.recognition import LegState
from backend.calls.captions import CaptionLine, SaidNow, StandsNow

BOARD, OTHER = Path("captions"), Path("captions-labour")


class Screen:
    """The seats' consoles."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, CaptionMessage]] = []

    def show(self, seat: str, message: CaptionMessage) -> None:
        self.shown.append((seat, message))


def said(text: str, line: int = 0, *, seat: str = "8001", call_id: str = "c1", final: bool = True) -> SaidNow:
    told = CaptionLine(
        leg=Leg.CALLER, line=f"tap/{line}", text=text, from_ms=0, to_ms=1, at=datetime.now(UTC), final=final
    )
    return SaidNow(seat=seat, call_id=call_id, line=told)


def texts(desk: CaptionDesk, seat: str, call_id: str) -> list[str] | None:
    view = desk.of(seat, call_id)
    return None if view is None else [line.text for line in view.lines]


def test_a_page_that_comes_later_has_what_was_said_in_its_call_and_in_no_other() -> None:
    desk, screen = CaptionDesk(), Screen()
    for notice in (
        said("您", final=False),
        said("您好"),
        said("嗯", 1),
        said("", 1),
        said("别人", seat="8002", call_id="c2"),
    ):
        desk.take(BOARD, notice, screen.show)
    assert texts(desk, "8001", "c1") == ["您好"]
    assert texts(desk, "8001", "c2") is None
    assert texts(desk, "8003", "c1") is None
    assert [seat for seat, _ in screen.shown] == ["8001"] * 4 + ["8002"]
    assert all(isinstance(message, Captioned) for _, message in screen.shown)


def test_the_next_call_of_a_seat_begins_empty() -> None:
    desk, screen = CaptionDesk(), Screen()
    desk.take(BOARD, said("上一位"), screen.show)
    desk.take(BOARD, said("下一位", call_id="c2"), screen.show)
    assert (texts(desk, "8001", "c1"), texts(desk, "8001", "c2")) == (None, ["下一位"])


def test_the_last_words_of_the_call_before_take_nothing_of_the_next() -> None:
    desk, screen = CaptionDesk(), Screen()
    late = said("再见", 9)
    desk.take(BOARD, StandsNow(seat="8001", call_id="c2", leg=Leg.CALLER, state=LegState.LIVE), screen.show)
    desk.take(BOARD, said("您好", call_id="c2"), screen.show)
    screen.shown.clear()
    desk.take(BOARD, late, screen.show)
    desk.take(BOARD, StandsNow(seat="8001", call_id="c1", leg=Leg.CALLER, state=LegState.OFF), screen.show)
    assert (texts(desk, "8001", "c2"), screen.shown) == (["您好"], [])


def test_a_long_talk_keeps_its_newest_lines() -> None:
    desk, screen = CaptionDesk(), Screen()
    for n in range(MOST_LINES + 10):
        desk.take(BOARD, said(str(n), n), screen.show)
    kept = texts(desk, "8001", "c1")
    assert kept is not None
    assert (len(kept), kept[0], kept[-1]) == (MOST_LINES, "10", str(MOST_LINES + 9))


def test_no_seat_goes_on_believing_that_it_is_captioned() -> None:
    desk, screen = CaptionDesk(), Screen()
    desk.take(BOARD, StandsNow(seat="8001", call_id="c1", leg=Leg.SEAT, state=LegState.LIVE), screen.show)
    desk.take(BOARD, said("您好"), screen.show)
    desk.take(OTHER, said("您好", seat="8101", call_id="c2"), screen.show)
    screen.shown.clear()
    desk.lose(BOARD, screen.show)
    told = {(seat, message.leg, message.state) for seat, message in screen.shown if isinstance(message, CaptionsStand)}
    assert told == {("8001", Leg.SEAT, LegState.LOST), ("8001", Leg.CALLER, LegState.LOST)}
    view, other = desk.of("8001", "c1"), desk.of("8101", "c2")
    assert view is not None
    assert set(view.legs.values()) == {LegState.LOST}
    assert other is not None
    assert set(other.legs.values()) == {LegState.LIVE}
