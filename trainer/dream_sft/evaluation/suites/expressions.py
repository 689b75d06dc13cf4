"""Whole numbers, + - * / and parentheses: the value of an expression and the numbers it uses."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

_TOKEN = re.compile(r"\s*(?:(\d{1,9})|(.))")
DEEPEST = 20


def value_of(text: str) -> tuple[Fraction, Counter[Fraction]]:
    """The exact value of `text` and how often each number stands in it.

    A minus right before a number at the start of a term belongs to it. Raises ValueError for
    anything else than such an expression, for a division by zero, and for one nested too deeply.
    """
    tokens = [(number, sign) for number, sign in _TOKEN.findall(text.strip())]
    reader = _Reader(tokens)
    value = reader.sum()
    if reader.at < len(tokens):
        raise ValueError(f"{text!r} is no expression")
    return value, reader.used


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0
        self.used: Counter[Fraction] = Counter()

    def sum(self) -> Fraction:
        value = self._product()
        while self._sign() in ("+", "-"):
            plus = self._take() == "+"
            other = self._product()
            value = value + other if plus else value - other
        return value

    def _product(self) -> Fraction:
        value = self._atom()
        while self._sign() in ("*", "/"):
            times = self._take() == "*"
            other = self._atom()
            if not times and other == 0:
                raise ValueError("division by zero")
            value = value * other if times else value / other
        return value

    def _atom(self) -> Fraction:
        minus = self._sign() == "-"
        if minus:
            self.at += 1
        if self.at < len(self.tokens) and self.tokens[self.at][0]:
            number = Fraction(int(self._take())) * (-1 if minus else 1)
            self.used[number] += 1
            return number
        if minus or self._sign() != "(" or self.depth == DEEPEST:
            raise ValueError("expected a number or (")
        self.at, self.depth = self.at + 1, self.depth + 1
        value = self.sum()
        if self._sign() != ")":
            raise ValueError("expected )")
        self.at, self.depth = self.at + 1, self.depth - 1
        return value

    def _sign(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        number, sign = self.tokens[self.at]
        self.at += 1
        return number or sign
