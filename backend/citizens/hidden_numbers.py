"""Numbers of people in texts: what was said on the telephone or typed by hand is shown with their middle hidden. Pure.

Telephone numbers (138****1234), identity cards and bank cards, in digits or as they are said (一三八****一二三四),
also in groups with pauses between them. Texts keep their length, so places in them stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from backend.kernel.numerals import DIGITS
from backend.kernel.personal_numbers import BANK_CARD, DATE, FIXED_LINE, ID_CARD, MOBILE

HIDDEN = "*"
PAUSE_IN_NUMBER_MS = 8000
"""Who tells a number in groups waits for the other to repeat each of them."""

_BETWEEN = frozenset(" -－—–，,、。.·()（）嗯啊是")
_NUMBERS = re.compile(
    rf"(?P<card>{ID_CARD}|{BANK_CARD})|{MOBILE}|(?P<line>{FIXED_LINE})|(?P<local>^(?!{DATE}$)[2-8]\d{{7}}$)"
)
"""A fixed line begins its run of digits or follows another number: the numbers of cases hold the like of one."""
_ENDS = {"card": (3, 2), "local": (0, 4)}
"""How many digits are shown of a number at its ends, where it is not as of 138****1234."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A text that was said from when to when; what was said soon after it may go on with its number."""

    text: str
    from_ms: int = 0
    to_ms: int = 0


_Digit = tuple[int, int, str]
"""In which piece, at which place, and which digit."""


def hide_numbers(text: str) -> str:
    """The text with the middle of each number hidden; hiding once more changes nothing."""
    return hide_in_pieces([Piece(text)])[0]


def hide_in_pieces(pieces: Sequence[Piece]) -> list[str]:
    """The texts of what one person said, in its order, each with the middle of the numbers in it hidden."""
    shown = [list(piece.text) for piece in pieces]
    for run in _runs(pieces):
        for begin, end in _middles("".join(digit for _, _, digit in run)):
            for piece, place, _ in run[begin:end]:
                shown[piece][place] = HIDDEN
    return ["".join(signs) for signs in shown]


def _middles(digits: str) -> Iterator[tuple[int, int]]:
    """Where the middle of each number in a run of digits begins and ends."""
    at = ended = 0
    while found := _NUMBERS.search(digits, at):
        if found["line"] and found.start() != ended:
            at = found.start() + 1
            continue
        head, tail = _ENDS.get(found.lastgroup or "", (3, 4))
        yield found.start() + head, found.end() - tail
        at = ended = found.end()


def _runs(pieces: Iterable[Piece]) -> Iterator[list[_Digit]]:
    """Digits that were said one after another."""
    run: list[_Digit] = []
    ended_ms = 0
    for number, piece in enumerate(pieces):
        if run and piece.from_ms - ended_ms > PAUSE_IN_NUMBER_MS:
            yield run
            run = []
        for place, sign in enumerate(piece.text):
            digit = _digit(sign, after=run)
            if digit is not None:
                run.append((number, place, digit))
            elif sign not in _BETWEEN and run:
                yield run
                run = []
        ended_ms = piece.to_ms
    if run:
        yield run


def _digit(sign: str, *, after: Sequence[_Digit]) -> str | None:
    if sign in DIGITS:
        return DIGITS[sign]
    if sign.isdecimal():
        return str(int(sign))
    return sign if sign in "xX" and after else None


NumbersHidden = Annotated[str, AfterValidator(hide_numbers)]
"""A text in which nobody finds the number of a person."""
