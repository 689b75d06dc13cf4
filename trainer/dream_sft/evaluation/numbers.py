r"""Reading the number that an answer commits to.

A number may have a sign, thousands separators (`1,234,567`: groups of three, else the comma
separates; thin spaces and LaTeX's `{,}` as well), decimals (`.5`, `18.00`), a currency sign and a
per cent sign, which are ignored: a question names its unit. Fractions are one number: `3/4`,
`\frac{3}{4}`, `1 1/2`; so a date or a chain of divisions is not taken for one. Exponents and
subscripts are no numbers of their own (`15 cm^2` ends in 15). Full-width digits and signs count
as the plain ones; the Chinese comma never groups digits.
A minus is a sign when nothing it could subtract from touches it, or, set off by a space (`- 3`),
stands before it: `16-3` and `16 - 3` end in 3, `= -3` and `is -3` in -3.
"""

from __future__ import annotations

import re
from fractions import Fraction

from dream_sft.evaluation.boxes import last_box

MARK = "####"
_NUMBER = re.compile(
    r"(?P<chained>(?<=/))?"
    r"(?P<sign>(?<![\w.)\]}%$])[-+\u2212]\s?)?"
    r"[$\u20ac\u00a3\u00a5]?"
    r"(?P<inner>(?<![\w.)\]}%])[-\u2212])?"
    r"(?:(?P<whole>\d+)\s+(?=\d+/))?"
    r"(?P<digits>(?<![\d.])\d{1,3}(?:,\d{3})+(?![\d]|,\d)(?:\.\d+)?|\d+(?:\.\d+)?|(?<!\d)\.\d+)"
    r"(?(chained)|(?:\s?/\s?(?P<under>0*[1-9]\d*)(?!\.?\d|\s?/))?)",
    re.ASCII,
)
_OPERAND = re.compile(r"[\w.)\]}%$]$")
_PLAIN = str.maketrans("０１２３４５６７８９．－＋％＄￥／＝", "0123456789.-+%$\u00a5/=")
_SPACES_IN_NUMBERS = re.compile(r"(?<=\d)[\u2009\u202f](?=\d{3}(?!\d))")
_RAISED = re.compile(r"(?<=[A-Za-z0-9)}\]])[\^_](?:\{[^{}]*\}|[-\u2212]?\d+|[A-Za-z])")
_FRACTION = re.compile(
    r"(?P<before>\d?)\s*\\[dt]?frac\s*"
    r"(?:\{\s*(?P<over>\d+)\s*\}|(?P<over1>\d))\s*(?:\{\s*(?P<under>\d+)\s*\}|(?P<under1>\d))"
)


def last_number(text: str) -> Fraction | None:
    """The last number of `text`, or None."""
    found = list(_NUMBER.finditer(_without_raised(text)))
    return _value(found[-1]) if found else None


def number_of(text: str) -> Fraction | None:
    """The value of a text that is one number and nothing else, else None."""
    found = _NUMBER.fullmatch(_plain_text(text).strip().removesuffix("%").rstrip())
    # `3 5/2` is a product or two numbers, not one.
    if found is None or (found["whole"] and Fraction(found["digits"]) >= int(found["under"] or 1)):
        return None
    return _value(found)


def final_answer(text: str) -> Fraction | None:
    """The number after the last `####`, else in the last box, else the last number."""
    _, mark, tail = text.rpartition(MARK)
    if mark:
        first = _NUMBER.search(_without_raised(tail))
        if first is not None:
            return _value(first)
    box = last_box(text)
    if box is not None:
        value = last_number(box)
        if value is not None:
            return value
    return last_number(text)


def plain(value: Fraction) -> str:
    """As short as it is exact: `132`, `-0.5`, `1/3`."""
    reduced = value.denominator
    for prime in (2, 5):
        while reduced % prime == 0:
            reduced //= prime
    if value.denominator == 1 or reduced != 1:
        return str(value)
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _plain_text(text: str) -> str:
    """Full-width forms and LaTeX's ways to write separators, signs and fractions as plain ones."""
    text = text.translate(_PLAIN).replace("{,}", ",").replace("\\,", "").replace("\\$", "$")
    text = re.sub(r"\\!\s*", "", text).replace("\\%", "%")
    return _FRACTION.sub(_slashed, _SPACES_IN_NUMBERS.sub("", text))


def _without_raised(text: str) -> str:
    return _RAISED.sub(" ", _plain_text(text))


def _slashed(found: re.Match[str]) -> str:
    over, under = found["over"] or found["over1"], found["under"] or found["under1"]
    return f"{found['before']}{' ' if found['before'] else ''}{over}/{under}"


def _value(found: re.Match[str]) -> Fraction:
    sign, inner = found["sign"] or "", found["inner"] or ""
    before = found.string[: found.start()].rstrip()
    if sign[1:].isspace() and _OPERAND.search(before):
        sign = ""
    minus = (sign + inner).strip()[:1] in ("-", "\u2212")
    value = Fraction(found["digits"].replace(",", ""))
    if found["under"] is not None:
        value /= int(found["under"])
        # `1 1/2` is one number; `10 16/2` are two, of which the last counts.
        value += int(found["whole"]) if found["whole"] and value < 1 else 0
    return -value if minus else value
