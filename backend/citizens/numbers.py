"""Telephone numbers as they come from the network or from a keyboard: read without ever failing, shown masked.

What a carrier sends as the caller may be a mobile or fixed number in any spelling, a service number, an extension of
the hall itself, nothing at all, or hostile text. All of it is kept; only a telephone number becomes E.164.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

from backend.kernel.personal_numbers import MOBILE

REGION = "CN"
AREA_CODE = "10"
"""Beijing: a local number of eight digits belongs to this area."""

_KEPT = 64
_LONGEST = 32
_UNKNOWN = "号码未知"
_WITHHELD = frozenset(
    {"", "anonymous", "unknown", "<unknown>", "private", "withheld", "restricted", "unavailable", "asterisk", "s"}
)
_URI = re.compile(r"^(?:sips?|tel):(?:\+?86;)?", re.IGNORECASE)
_SPELT = re.compile(r"\+?[\d\s().-]+")
# a direct line behind a switchboard: 65120001转8012, 65120001 ext. 8012, tel:...;ext=8012
_INTERNAL = re.compile(r"\s*(?:转|分机|ext\.?|x|#|;ext=)\s*\d{1,6}$", re.IGNORECASE)
_MOBILE = re.compile(MOBILE)
_LOCAL = re.compile(r"[2-8]\d{7}")


class NumberKind(StrEnum):
    """What a caller's number is. Only mobile, landline, toll-free and foreign ones can be called back."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    TOLL_FREE = "toll_free"
    FOREIGN = "foreign"
    SHORT = "short"
    WITHHELD = "withheld"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class CallerNumber:
    """A number as it came (`raw`, printable, at most 64 characters) and as it was understood.

    `usable` is True exactly when `e164` is known. A short number (an extension such as 8001, a service such as 10086)
    is a number, but not one under which a citizen is known.
    """

    raw: str
    e164: str | None
    kind: NumberKind

    @property
    def usable(self) -> bool:
        """Whether this is a telephone number that can be called back."""
        return self.e164 is not None


def read_number(raw: str | None) -> CallerNumber:
    """Understand a number in any spelling; never raises."""
    kept = _printable(raw or "")
    plain = _plain(kept)
    if plain.casefold() in _WITHHELD:
        return CallerNumber(kept, None, NumberKind.WITHHELD)
    if len(plain) > _LONGEST or not _SPELT.fullmatch(plain):
        return CallerNumber(kept, None, NumberKind.UNREADABLE)
    digits = re.sub(r"\D", "", plain)
    if not plain.startswith("+"):
        if _MOBILE.fullmatch(digits):
            # by the numbering plan, not by the library's list, which lags behind newly opened ranges
            return CallerNumber(kept, f"+86{digits}", NumberKind.MOBILE)
        if _LOCAL.fullmatch(digits):
            return CallerNumber(kept, f"+86{AREA_CODE}{digits}", NumberKind.LANDLINE)
        if 2 <= len(digits) <= 6:
            return CallerNumber(kept, None, NumberKind.SHORT)
    return _by_numbering_plan(kept, plain)


def dial_digits(number: CallerNumber) -> str | None:
    """The digits under which the carrier reaches this number from here; None when it cannot be called."""
    if number.e164 is None:
        return None
    parsed = phonenumbers.parse(number.e164, None)
    if parsed.country_code != 86:
        return f"00{number.e164.removeprefix('+')}"
    return re.sub(r"\D", "", phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))


def mask(number: CallerNumber) -> str:
    """The number as a screen may show it: 138****1234, 010-****0001, +852****4567; never a whole number."""
    match number.kind:
        case NumberKind.WITHHELD:
            return _UNKNOWN
        case NumberKind.SHORT:
            return number.raw
        case NumberKind.UNREADABLE:
            return _mask_text(number.raw)
        case _:
            return _mask_parsed(phonenumbers.parse(number.e164 or "", None))


def _printable(text: str) -> str:
    return "".join(character for character in text[: _KEPT * 4] if character.isprintable()).strip()[:_KEPT]


def _plain(text: str) -> str:
    plain = _URI.sub("", unicodedata.normalize("NFKC", text).strip())
    plain = plain.split("@", 1)[0]
    plain = re.sub(r"[‐-―−]", "-", plain)
    return _INTERNAL.sub("", plain).strip()


def _by_numbering_plan(kept: str, plain: str) -> CallerNumber:
    try:
        parsed = phonenumbers.parse(plain, REGION)
    except NumberParseException:
        return CallerNumber(kept, None, NumberKind.UNREADABLE)
    mobile = parsed.country_code == 86 and _MOBILE.fullmatch(str(parsed.national_number)) is not None
    if not mobile and not phonenumbers.is_valid_number(parsed):
        return CallerNumber(kept, None, NumberKind.UNREADABLE)
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return CallerNumber(kept, e164, NumberKind.MOBILE if mobile else _kind(parsed))


def _kind(parsed: PhoneNumber) -> NumberKind:
    if parsed.country_code != 86:
        return NumberKind.FOREIGN
    if phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.FIXED_LINE:
        return NumberKind.LANDLINE
    return NumberKind.TOLL_FREE


def _mask_parsed(parsed: PhoneNumber) -> str:
    national = phonenumbers.national_significant_number(parsed)
    if parsed.country_code != 86:
        return f"+{parsed.country_code}****{national[-min(4, len(national) // 2) :]}"
    area = phonenumbers.length_of_geographical_area_code(parsed)
    if area:
        return f"0{national[:area]}-****{national[-4:]}"
    return f"{national[:3]}****{national[-4:]}"


def _mask_text(text: str) -> str:
    # what cannot be read may still hold a real number with a slip in it, so its middle is hidden all the same
    return text if len(text) <= 5 else f"{text[:3]}****{text[-2:]}"
