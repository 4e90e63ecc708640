"""Patterns of the numbers by which a person can be found or robbed, in digits: what one hides another must find."""

from __future__ import annotations

DATE = r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
"""A day of the last or this century, as in 19850617."""
ID_CARD = rf"[1-9]\d{{5}}{DATE}\d{{3}}[\dxX]"
"""A resident identity card (GB 11643): region, birthday, sequence, check digit."""
BANK_CARD = r"62\d{14,17}|4\d{15}|5[1-5]\d{14}"
"""UnionPay, Visa, Mastercard; alternatives, to be grouped by whoever uses them."""
MOBILE = r"1[3-9]\d{9}"
"""A mobile telephone."""
FIXED_LINE = r"0\d{2,3}[2-8]\d{6,7}"
"""A fixed line with its area code."""
