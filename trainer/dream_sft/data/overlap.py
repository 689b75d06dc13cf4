"""Training rows that hold evaluation questions.

A row counts when its question equals an evaluation question (case, width and spacing aside), or
when its question or response shares a run of words with one: 13 words, or 8 for questions of fewer
than 30 words. The 8-word rule is that of s1 (arXiv 2501.19393), the 13-word rule that of GPT-3
(arXiv 2005.14165, appendix C); long questions share 8 everyday words too easily. A question of
fewer than 8 words is only compared as a whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

SHORT_QUESTION_WORDS = 30
SHORT_RUN, LONG_RUN = 8, 13
EXACT = "exact"
_WORD = re.compile(r"\w+")
Run = tuple[str, ...]


class OverlapIndex:
    """The evaluation questions of one suite, ready to be looked for."""

    def __init__(self, questions: Iterable[str]) -> None:
        self._exact: dict[str, list[int]] = {}
        self._runs: dict[int, dict[Run, list[int]]] = {SHORT_RUN: {}, LONG_RUN: {}}
        for place, question in enumerate(questions):
            self._exact.setdefault(normalised(question), []).append(place)
            words = _words(question)
            length = SHORT_RUN if len(words) < SHORT_QUESTION_WORDS else LONG_RUN
            for run in set(_runs(words, length)):
                self._runs[length].setdefault(run, []).append(place)

    def found_in(self, question: str, response: str) -> bool:
        """Whether a training row with these texts holds one of the questions."""
        return bool(self.questions_in(question, response))

    def questions_in(self, question: str, response: str) -> dict[int, str]:
        """Which questions (by their place) such a row holds, with the rule that says so: `exact`,
        `8-gram` or `13-gram`."""
        found: dict[int, str] = {}
        for text in (question, response):
            words = _words(text)
            for length, known in self._runs.items():
                for run in _runs(words, length) if known else ():
                    for place in known.get(run, ()):
                        found[place] = f"{length}-gram"
        found.update(dict.fromkeys(self._exact.get(normalised(question), ()), EXACT))
        return found


def normalised(text: str) -> str:
    """NFKC, lower case, white space collapsed: what two copies of one question have in common."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).lower())


def _runs(words: Sequence[str], length: int) -> Iterable[Run]:
    return zip(*(words[start:] for start in range(length)), strict=False)
