"""Full-text search in Chinese without a dictionary: texts are cut into grams, which an index holds; pure.

Each character that is no space begins exactly one gram: the character and the next one, and where two digits meet, up
to four digits of their run, because two digits tell nothing apart among millions of dates and numbers. What a word
needs to be found are the grams that any text around it must hold, so the index offers every text that holds the word,
and a few that do not: whoever asks looks for the word itself in those (`strpos` on the text as `document` gives it).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DIGITS = 4
MOST_WORDS = 8
_DIGITS = frozenset("0123456789")
_PHRASES = re.compile(r'["“”]([^"“”]*)["“”]?')


@dataclass(frozen=True, slots=True)
class Gram:
    """One gram that a text must hold; `prefix` where the word ends before the gram does."""

    text: str
    prefix: bool = False


def normal(text: str) -> str:
    """One line of text as it is searched: full-width and half-width, large and small letters are the same."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(each) in {"Cc", "Cf", "Cs"} else each for each in text)
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def document(parts: Iterable[str]) -> str:
    """Several fields as one text; no word is found across two of them."""
    return "\n".join(line for part in parts if (line := normal(part)))


def words_of(typed: str) -> tuple[str, ...]:
    """What was typed as the words that must all be there: cut at spaces, except between quotation marks."""
    phrases = [normal(each) for each in _PHRASES.findall(typed)]
    loose = normal(_PHRASES.sub(" ", typed)).split()
    return tuple(dict.fromkeys(each for each in (*phrases, *loose) if each))[:MOST_WORDS]


def grams_of(text: str) -> set[str]:
    """Every gram of a text as `document` gives it."""
    return {text[begin:end] for begin, end in _spans(text)}


def grams_for(word: str) -> tuple[Gram, ...]:
    """The grams that any text must hold which holds this word (as `words_of` gives it)."""
    needed: dict[Gram, None] = {}
    covered = 0
    for begin, end in _spans(word):
        cut = end == len(word) and end - begin < _longest(word, begin)
        if cut and end <= covered:
            continue
        needed[Gram(word[begin:end], prefix=cut)] = None
        covered = max(covered, end)
    return tuple(needed)


def _longest(text: str, begin: int) -> int:
    """How long the gram could grow that begins here, if more text followed."""
    return DIGITS if text[begin] in _DIGITS and (begin + 1 == len(text) or text[begin + 1] in _DIGITS) else 2


def _spans(text: str) -> Iterator[tuple[int, int]]:
    length = len(text)
    run_ends = 0
    for begin, character in enumerate(text):
        if character.isspace():
            continue
        if character in _DIGITS:
            if begin >= run_ends:
                run_ends = begin + 1
                while run_ends < length and text[run_ends] in _DIGITS:
                    run_ends += 1
            if run_ends - begin > 1:
                yield begin, min(run_ends, begin + DIGITS)
                continue
        ends = begin + 1
        yield begin, ends if ends == length or text[ends].isspace() else ends + 1


def as_vector(grams: Iterable[str]) -> str:
    """Grams as the text of a PostgreSQL tsvector without positions."""
    # all at once, with a character between them that no gram holds
    joined = "\0".join(grams)
    return _quoted(joined).replace("\0", "' '") if joined else ""  # PostgreSQL reads no empty quotes


def as_query(grams: Iterable[Gram]) -> str:
    """The text of a PostgreSQL tsquery for all of these grams."""
    return " & ".join(f"{_quoted(each.text)}:*" if each.prefix else _quoted(each.text) for each in grams)


def _quoted(gram: str) -> str:
    return "'" + gram.replace("\\", "\\\\").replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Searchable:
    """What is stored of a text that is searched: the text itself, and its grams as a tsvector."""

    document: str
    grams: str


def searchable(parts: Iterable[str | None]) -> Searchable:
    """What is stored of these fields."""
    said = document(part or "" for part in parts)
    return Searchable(said, as_vector(sorted(grams_of(said))))


def escaped_like(code: str) -> str:
    """A part of a LIKE pattern that means this code itself, whatever characters it has."""
    return code.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def as_prefix(code: str) -> str:
    """The LIKE pattern of everything that begins with this code."""
    return f"{escaped_like(code)}%"


def query_for(words: Iterable[str]) -> str:
    """The text of a tsquery for all of these words, as `words_of` gives them."""
    return " & ".join(as_query(grams_for(word)) for word in words)
