"""Reading the number that an answer commits to, and comparing it by value.

A number may have a sign, thousands separators (`1,234,567`: groups of three, else the comma
separates), decimals (`.5`, `18.00`), a currency sign and a per cent sign, which are ignored: a
question names its unit. A minus is a sign when nothing it could subtract from touches it, or, set
off by a space (`- 3`), stands before it: `16-3` and `16 - 3` end in 3, `= -3` and `is -3` in -3.
Exponents and fractions are not read: `3/4` ends in 4.
An answer without a number is unreadable: wrong, and counted apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_NUMBER = re.compile(
    r"(?P<sign>(?<![\w.)\]}%$])[-+\u2212]\s?)?"
    r"[$\u20ac\u00a3\u00a5]?"
    r"(?P<inner>(?<![\w.)\]}%])[-\u2212])?"
    r"(?P<digits>(?<![\d.])\d{1,3}(?:,\d{3})+(?![\d]|,\d)(?:\.\d+)?|\d+(?:\.\d+)?|(?<!\d)\.\d+)",
    re.ASCII,
)
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
_OPERAND = re.compile(r"[\w.)\]}%$]$")
_MARK = "####"


@dataclass(frozen=True)
class Grade:
    """`extracted` is None when the answer is unreadable, which is never correct."""

    extracted: str | None
    correct: bool

    @property
    def readable(self) -> bool:
        return self.extracted is not None


def grade(extracted: Fraction | None, gold: str) -> Grade:
    """Equal by value: 18.00 equals 18. Raises ValueError when `gold` is no number."""
    wanted = number_of(gold)
    if wanted is None:
        raise ValueError(f"gold answer {gold!r} is no number")
    if extracted is None:
        return Grade(None, False)
    return Grade(plain(extracted), extracted == wanted)


def last_number(text: str) -> Fraction | None:
    """The last number of `text`, or None."""
    found = list(_NUMBER.finditer(_latex_plain(text)))
    return _value(found[-1]) if found else None


def number_of(text: str) -> Fraction | None:
    """The value of a text that is one number and nothing else, else None."""
    found = _NUMBER.fullmatch(text.strip().removesuffix("%").rstrip())
    return None if found is None else _value(found)


def final_answer(text: str) -> Fraction | None:
    """The number after the last `####`, else in the last box, else the last number."""
    _, mark, tail = text.rpartition(_MARK)
    if mark:
        first = _NUMBER.search(_latex_plain(tail))
        if first is not None:
            return _value(first)
    box = last_box(text)
    if box is not None:
        value = last_number(box)
        if value is not None:
            return value
    return last_number(text)


def last_box(text: str) -> str | None:
    r"""What the last closed \boxed{...} holds, braces balanced, or None."""
    for opening in reversed(list(_BOX.finditer(text))):
        depth = 1
        for place in range(opening.end(), len(text)):
            depth += {"{": 1, "}": -1}.get(text[place], 0)
            if depth == 0:
                return text[opening.end() : place]
    return None


def plain(value: Fraction) -> str:
    """A finite decimal as text: `132`, `-0.5`."""
    if value.denominator == 1:
        return str(value.numerator)
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _latex_plain(text: str) -> str:
    """LaTeX's ways to write separators and signs as plain ones."""
    return text.replace("{,}", ",").replace("\\,", "").replace("\\!", "").replace("\\$", "$")


def _value(found: re.Match[str]) -> Fraction:
    sign, inner = found["sign"] or "", found["inner"] or ""
    before = found.string[: found.start()].rstrip()
    if sign[1:].isspace() and _OPERAND.search(before):
        sign = ""
    minus = (sign + inner).strip()[:1] in ("-", "\u2212")
    value = Fraction(found["digits"].replace(",", ""))
    return -value if minus else value
